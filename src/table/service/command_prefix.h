/* A command beside the main one (exec_start_pre and others), as a text: signs, then the program and its arguments,
 * which lib/shell_words splits. Source: systemd.service(5), "COMMAND LINES". */
#pragma once

#include "lib/buf.h"
#include "table/service/service.h"

/* How superd runs a command. */
enum {
	COMMAND_IGNORES_FAILURE = 1 << 0,       /* - */
	COMMAND_PRIVILEGED = 1 << 1,            /* + : with superd's own user and rights, without restrictions */
	COMMAND_SAME_IDENTITY = 1 << 2,         /* ! : with superd's own user; other options apply */
	COMMAND_VERBATIM = 1 << 3,              /* : : without replacing variables */
	COMMAND_ARGV0 = 1 << 4,                 /* @ : the word behind the program is argv[0] */
};

/* The flag of a sign; 0: it is none. */
unsigned command_sign(char sign);

/* Reads the signs, and returns where the program begins; adds the signs of these flags. */
const char *command_prefix(const char *text, unsigned *flags);
void command_prefix_add(struct buf *out, unsigned flags);

/* Returns NULL, or why it is no command, as the end of a sentence. */
const char *command_refuse(const char *text);

/* Returns NULL, or why these signs are not allowed in front of exec. */
const char *command_refuse_prefix(const char *signs);

static inline words service_commands(const struct service *service, enum command_phase phase)
{
	return service->groups->commands->of[phase];
}
