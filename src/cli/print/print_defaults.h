/* What a table is compared with when it is printed: every option at its default, and what its `defaults { }` must have
 * said. For print*.c alone. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/pool.h"
#include "config/option/option_table.h"
#include "config/table/service_json.h"
#include "config/table/table.h"

struct print_defaults {
	struct pool *pool;
	struct service plain;           /* superd's own; no name, no sockets: only the groups */
	struct service laid;            /* the same with the table's defaults over it */
	struct option_groups plain_terms, laid_terms;   /* theirs */
	void *groups[GROUPS];           /* laid's, to be written */
	bool *is_laid;                  /* of each directive: set by the table's defaults */
};

/* false: out of memory. */
bool print_defaults_make(struct print_defaults *defaults, const struct table *table);
void print_defaults_free(struct print_defaults *defaults);

/* Whether a service's value is what it would be if its own text said nothing. error follows output, pass follows
 * accept. */
bool service_has_default(const struct service *service, const struct directive *directive,
			 const struct print_defaults *defaults);

/* Writes what was composed and empties the buffer. false: out of memory, or out can't be written. */
bool buf_flush(struct buf *buf, FILE *out);
