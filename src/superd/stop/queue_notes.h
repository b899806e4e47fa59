/* superd's notes about the clients that wait for a service with accept = no, to distinguish an instance that accepts
 * them from one that does not. Owner: struct service_runtime; made before the first start or the first query, and freed
 * with it. All of superd/stop uses it; superd/service reads it by the functions below. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "os/netdiag/queue_ids.h"
#include "superd/limits/rate_limit.h"
#include "superd/instance/runtime.h"

#define NO_PROGRESS_LIMIT 6             /* first value of no_progress_limit, and its value after a proof of no progress */

struct start_look;

struct queue_notes {
	unsigned queued_at_start;       /* clients that waited when the current instance was started */
	unsigned queued_at_end;         /* clients that waited when it succeeded; they start the next instance without another look */
	unsigned no_progress_ends;      /* successful ends in a row after which the queue was not shorter */
	unsigned no_progress_limit;     /* value of no_progress_ends from which superd looks for a proof */
	struct queue_ids backlog;       /* identities of all clients that waited when last noted; empty: unknown */
	bool backlog_is_queried;        /* true: superd/stop/start_look noted backlog, and decides by it */
	bool started_since;             /* true: an instance was started since backlog was noted */
	struct backoff restart_backoff; /* pause of `restart`, after instances that superd started and that succeeded at once */
	ev_timer accept_timer;          /* next look whether a client was taken */
	unsigned accept_queued;         /* clients in the queue at the last look */
	struct start_look *look;        /* question before the next start (superd/stop/start_look); NULL: none */
};

/* Returns the notes; NULL: none was made yet. */
static inline struct queue_notes *queue_notes_find(const struct service_runtime *runtime)
{
	return runtime->run ? runtime->run->notes : NULL;
}

/* Returns the notes, and makes it if there is none; NULL: out of memory. */
struct queue_notes *queue_notes_make(struct service_runtime *runtime);
void queue_notes_free(struct service_runtime *runtime); /* after start_look_forget */

void queue_notes_note_progress(struct queue_notes *notes);              /* it is proved that an instance took a client */
void queue_notes_reset(struct service_runtime *runtime);                /* when the service has got other sockets */
unsigned queue_notes_count(const struct service_runtime *runtime);     /* returns the number of clients in the queue */
bool queue_notes_sees_clients(const struct service_runtime *runtime);  /* whether a client is in the queue; cheaper */
bool queue_notes_has_queue(const struct service_runtime *runtime);      /* whether clients waited when the last instance ended */
bool queue_notes_is_asking(const struct service_runtime *runtime);      /* whether a question before a start is under way */
bool queue_notes_wants_proof(const struct service_runtime *runtime);    /* whether many ends in a row look like no progress */

void queue_notes_note_start(struct service_runtime *runtime);  /* just before a start: notes the clients in the queue */

/* The latency of a start. A backend that sends READY=1 reports itself that it accepts. Of others superd only knows that
 * the program runs, so it checks the queue until it is shorter. */

/* Called when the current instance is ready, as far as superd knows: records the latency now, or when a client was
 * accepted. */
void accept_latency_begin(struct service_runtime *runtime);

/* Called when the service was thawed for clients in its queue, seen at the loop time `asked`: measures the time
 * until it accepts one. */
void accept_latency_begin_thawed(struct service_runtime *runtime, double asked);

/* Called when the current instance has ended or was frozen, with the number of clients in the queue; UINT_MAX: unknown,
 * because standby sockets had clients. */
void accept_latency_end(struct service_runtime *runtime, unsigned waiting);
