/* Reads a table again beside the loop: files and look-ups of names may take their time, clients must not wait for
 * them. */
#pragma once

#include <ev.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/diag.h"
#include "config/table/table.h"

struct loader {
	ev_async done;                  /* the thread has its result */
	struct ev_loop *loop;
	pthread_t thread;
	bool busy;
	bool again;                     /* asked for once more while busy: the result is stale before it is there */
	struct table *(*load)(void *context, struct diags *diags);
	void *load_context;
	void (*loaded)(struct loader *loader, struct table *table, struct diags *diags);        /* takes the table over */
	struct table *table;
	struct diags diags;
};

/* load runs in a thread of its own, with all signals blocked; loaded in the loop. The caller sets both before. */
void loader_init(struct loader *loader, struct ev_loop *loop);

/* Begins, or has what is under way followed by another. Without a thread it is done at once. */
void loader_start(struct loader *loader);
