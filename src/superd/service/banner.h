/* Banner files: superd sends them to a client before the checks, after them, or when it refuses the client. */
#pragma once

#include "superd/instance/runtime.h"

#define BANNER_MOST 16384               /* bytes of a file that are sent */

enum banner { BANNER, BANNER_SUCCESS, BANNER_FAIL };

/* Sends as much of the banner as the connection's send buffer takes, and never waits; a fresh connection takes all. If
 * the file cannot be read, superd logs that once and continues without it. */
void banner_send(struct service_runtime *runtime, enum banner which, int fd);

size_t banner_length(struct service_runtime *runtime, enum banner which); /* bytes that banner_send sends */
void banner_send_unavailable(int fd);   /* sends the refusal of tcpmux (RFC 1078) */
