/* Checks the conditions of a socket (option socket_condition), before superd opens it. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "config/service/service.h"

enum socket_verdict {
	SOCKET_MAY_OPEN,
	SOCKET_STAYS_CLOSED,            /* a condition does not hold: why has its text */
	SOCKET_FAILS_ASSERT,            /* the same of an assertion */
	SOCKET_UNKNOWN,                 /* they could not be checked: why has the reason */
};

/* A path may lead to a file system that does not answer, so another process checks it, for a second at most. */
enum socket_verdict socket_condition_check(const struct listen *listen, struct buf *why);
