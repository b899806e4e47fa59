/* superd's own command line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

enum task { TASK_RUN, TASK_CHECK, TASK_PRINT, TASK_EXPLAIN, TASK_VERSION, TASK_HELP };

struct options {
	enum task task;
	const char **sources;           /* -f, in order; owned array of borrowed texts */
	size_t source_count;
	const char **endpoints;         /* -l */
	size_t endpoint_count;
	const char **environment;       /* -E */
	size_t environment_count;
	bool accept, inetd, now;        /* of -l */
	const char *fdname;
	const char *print;              /* what to print, or option to explain */
	bool preflight, keep_going, daemon;
	const char *pid_file, *log_destination, *control;
	bool json;
	enum level level;
	int64_t stop_timeout;           /* microseconds */
	char **command;                 /* behind --; NULL: none */
};

/* Reads argv. false after saying on stderr what is wrong and what would be right. */
bool options_read(struct options *options, int argc, char **argv);
void options_free(struct options *options);
void options_help(void);                /* to stdout */
