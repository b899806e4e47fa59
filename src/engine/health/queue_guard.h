/* What superd notes of the clients that wait for a service with accept = no, to tell an instance that serves them from
 * one that does not. Owner: struct service_runtime; made before its first start, or before the first question who waits,
 * and freed with it. All of engine/health works by it; engine/service looks at it by the functions below. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "engine/limits/backoff.h"
#include "engine/runtime/runtime.h"
#include "os/netdiag/queue_ids.h"

#define NO_PROGRESS_LIMIT 6             /* at first, and after an end that was proved to make none */

struct probing;

struct queue_guard {
	unsigned queued_at_start;       /* clients that waited when the current instance was started */
	unsigned queued_at_end;         /* clients that waited when it ended well: they start the next without another look */
	unsigned no_progress_ends;      /* good ends in a row that took nothing from the queue, judged by its length */
	unsigned no_progress_limit;     /* value of no_progress_ends from which that has to be proved */
	struct queue_ids backlog;       /* clients that waited when last noted */
	bool backlog_is_exact;          /* backlog has all clients that waited when the last instance was started */
	bool backlog_is_queried;        /* backlog was noted by engine/health/progress_proof, which judges by it */
	bool backlog_is_fresh;          /* backlog is already noted for the next start */
	bool started_since;             /* an instance was started since backlog was noted */
	struct backoff restart_backoff; /* pause of `restart`: instances in a row that superd started and that ended well at once */
	struct probing *probe_query;    /* question for probes in the queue (engine/health/health_probes); NULL: none */
	struct conn_query *progress_query; /* question of engine/health/progress_proof; NULL: none */
	ev_timer accept_timer;          /* next look whether a client was taken (engine/health/accept_latency) */
	double accept_since;            /* runtime->since when those looks began */
	unsigned accept_queued;         /* clients in the queue at the last look */
};

/* The guard; NULL: none was made yet. */
static inline struct queue_guard *queue_guard_find(const struct service_runtime *runtime)
{
	return runtime->run ? runtime->run->guard : NULL;
}

/* The guard, made at need; NULL: out of memory. */
struct queue_guard *queue_guard_make(struct service_runtime *runtime);
void queue_guard_free(struct service_runtime *runtime); /* after health_probes_forget and progress_proof_forget */

void queue_guard_reset(struct service_runtime *runtime);                /* the next clients are those of another row */
bool queue_guard_has_queue(const struct service_runtime *runtime);      /* clients waited when the last instance ended */
bool queue_guard_is_asking(const struct service_runtime *runtime);      /* a question who waits is under way */

extern const struct field_table saved_guard;
