/* Copies the descriptors of its service from a process that a killed superd left behind: its sockets, and the pipes
 * that it prints to. The caller has proved by the control group to which service the process belongs. But the process
 * may have replaced or manipulated its descriptors. So a helper process, which may hang, examines them. It passes on
 * only proved sockets that a superd of this user created, in superd's own network namespace, for the endpoint in
 * question. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/table/table.h"
#include "exec/spawn/worker_process.h"

#define ORPHAN_SOCKETS 64               /* sockets of one service; a service with more is not taken over */

/* A control group to examine. */
struct orphan_request {
	const char *group;              /* its path */
	const struct service *service;  /* the service that it is of, if that could take it over; NULL: none */
};

enum orphan_standing {
	ORPHAN_STAYS,                   /* leave it alone: it has no address that the table needs */
	ORPHAN_BARS,                    /* it has one, and cannot be taken over */
	ORPHAN_FITS,                    /* it can be taken over */
};

/* The two ends of a pipe that the process prints to. */
struct orphan_pipe {
	int read, write;                /* -1: none */
};

/* The result for one group. */
struct orphan_copy {
	enum orphan_standing standing;
	pid_t pid;                      /* its main process, the first of its group; 0: none */
	int64_t start_time;             /* of pid, as process_now */
	unsigned service_index;         /* ORPHAN_BARS: index of the service in the table whose address it has */
	char why[96];                   /* why it is not taken over */
	int pidfd;                      /* of pid; without ORPHAN_FITS all descriptors are -1 */
	struct orphan_pipe log, syslog; /* pipes to superd's log and to syslog */
	int sockets[ORPHAN_SOCKETS];    /* in the service's order; -1: an optional one that it lacks */
};

enum orphan_hearing { ORPHAN_HEARD, ORPHAN_WAITS, ORPHAN_OVER };

/* Starts to examine these groups, one after the other; the arguments are borrowed until this returns. The helper's
 * channel becomes readable when there is a result. `channel` -1, with errno: it could not be started. */
struct worker_process orphan_copy_begin(const struct orphan_request *requests, size_t count, const struct table *table);

/* Reads the next result from the channel without blocking, that of this request; its descriptors are the caller's.
 * ORPHAN_OVER: there are no more, or the helper answered what it cannot have found, and was refused; then the copy has
 * nothing but descriptors to close. The helper keeps its own copies until it is sent a byte. */
enum orphan_hearing orphan_copy_hear(const struct worker_process *process, const struct orphan_request *request,
				     const struct table *table, struct orphan_copy *copy);
