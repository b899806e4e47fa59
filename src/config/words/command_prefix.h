/* A command beside the main one (exec_start_pre and so on), as a text: signs that say how it is run, then the
 * program and its words as base/shell_words splits them. Source: systemd.service(5), "COMMAND LINES". */
#pragma once

#include "config/service/service.h"

/* How a command is run. */
enum {
	COMMAND_IGNORES_FAILURE = 1 << 0,       /* - */
	COMMAND_PRIVILEGED = 1 << 1,            /* + : as superd itself, and nothing is kept from it */
	COMMAND_SAME_IDENTITY = 1 << 2,         /* ! : as superd's user; what else is set holds */
	COMMAND_VERBATIM = 1 << 3,              /* : : no variables are replaced */
	COMMAND_ARGV0 = 1 << 4,                 /* @ : the word behind the program is what it sees as its own name */
	COMMAND_SHELL = 1 << 5,                 /* | : the user's shell in place of the program; a login shell by a name with - */
};

/* Reads the signs in front; gives where the program begins. */
const char *command_prefix(const char *text, unsigned *flags);

/* NULL, or why it is no command, as the end of a sentence. */
const char *command_refuse(const char *text);

/* NULL, or why signs in front of exec cannot stand there. */
const char *command_refuse_prefix(const char *signs);

/* The option a phase's commands are set by: "exec_start_pre". */
const char *command_option(enum command_phase phase);

static inline words service_commands(const struct service *service, enum command_phase phase)
{
	return service->groups->commands->of[phase];
}

/* Whether it has commands of any of the phases from first to last. */
bool service_has_commands(const struct service *service, enum command_phase first, enum command_phase last);
