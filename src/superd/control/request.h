/* A request of a client: VERB [--OPTION[=VALUE]]... [NAME]... */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/log/log.h"

#define REQUEST_WORDS 1024              /* words of a request */

#define REQUEST_CELLS 512              /* of --cells, at most; as HISTORY_CELLS */

/* Options, as bits. */
enum request_option {
	ASKS_NO_WAIT = 1 << 0,
	ASKS_TIMEOUT = 1 << 1,
	ASKS_CHECK = 1 << 2,
	ASKS_SERVICE = 1 << 3,
	ASKS_LEVEL = 1 << 4,
	ASKS_INTERVAL = 1 << 5,
	ASKS_PROGRESS = 1 << 6,
	ASKS_FAILED = 1 << 7,
	ASKS_FOLLOW = 1 << 8,
	ASKS_LINES = 1 << 9,
	ASKS_SIGNAL = 1 << 10,
	ASKS_BOOT = 1 << 11,
	ASKS_SINCE = 1 << 12,
	ASKS_CELLS = 1 << 13,
	ASKS_ALLOW_EMPTY = 1 << 14,
	ASKS_ASLEEP = 1 << 15,
	ASKS_AWAKE = 1 << 16,
};

struct request {
	const char *verb;
	const char *names[REQUEST_WORDS]; /* names of services or patterns */
	size_t name_count;
	struct buf long_names;          /* those that selection_complete has completed */
	unsigned options;               /* bits of enum request_option */
	double timeout;                 /* ASKS_TIMEOUT: seconds */
	double interval;                /* ASKS_INTERVAL: seconds; default 1 */
	enum level level;               /* ASKS_LEVEL; default LEVEL_INFO */
	size_t lines;                   /* ASKS_LINES; default 10 */
	int signal;                     /* ASKS_SIGNAL: its number */
	double since;                   /* ASKS_SINCE: seconds before now; default 6 h, for log none */
	size_t cells;                   /* ASKS_CELLS: 1 to REQUEST_CELLS */
	const char *service;            /* ASKS_SERVICE: a name or a pattern; NULL: all services */
	struct buf words;               /* owned; the texts above point into it */
};

/* Parses a line. The request may hold an earlier one. false with the reason in `why`. */
bool request_read(struct request *request, const char *line, struct buf *why);
void request_free(struct request *request);
