/* The options behind the name of a builtin. superd reads them for its checks, and superd-builtin reads them again. */
#pragma once

#include <stdbool.h>

#include "table/service/service.h"

struct builtin_options {
	bool xinetd_text;               /* daytime and chargen in xinetd's form: "20 NOV 2026 05:56:11 UTC" */
	bool reasons;                   /* health prints the reasons, too */
	bool log;                       /* status shows logs, commands and configuration to all clients */
	words hosts;                    /* of health, metrics and status: names by which a browser may reach it; borrowed */
};

/* Whether it is echo, discard, chargen, daytime or time: also for datagrams and with accept = no. */
bool builtin_is_plain(const char *name);

/* Reads the options behind the name in builtin[0]; texts are borrowed. Returns NULL, or the mistake in *bad, as the end
 * of a sentence; *bad NULL: in the whole. */
const char *builtin_read_options(words builtin, struct builtin_options *out, const char **bad);
