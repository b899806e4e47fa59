/* tcpmux (RFC 1078): the client names a service in one line, and superd serves it there. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/builtin/builtin.h"

#define MUX_NAME_MOST 256

int tcpmux_converse(const struct settings *settings, int connection);

/* Reads one line, and not a byte behind it, which is the service's: its end is LF, CR LF or NUL. The name without it;
 * false: it is none, too long, ended early or took too long. */
bool tcpmux_read_name(int connection, char name[MUX_NAME_MOST + 1], int64_t until);
