/* A request of a client: VERB [--OPTION[=VALUE]]... [NAME]... */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log/log.h"

#define REQUEST_WORDS 1024              /* words of a request */

/* Options, as bits. */
enum request_option {
	ASKS_NO_WAIT = 1 << 0,
	ASKS_TIMEOUT = 1 << 1,
	ASKS_CHECK = 1 << 2,
	ASKS_SERVICE = 1 << 3,
	ASKS_LEVEL = 1 << 4,
	ASKS_INTERVAL = 1 << 5,
	ASKS_PROGRESS = 1 << 6,
};

struct request {
	const char *verb;
	const char *names[REQUEST_WORDS]; /* names of services or patterns */
	size_t name_count;
	unsigned options;               /* bits of enum request_option */
	double timeout;                 /* ASKS_TIMEOUT: seconds */
	double interval;                /* ASKS_INTERVAL: seconds; default 1 */
	enum level level;               /* ASKS_LEVEL; default LEVEL_INFO */
	const char *service;            /* ASKS_SERVICE: a name or a pattern; NULL: all services */
	struct buf words;               /* owned; the texts above point into it */
};

/* Parses a line. The request may hold an earlier one. false with the reason in `why`. */
bool request_read(struct request *request, const char *line, struct buf *why);
void request_free(struct request *request);
