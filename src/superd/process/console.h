/* The console of a service that runs in the foreground of an operator (superctl run): a terminal, or three pipes, in
 * place of its standard streams; and the process that reads and writes superd's ends of them.
 *
 * Backends have the other ends and may hold their locks forever: read(2) into a page of their own FUSE file sleeps with
 * the lock of the pipe held, TIOCGWINSZ with that of the terminal's size. So only this process touches them. It has a
 * channel to superd, over which output, input and the size go in bounded pieces: a backend that floods its console
 * waits until superd takes the output, and superd has at most CONSOLE_WINDOW bytes of input under way.
 *
 * When superd closes the channel, or dies, the process continues without it: it drops the output, so that the backend
 * neither waits nor gets a hangup, and exits when no backend has the console any more. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "superd/start/worker_process.h"
#include "worker/record/request.h"

struct console {
	struct worker_process process;  /* its channel is -1 after console_leave, and if the process has exited */
	bool is_terminal;
	int streams[3];                 /* the backend's ends, owned; a terminal's is at all three places; -1: given up */
	struct buf input;               /* input that is not sent to the process yet */
	size_t under_way;               /* bytes of input that the process has not written yet, `input` included */
	struct console_size size;       /* the size to send, if is_resized */
	bool is_resized, ends_input, finishes; /* messages that are not sent yet */
	bool input_ended;               /* console_end_input was called */
};

/* Opens a console, and starts its process. size NULL: three pipes. false: the reason is in why. */
bool console_open(struct console *console, const struct console_size *size, struct buf *why);

/* Adds input. false: more than CONSOLE_WINDOW bytes would be under way, the input has ended, or memory is short. */
bool console_add_input(struct console *console, const void *bytes, size_t length);
void console_end_input(struct console *console);        /* pipes: the backend reads the end of the file */
void console_resize(struct console *console, const struct console_size *size);

/* The backend has ended: asks for the output that is left. CONSOLE_FINISHED follows. */
void console_finish(struct console *console);

/* Sends the queued data. true: something is left; call it again when the channel is writable. */
bool console_flush(struct console *console);

enum console_news {
	CONSOLE_NOTHING,                /* nothing has arrived */
	CONSOLE_OUTPUT,                 /* bytes of standard output, or of the terminal */
	CONSOLE_ERRORS,                 /* bytes of standard error */
	CONSOLE_TAKEN,                  /* the process has written *length bytes of input: so many more may be added */
	CONSOLE_FINISHED,               /* nothing more will arrive */
};

/* Takes the next message, without waiting. */
enum console_news console_read(struct console *console, char bytes[CONSOLE_CHUNK], size_t *length);

/* Closes the channel, and frees all but the backend's ends, which the caller closes; the process continues by itself.
 * May be called again. */
void console_leave(struct console *console);
