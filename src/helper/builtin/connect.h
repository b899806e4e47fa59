/* Reaching the other end of a redirect. */
#pragma once

#include <stdint.h>

/* Connects to host and port by one of its addresses, tried in turn; gives up early when the waiting client has gone. A
 * non-blocking descriptor, or -1, which was said. */
int connect_to(const char *host, const char *port, int client, int64_t until);
