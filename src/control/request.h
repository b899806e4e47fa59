/* What a client asks: VERB [--OPTION[=VALUE]]... [NAME]... */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log/log.h"

#define REQUEST_WORDS 1024              /* at most */

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
	const char *names[REQUEST_WORDS];
	size_t name_count;
	unsigned options;               /* those that were given */
	double timeout;                 /* seconds */
	double interval;
	enum level level;
	const char *service;            /* of ASKS_SERVICE: a pattern */
	struct buf words;               /* what the texts point into */
};

/* Takes a line apart. false, with what is wrong in why. */
bool request_read(struct request *request, const char *line, struct buf *why);
void request_free(struct request *request);
