/* superctl's command line, read: what is to be done, and how it is to be shown. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/superctl/verbs.h"

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
enum metrics_format { METRICS_TEXT, METRICS_OPENMETRICS };

struct superctl_options {
	const struct verb *verb;
	const char *const *names;       /* of services, or patterns; of argv */
	size_t name_count;
	const char *control;            /* the socket's path */
	bool json;
	enum colour colour;
	enum metrics_format format;
	bool no_wait, check, http, names_only;
	const char *service, *level;    /* of events; NULL: all */
	int64_t timeout;                /* microseconds, -1: none */
	int64_t interval;               /* microseconds */
	int64_t count;                  /* tables of top; 0: no end */
	char sort;                      /* of top: m, c, n, s */
};

/* Reads argv. false: it was wrong, which has been said, or it was --help or --version; *status is what to end with. */
bool superctl_options_parse(struct superctl_options *options, int argc, char **argv, enum ctl_status *status);
