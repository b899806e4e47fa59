/* Conditions as a text, and what superd-exec answers about those of sockets: superd-exec --check-conditions reads a
 * list for each socket from its standard input. */
#pragma once

#include "lib/record.h"
#include "table/type/condition.h"

struct condition_list {
	struct condition *list;
	size_t count;
};

/* The answer for one list. */
struct condition_verdict {
	uint16_t condition;             /* number of the first one that does not hold */
	uint8_t is_assert;
};

#define CONDITIONS_HOLD UINT16_MAX      /* all of a list do */
#define CONDITIONS_MOST (UINT16_MAX - 1) /* of a list */

void condition_list_record(struct record *record, struct condition_list *list);

/* The lists of several sockets. */
void condition_lists_record(struct record *record, struct condition_list **lists, size_t *count);
