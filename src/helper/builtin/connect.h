/* Connects to the target of a redirect. */
#pragma once

#include <stdint.h>

/* Looks up host and port and tries each address in turn, or connects to the unix socket `host` without a port, until
 * the time `until` of clock_ms. It gives up if the socket `client` hangs up meanwhile. Returns a non-blocking
 * descriptor that the caller owns, or -1 after logging the reason. */
int connect_to(const char *host, const char *port, int client, int64_t until);
