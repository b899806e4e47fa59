/* The result of an order for a service as a sentence, for the verbs that change something, and for the keys of top. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "lib/buf.h"

/* Adds "SERVICE: RESULT". at_boot: the order was one for each boot, too. A line of the log has its message instead. */
void order_add(struct buf *out, const json_t *line, bool at_boot);

/* Adds "SERVICE: waiting: pid 12 has not ended; in 9 s it is killed". false: the line has a result. */
bool order_add_waiting(struct buf *out, const json_t *line);
