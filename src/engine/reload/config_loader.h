/* Reads the table again without blocking the loop: files and name lookups may take time, and clients must not wait
 * for them. Owner: struct supervisor, which lives as long. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "base/diag.h"
#include "config/table/table.h"
#include "engine/core/worker.h"

struct log;

struct config_loader {
	struct worker worker;
	struct log *log;                /* where a file or server that does not answer is named; the caller sets it */
	ev_timer late;                  /* active while it reads: checks for the file or server that it waits for */
	bool again;                     /* true: ordered again during the reading, whose result will be discarded */
	bool is_preview;                /* true: it reads the table to compare it, and changes nothing */
	bool allows_empty;              /* the reading may remove every service; for `load` */
	bool ordered_empty;             /* the same, of all orders for the reading that is to come */
	struct table *const *before;    /* the table in effect; nothing replaces it during a reading */
	struct table *(*load)(const struct config_loader *loader, struct diags *diags);
	struct table *(*preview)(const struct config_loader *loader, struct diags *diags);
	void *load_context;             /* of both */
	void (*loaded)(struct config_loader *loader, struct table *table, struct diags *diags); /* called in the loop; it owns the table */
	/* The same for a preview. table NULL without errors in diags: a reload was ordered meanwhile, or memory lacks. */
	void (*previewed)(struct config_loader *loader, struct table *table, struct diags *diags);
	struct table *table;
	struct diags diags;
};

/* `load` and `preview` run in a thread, with all signals blocked; `loaded` and `previewed` run in the loop. The caller
 * sets them before. */
void config_loader_init(struct config_loader *loader, struct ev_loop *loop);

/* Starts to read, or reads once more after the present reading. If no thread can be started, it reads at once.
 * allows_empty: also a table is taken that removes every service, because their files have gone. */
void config_loader_start(struct config_loader *loader, bool allows_empty);

/* Starts to read the table for a comparison. false: another reading is under way, or no thread can be started. */
bool config_loader_preview(struct config_loader *loader);
