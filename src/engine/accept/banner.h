/* Files that superd sends to clients: before the gate, after it, or when they are refused. */
#pragma once

#include "engine/runtime/runtime.h"

#define BANNER_MOST 16384               /* bytes of a file that are sent */

enum banner { BANNER, BANNER_SUCCESS, BANNER_FAIL };

/* Sends what fits into the connection's buffer, which is all of it where the connection is fresh; never waits. A file
 * that can't be read is told of once and is no reason to refuse anybody. */
void banner_send(struct service_runtime *runtime, enum banner which, int fd);

void banner_send_unavailable(int fd);   /* what a client of tcpmux gets in place of its service (RFC 1078) */
