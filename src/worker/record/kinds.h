/* The kinds of work that superd leaves to a process beside its loop. superd takes the rights of a kind from its row, and
 * the process its sandbox. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "os/host/self_sandbox.h"

enum worker_kind {
	WORKER_CLOSE,                   /* closes descriptors (superd/process/close_async) */
	WORKER_OUTPUT,                  /* reads what backends print (superd/process/output_reader) */
	WORKER_RECEIVE,                 /* receives a message with descriptors (superd/process/receive_async) */
	WORKER_RESTORE,                 /* sets what a backend may have changed of a listener (superd/process/restore_async) */
	WORKER_ACCEPT,                  /* drops and accepts clients of listeners that a backend has had (the same) */
	WORKER_COUNT,                   /* counts clients of superd's listeners (superd/stop/client_look) … */
	WORKER_COUNT_OWN,               /* … and those at ports that a backend has opened itself */
	WORKER_COPY,                    /* watches the sockets of frozen backends (superd/stop/freeze_fds) */
	WORKER_PAGE_OUT,                /* returns the memory of frozen backends (superd/stop/reclaim) */
	WORKER_BIND,                    /* answers bind(2) for pass = bind (superd/process/bind_worker) … */
	WORKER_BIND_LEFT,               /* … and passes on the calls of instances that superd has left */
	WORKER_HOLD,                    /* holds a program at its first call for warm = N (superd/process/hold) */
	WORKERS
};

struct work_kind {
	const char *name;               /* of the process, as comm(5) shows it */
	const char *word;               /* superd-worker does it, by this word; NULL: superd-hold */
	unsigned rights;                /* of enum self_right */
	uint64_t capabilities;
	/* It looks at the processes of one user. Without CAP_SYS_PTRACE it may look only at those that have none of
	 * the capabilities that it lacks (cap_ptrace_access_check of the kernel): so it keeps all, and takes on their
	 * user. */
	bool follows_user;
	bool passes_fds;                /* its answers carry descriptors; else the kernel refuses them (Linux 6.16) */
};

extern const struct work_kind work_kinds[WORKERS];
