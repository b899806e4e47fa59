/* A superd-worker that answers the calls that a service's filter has stopped (os/proc/bind_filter, worker/bind): reading
 * the backend's memory, and changing its descriptors, may take any time, and then only the backend waits.
 *
 * The process ends by itself when no call has come for a while; superd watches the filter's descriptor meanwhile and
 * starts another one. superd kills one that hangs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "superd/start/worker_process.h"
#include "worker/record/bind_request.h"

struct bind_worker {
	struct worker_process process;  /* its channel receives reports; the end of that means that it has ended */
	struct bind_progress *progress; /* shared with the process; NULL: none was started yet */
};

void bind_worker_init(struct bind_worker *worker);

/* Starts the process; no other one of this struct is there. owner: as of worker_process_start; notif: the filter's
 * descriptor, which stays the caller's. false and errno, as of worker_process_begin. */
bool bind_worker_start(struct bind_worker *worker, uint64_t owner, int notif, struct bind_request *request);

/* Reads the next report without blocking. false and errno; EAGAIN: there is none; EPIPE: the process has ended. */
bool bind_worker_hear(struct bind_worker *worker, struct bind_report *report);

/* Milliseconds for which it has worked on one call, or on its start; 0: it waits for a call. INT64_MAX: it reports a
 * time that cannot be, as only one that was taken over does. */
int64_t bind_worker_busy(const struct bind_worker *worker);

/* Lets it finish its present call, and end; bind_worker_hear reports that. */
void bind_worker_dismiss(struct bind_worker *worker);

/* Whose calls it answers changes: the main process is another one, or the program has all its sockets and is ready. */
void bind_worker_note(const struct bind_worker *worker, pid_t program, bool is_complete);

/* The number of the call that it works on; 0: none. For an upgrade, which leaves the process behind: it ends when
 * superd's end of the channel is closed, or kills itself after BIND_ALONE_MS. */
uint64_t bind_worker_call(const struct bind_worker *worker);

/* Kills it if it is still there. If it has left a call without an answer, the kernel carries that out. false: there was
 * none. */
bool bind_worker_kill(struct bind_worker *worker, int notif);

/* Frees the struct; there is no process any more. */
void bind_worker_free(struct bind_worker *worker);

/* ---- the calls of instances that have ended ---- */

/* Starts a process that passes the calls of these filters on to the kernel. It ends when no process has any of them any
 * more, or when its channel is closed. `channel` -1, with errno: it could not be started. */
struct worker_process bind_left_start(const int *notifs, size_t count);

/* For superd's end: closes the channel, and the process goes on. */
void bind_left_leave(struct worker_process *process);
