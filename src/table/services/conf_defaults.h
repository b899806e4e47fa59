/* The defaults that a row as superd.conf is compared with: superd's own, and those of the table's `defaults { }`. */
#pragma once

#include <stdbool.h>

#include "lib/pool.h"
#include "table/option/option_table.h"
#include "table/services/table.h"

struct conf_defaults {
	struct pool *pool;              /* owned; holds all the rest */
	struct service plain;           /* superd's defaults: option groups without a name or sockets */
	struct service defaults_row;    /* the same, with the table's defaults in it */
	struct option_groups plain_groups, row_groups;  /* the groups of `plain` and `defaults_row` */
	void *groups[GROUPS];           /* the groups of `defaults_row`, writable */
	bool *is_in_defaults;           /* for each directive: whether the table's defaults set it */
};

/* Derives the defaults from the table. false: out of memory. */
bool conf_defaults_make(struct conf_defaults *defaults, const struct table *table);
void conf_defaults_free(struct conf_defaults *defaults);
