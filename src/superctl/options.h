/* The command line of superctl, parsed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "superctl/verbs.h"

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct superctl_options {
	const struct verb *verb;
	const char *const *names;       /* names of services or patterns; part of argv */
	size_t name_count;
	bool in_detail;                 /* of superd-web: the page has logs, commands and configuration */
	const char *const *hosts;       /* of superd-web: names of this host that a client may use; NULL: any */
	const char *control;            /* path of the control socket, or @NAME; or its name in messages */
	int control_fd;                 /* a connection to it, for superd-web; 0: connect to `control` */
	bool json;                      /* print the lines of the answer as received */
	enum colour colour;
	bool no_wait, check, names_only, failed_only, asleep_only, awake_only, ready, follow;
	bool boot, allow_empty;
	bool verbose;                   /* version: with the capabilities of superd */
	const char *service, *level;    /* events: the service and the least level; NULL: all services, the default level */
	int64_t since;                  /* history, log: microseconds before now; 0: not given */
	int64_t timeout;                /* microseconds; -1: no limit */
	bool has_timeout;               /* it was given, be it "infinity" */
	int64_t interval;               /* top: microseconds between two tables */
	int64_t count;                  /* top: number of tables; log: number of lines; 0: not given */
	char sort;                      /* list, top: 'm' memory, 'c' CPU, 'n' name, 's' state, 'u' last use; 0: not given */
};

/* Reads argv. false: the program ends with *status, after help, --help, --version, or an error that it has printed. */
bool superctl_options_parse(struct superctl_options *options, int argc, char **argv, enum ctl_status *status);
