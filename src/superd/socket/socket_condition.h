/* Checks the conditions of sockets (option socket_condition), before superd opens them. A path may lead to a file
 * system that does not answer, so superd-exec checks them, for a second at most, and the loop goes on meanwhile. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "lib/list.h"
#include "os/foreign/fork_with_timeout.h"
#include "superd/socket/listener.h"
#include "superd/loop/engine.h"

/* One query for sockets of a service that are closed. */
struct condition_query {
	struct list link;               /* in engine->listeners->condition_queries, until it is answered */
	struct engine *engine;
	struct child child;
	struct timed_job job;
	ev_io io;                       /* watches job.answer */
	ev_timer timer;                 /* looks at job.limit */
	void (*answered)(struct condition_query *query);
	void *context;
	int error;                      /* they could not be checked: an errno */
	size_t count;
	struct {
		struct listener *listener;
		const char *condition;  /* of its entry, which does not hold; NULL: all do */
		bool is_assert;         /* the same of an assertion */
	} sockets[];
};

/* Begins a query for those of the listeners that are closed and have conditions, with `all` also for those that were
 * found not to hold. At most eight are under way, the others wait. `answered` is called from the loop. NULL with errno
 * 0: there is none to check; else with ENOMEM. */
struct condition_query *condition_query_begin(struct engine *engine, struct listener *listeners, size_t count, bool all);

bool condition_query_is_under_way(const struct condition_query *query);         /* false for NULL */

/* Ends it, if it is under way: `answered` is not called. May be NULL. */
void condition_query_free(struct condition_query *query);

void condition_queries_finish(struct engine *engine);   /* waits for all */
