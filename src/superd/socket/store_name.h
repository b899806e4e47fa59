/* Names of listeners in a store: the same at each start of superd, so that they are found again. */
#pragma once

#include <stdbool.h>

#include "table/endpoint/endpoint.h"

#define STORE_NAME_MOST 255             /* bytes of a name (FDNAME= of sd_pid_notify_with_fds(3)) */

/* Writes the name under which the listener of a service is stored: "superd/web/tcp,127.0.0.1,80". Printable ASCII
 * without a colon, at most STORE_NAME_MOST bytes with the number that distinguishes two of one name. */
void store_name_make(const char *service, const struct endpoint *endpoint, char name[STORE_NAME_MOST + 1]);

/* Whether a name is this one, with or without such a number. */
bool store_name_is(const char *name, const char *made);
