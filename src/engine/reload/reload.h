/* Applies a new table to running services. Unchanged services go on; changed ones adopt their new entry. superd
 * keeps a socket if its endpoint is still in the table, even under another service, and binds new sockets before it
 * closes old ones. */
#pragma once

#include <stddef.h>

#include "config/table/table.h"
#include "engine/runtime/service_list.h"
#include "engine/service/runtime_event.h"

struct reload_counts {
	size_t unchanged, changed, added, removed;
	size_t logged;                  /* number of changes reported so far */
};

/* Builds the service list of the first table, and sends ENABLE to every runtime. false: out of memory. */
bool service_list_build(struct service_list *service_list, struct engine *engine, struct table *table);

/* Turns the service list of the table `before` into that of `after`, and counts the changes. Runtimes of removed
 * services leave the list, and are freed when their instances have ended. A service whose entry was left out for its
 * errors goes on with its old entry, and counts as unchanged, unless another service has its address now. false: out
 * of memory; nothing was changed. */
bool service_list_reload(struct service_list *service_list, struct engine *engine, struct table *before,
			 struct table *after, struct reload_counts *counts);

void service_list_free(struct service_list *service_list); /* also frees the runtimes */
