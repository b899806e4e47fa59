/* The defaults that a printed table is compared with: superd's own, and those of the table's `defaults { }`. Only for
 * the print*.c. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/pool.h"
#include "config/option/option_table.h"
#include "config/table/service_json.h"
#include "config/table/table.h"

struct print_defaults {
	struct pool *pool;              /* owned; holds all the rest */
	struct service plain;           /* superd's defaults: option groups without a name or sockets */
	struct service defaults_row;    /* the same, with the table's defaults in it */
	struct option_groups plain_groups, row_groups;  /* the groups of `plain` and `defaults_row` */
	void *groups[GROUPS];           /* the groups of `defaults_row`, writable */
	bool *is_in_defaults;           /* for each directive: whether the table's defaults set it */
};

/* Derives the defaults from the table. false: out of memory. */
bool print_defaults_make(struct print_defaults *defaults, const struct table *table);
void print_defaults_free(struct print_defaults *defaults);

/* Whether an option has the value that it would have if the service did not set it. The default of `error` follows
 * `output`, that of `pass` follows `accept`. */
bool service_has_default(const struct service *service, const struct directive *directive,
			 const struct print_defaults *defaults);

/* Writes the buffer to `out` and empties it. false: out of memory (errno ENOMEM), or `out` cannot be written. */
bool buf_flush(struct buf *buf, FILE *out);
