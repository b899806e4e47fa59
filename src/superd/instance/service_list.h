/* The runtimes of all services, in the order of the table. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/list.h"

struct buf;
struct service_runtime;
struct table;

/* Owner: struct supervisor. superd/reload builds it and writes it. `runtimes` has one for each entry of the table, NULL
 * for a disabled entry; behind these, the services that keep their old entry, because the new one has errors. */
struct service_list {
	struct service_runtime **runtimes;
	size_t count;
	const struct table *table;      /* the table of these runtimes; owned by the supervisor */
	uint64_t generation;            /* increases whenever the list changes, so that users of a copy notice */
	struct list leaving;            /* removed services of which something still runs; link: service_run.leaving */
	struct list wanting;            /* services that want others, and wait or run; link: service_run.wanting */
	unsigned tried_stops;           /* stops that may still be called off (superd/stop/stop) */
	/* Adds the facts of a service as JSON, for SIGUSR1; main program sets it. */
	void (*describe)(struct service_runtime *runtime, struct buf *out);
	/* What a reload did to each service that it has changed, added or removed: a byte 1 + enum diff_kind, the name,
	 * and the options that differ, separated by blanks; each text with its NUL. NULL: not needed. */
	struct buf *report;
	/* Why the last reload was refused, by its first error, as FILE:LINE:COL: MESSAGE; "": it was not. The
	 * supervisor writes it. */
	char refused[512];
};

/* Returns the runtime of this name in the service list of this table. NULL: there is none, or its entry is disabled. */
struct service_runtime *service_list_find(const struct service_list *service_list, const struct table *table,
					  const char *name);

/* Returns a removed service of this name that has not ended yet; NULL: none. */
struct service_runtime *service_list_find_leaving(const struct service_list *service_list, const char *name);

/* Returns the place of this service in `runtimes`; NULL: the table does not have it. */
struct service_runtime **service_list_place(const struct service_list *service_list, const struct table *table,
					    const char *name);
