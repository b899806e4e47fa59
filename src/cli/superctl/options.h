/* The command line of superctl, parsed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/superctl/verbs.h"

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
enum metrics_format { METRICS_TEXT, METRICS_OPENMETRICS };

struct superctl_options {
	const struct verb *verb;
	const char *const *names;       /* names of services or patterns; part of argv */
	size_t name_count;
	const char *control;            /* path of the control socket, or @NAME */
	bool json;                      /* print the lines of the answer as received */
	enum colour colour;
	enum metrics_format format;     /* metrics */
	bool no_wait, check, http, names_only;
	const char *service, *level;    /* events: the service and the least level; NULL: all services, the default level */
	int64_t timeout;                /* microseconds; -1: no limit */
	int64_t interval;               /* top: microseconds between two tables */
	int64_t count;                  /* top: number of tables; 0: no limit */
	char sort;                      /* top: sort key, 'm', 'c', 'n' or 's' (top_table.h) */
};

/* Reads argv. false: the program ends with *status, after --help, --version, or an error that it has printed. */
bool superctl_options_parse(struct superctl_options *options, int argc, char **argv, enum ctl_status *status);
