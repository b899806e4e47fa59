/* Reads the table again without blocking the loop: files and name lookups may take time, and clients must not wait
 * for them. Owner: struct supervisor, which lives as long. */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "config/table/table.h"
#include "engine/core/worker.h"

struct config_loader {
	struct worker worker;
	bool again;                     /* true: ordered again during the reading, whose result will be discarded */
	struct table *(*load)(void *context, struct diags *diags);
	void *load_context;
	void (*loaded)(struct config_loader *loader, struct table *table, struct diags *diags); /* called in the loop; it owns the table */
	struct table *table;
	struct diags diags;
};

/* `load` runs in a thread of its own, with all signals blocked; `loaded` runs in the loop. The caller sets both
 * before. */
void config_loader_init(struct config_loader *loader, struct ev_loop *loop);

/* Starts to read, or reads once more after the present reading. If no thread can be started, it reads at once. */
void config_loader_start(struct config_loader *loader);
