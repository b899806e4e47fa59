/* The runtimes of a table, for who has to look through all of them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct buf;
struct service_runtime;
struct table;

/* Runtimes in the order of their table's rows, NULL for a disabled row; behind them those that go on by a row of a table
 * before, as it is wrong in this one. */
struct service_list {
	struct service_runtime **runtimes;
	size_t count;
	const struct table *table;      /* whose rows these are; the supervisor's */
	uint64_t generation;            /* another number for each table */
	struct list leaving;            /* runtimes that the table has no more, while something of them runs */
	unsigned idle_stops;            /* idle backends that are about to be stopped or frozen (engine/idle/idle) */
	/* What a reload has done with each service that it has changed, added or removed: a byte 1 + enum diff_kind,
	 * the name, and the options that differ, separated by blanks; each text with its NUL. NULL: nobody asks. */
	struct buf *report;
};

/* The runtime of this name, in the service list of this table. NULL: there is none, or its row is disabled. */
struct service_runtime *service_list_find(const struct service_list *service_list, const struct table *table,
					  const char *name);

/* One that is leaving; NULL: none has this name. */
struct service_runtime *service_list_find_leaving(const struct service_list *service_list, const char *name);

/* Where it stands, if there is such a place. */
struct service_runtime **service_list_place(const struct service_list *service_list, const struct table *table,
					    const char *name);
