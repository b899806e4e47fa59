/* type = forking: finds the daemon that the first process leaves. Until the daemon is settled, instance->search is set:
 * the followed process may exit with 0 and leave another one. If the start fails, superd stops all of its processes
 * before the instance ends. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "superd/instance/instance.h"
#include "superd/process/process_tree.h"
#include "table/services/table.h"

#define START_FAILED (1 << 8)           /* wait status of exit(1) */
#define SIGNALLED_MOST 64               /* processes remembered as signalled */

enum phase {
	FIRST,                          /* the first process runs */
	LOOKING,                        /* the followed process has exited with 0: superd looks for the daemon */
	ON_TRIAL,                       /* a process was found, and may exit soon and leave another one */
	FOLLOWED,                       /* that process was reported as the daemon, and may still be replaced */
	SWEEPING,                       /* the start failed or is being stopped: superd stops its processes */
};

/* The search for the daemon of one start: from before its first process until the daemon is settled, or until no
 * process of a failed start is left. The instance owns the search, by instance->search. */
struct forking_search {
	struct {                        /* saved */
		ev_timer timer;         /* next step of the phase */
		enum phase phase;
		double since;           /* loop time when this phase began */
		pid_t first;            /* process that superd started */
		pid_t before;           /* process that was followed last */
		int status;             /* SWEEPING: wait status with which the instance ends */
		pid_t signalled_group;  /* SWEEPING: group that got kill_signal; 0: none */
		pid_t signalled[SIGNALLED_MOST]; /* SWEEPING: processes that got kill_signal */
		bool clear;             /* SWEEPING: the last look found no process */
	};
	struct list link;               /* in engine->instances->forking */
	struct table *table;            /* reference to the table of `service`, which a reload may have replaced */
	const struct service *service;  /* configuration of the start */
	struct instance *instance;      /* its child.pid is 0 while superd follows no process */
	size_t signalled_count;
	unsigned char chances;          /* LEFTOVER_SECONDS that superd has waited after SIGKILL */
};

/* Begins the search. Call it before the first process is started; for other types it does nothing. Removes the pid file
 * of an earlier start, which would name the wrong process. The search holds a reference to the table until it ends,
 * because a reload may replace the table meanwhile. false: out of memory. */
bool forking_expect(struct instance *instance, struct table *table);

/* Looks for the daemon after the followed process has ended with this wait status. true: the instance continues. */
bool forking_find(struct instance *instance, int status);

/* Makes the search that the superd before had, or of a start that it made as it died: a pid file may be there already.
 * The caller sets its phase. NULL: out of memory. */
struct forking_search *forking_load(struct instance *instance, struct table *table);

void forking_search_enter(struct forking_search *search, enum phase phase);
