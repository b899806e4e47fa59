/* Reads a table again without blocking the loop: files and look-ups of names may take time, and clients must not
 * wait for them. */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "config/table/table.h"
#include "engine/core/worker.h"

struct config_loader {
	struct worker worker;
	bool again;                     /* ordered once more while busy: the result will be stale */
	struct table *(*load)(void *context, struct diags *diags);
	void *load_context;
	void (*loaded)(struct config_loader *loader, struct table *table, struct diags *diags); /* owns the table */
	struct table *table;
	struct diags diags;
};

/* load runs in a thread of its own, with all signals blocked; loaded runs in the loop. The caller sets both before. */
void config_loader_init(struct config_loader *loader, struct ev_loop *loop);

/* Begins to read, or reads once more after the reading under way. Reads at once if there is no thread. */
void config_loader_start(struct config_loader *loader);
