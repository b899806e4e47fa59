/* Measures for how long a service's connections have been quiet (idle_means = quiet), and counts the clients of ports
 * that its backend has opened itself, by a helper process (superd/worker/client_count). Embedded in its user. */
#pragma once

#include <stdbool.h>

#include "superd/clients/conn_query.h"
#include "superd/loop/worker_wait.h"
#include "superd/worker/client_count.h"

struct client_look {
	struct worker_wait helper;
	bool by_turn;                   /* as in struct conn_count; the user sets it after client_look_init */
	/* The answer is there; it is borrowed. */
	void (*done)(struct client_look *look, const struct client_count_answer *answer);
};

void client_look_init(struct client_look *look, struct engine *engine,
		      void (*done)(struct client_look *look, const struct client_count_answer *answer));

/* Starts to examine the first `count` sockets of an answered query, with the same connections left out. Connections at
 * which nothing moved for quiet_after milliseconds count as quiet. pids: processes whose own ports are examined, too;
 * NULL: none. Calls done once, later, from the loop. false: no process can be started. */
bool client_look_start(struct client_look *look, struct conn_query *query, size_t count, uint32_t quiet_after,
		       const pid_t *pids);
bool client_look_is_open(const struct client_look *look);
void client_look_cancel(struct client_look *look); /* done is not called; may be called again */
