/* Reads the table again without blocking the loop: files and name lookups may take time, and clients must not wait
 * for them. Owner: struct supervisor, which lives as long. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "lib/diag.h"
#include "superd/loop/worker.h"
#include "table/services/table.h"

struct log;
struct service_list;

enum load_task {
	LOAD_TABLE,
	LOAD_PREVIEW,                   /* to compare the table: nothing changes */
	LOAD_RETURNED                   /* rows that were left out, from config_loader.answer */
};

struct config_loader {
	struct worker worker;
	struct log *log;                /* where a file or server that does not answer is named; the caller sets it */
	ev_timer late;                  /* active while it reads: checks for the file or server that it waits for */
	bool again;                     /* true: ordered again during the reading, whose result will be discarded */
	enum load_task task;            /* what is under way, or comes next */
	char *answer;                   /* of a look at what is left out, owned; NULL: none */
	size_t answer_length;
	bool allows_empty;              /* the reading may remove every service; for `load` */
	bool ordered_empty;             /* the same, of all orders for the reading that is to come */
	struct table *const *before;    /* the table in effect; nothing replaces it during a reading */
	struct service_list *service_list;              /* the caller sets it */
	bool waits;                     /* true: it is read, and service_list is not ready for it (service_list_prepare) */
	/* Reads what `task` says, in a thread, with all signals blocked; takes `answer` for that. */
	struct table *(*load)(struct config_loader *loader, struct diags *diags);
	void *load_context;
	/* Called in the loop; it owns the table. Of a preview and of rows, the table is NULL without errors in diags if
	 * a reload was ordered meanwhile, which follows. */
	void (*loaded)(struct config_loader *loader, enum load_task task, struct table *table, struct diags *diags);
	struct table *table;
	struct diags diags;
};

/* The caller sets `load` and `loaded` before. */
void config_loader_init(struct config_loader *loader, struct ev_loop *loop);

/* Starts to read, or reads once more after the present reading. If no thread can be started, it reads at once.
 * allows_empty: also a table is taken that removes every service, because their files have gone. */
void config_loader_start(struct config_loader *loader, bool allows_empty);

/* Starts to read rows that were left out, from this answer, which it owns. false: another reading is under way, or no
 * thread can be started. */
bool config_loader_return(struct config_loader *loader, char *answer, size_t length);

/* Starts to read the table for a comparison. false: another reading is under way, or no thread can be started. */
bool config_loader_preview(struct config_loader *loader);

/* Called when services have had events: what it waits for may be done. */
void config_loader_go_on(struct config_loader *loader);

void config_loader_end(struct config_loader *loader);           /* drops what waits; the thread has ended */

/* From an order until `loaded`. */
static inline bool config_loader_is_busy(const struct config_loader *loader)
{
	return loader->worker.busy || loader->waits;
}
