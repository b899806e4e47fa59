/* Applies a new table to living runtimes: unchanged services go on, changed ones adopt their row. A socket is kept if
 * its endpoint is still in the table, even under another service, and new sockets are bound before old ones are
 * closed. */
#pragma once

#include <stddef.h>

#include "config/table/table.h"
#include "engine/runtime/service_list.h"
#include "engine/service/runtime_event.h"

struct reload_counts {
	size_t unchanged, changed, added, removed;
	size_t logged;                  /* changed, added and removed services reported so far */
};

/* Builds the service list of a first table, every runtime ENABLEd. false: out of memory. */
bool service_list_build(struct service_list *service_list, struct engine *engine, struct table *table);

/* Turns the service list of the old table into that of the new one. Runtimes of removed services leave it and are freed when
 * their instances have ended. A service whose entry was left out for its errors goes on as it was, and counts as
 * unchanged, unless another service has its address now. false: out of memory before anything was changed. */
bool service_list_reload(struct service_list *service_list, struct engine *engine, struct table *before,
			 struct table *after, struct reload_counts *counts);

void service_list_free(struct service_list *service_list); /* frees the runtimes, too */
