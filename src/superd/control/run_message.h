/* The lines that a client sends while a service runs on its terminal (verb `run`):
 *
 * 	input BASE64            bytes for the program, at most as many as superd has given room for
 * 	end                     there is no more input
 * 	size ROWSxCOLUMNS       its terminal has this size now
 * 	signal NAME             for the program's processes: INT, QUIT, TERM or HUP */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "superd/process/console.h"

enum run_message_kind { RUN_INPUT, RUN_END, RUN_SIZE, RUN_SIGNAL };

struct run_message {
	enum run_message_kind kind;
	struct buf input;               /* RUN_INPUT; owned, also after a failure: the caller frees it */
	struct console_size size;       /* RUN_SIZE */
	int signal;                     /* RUN_SIGNAL */
};

/* Parses a line into a zeroed message. NULL, or the reason to refuse it. */
const char *run_message_read(struct run_message *message, const char *line);

/* Parses ROWSxCOLUMNS, from 0x0 to 9999x9999. NULL, or the reason to refuse it. */
const char *run_message_read_size(const char *text, struct console_size *size);
