/* Looks how long nothing has moved at a service's connections (idle_means = quiet), by a helper process
 * (exec/worker/client_count). Embedded in its user. */
#pragma once

#include <stdbool.h>

#include "engine/clients/conn_query.h"
#include "engine/core/fd_watch.h"
#include "exec/worker/client_count.h"

struct client_look {
	struct client_count helper;
	struct watch watch;             /* of the helper's channel */
	struct alarm limit;             /* time limit of the helper */
	void (*done)(struct client_look *look); /* the answer is there */
	struct client_count_answer answer;      /* the last one */
};

void client_look_init(struct client_look *look, struct engine *engine, void (*done)(struct client_look *look));

/* Starts to look at the sockets of a query that has been answered, with the same connections left out. Connections at
 * which nothing moved for quiet_after milliseconds count as quiet. Calls done once, later, from the loop. false: no
 * process can be started. */
bool client_look_start(struct client_look *look, struct conn_query *query, uint32_t quiet_after);
bool client_look_is_open(const struct client_look *look);
void client_look_cancel(struct client_look *look); /* done is not called; may be called again */
