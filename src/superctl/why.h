/* Why a service is in its state, for superctl why and the status page. */
#pragma once

#include <jansson.h>

#include "lib/buf.h"

/* Adds the sentences about the service's line of status, each with its end behind it; the first one begins with the
 * state. */
void why_add(struct buf *out, const json_t *service, const char *end);
