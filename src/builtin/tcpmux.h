/* The first line of a tcpmux connection (RFC 1078): the name of a service. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MUX_NAME_MOST 256               /* bytes of a name */

/* Reads the line until the deadline `until` of clock_ms, and no byte behind it: those belong to the service. The line
 * ends with LF, CR, CR LF or NUL. false: it is no name, is too long, ended early or came too late. */
bool tcpmux_read_name(int connection, char name[MUX_NAME_MOST + 1], int64_t until);
