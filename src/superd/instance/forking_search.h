/* The search for the daemon of one start: from before its first process until the daemon is settled, or until no
 * process of a failed start is left. superd/instance/forking finds the daemon, superd/instance/forking_kill stops the
 * processes of a failed start. The instance owns the search, by instance->search. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "superd/instance/instance.h"
#include "superd/process/process_tree.h"
#include "table/services/table.h"

#define LOOK_AGAIN 0.02                 /* seconds between two looks; five times that after the first second */
#define START_FAILED (1 << 8)           /* wait status of exit(1) */
#define SIGNALLED_MOST 64               /* processes remembered as signalled */

#define SEARCH_NONE 0
#define SEARCH_UNCLEAR (-1)             /* several candidates, or one of which nothing says that it is the daemon */

enum phase {
	FIRST,                          /* the first process runs */
	LOOKING,                        /* the followed process has exited with 0: superd looks for the daemon */
	ON_TRIAL,                       /* a process was found, and may exit soon and leave another one */
	FOLLOWED,                       /* that process was reported as the daemon, and may still be replaced */
	SWEEPING,                       /* the start failed or is being stopped: superd stops its processes */
};

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

void forking_search_free(struct instance *instance);    /* ends the search; accepts an instance without one */

double forking_search_waited(const struct forking_search *search); /* seconds in this phase */
void forking_search_enter(struct forking_search *search, enum phase phase);
void forking_search_wake_in(struct forking_search *search, double seconds);
void forking_search_look_again(struct forking_search *search); /* starts the timer for the next look */

/* Whether superd has adopted this process, and it is proved to be the instance's. */
bool forking_search_accepts(const struct forking_search *search, pid_t pid);

/* Returns the adopted process of the instance to follow, SEARCH_NONE or SEARCH_UNCLEAR. Of several, if there is no time
 * left (`last`): one in the session of `before`, a session leader, the oldest, in this order. Only a control group
 * tells which process is a daemon: without one all are unclear. */
pid_t forking_search_pick(const struct forking_search *search, bool last);

/* Adds all processes of the instance, wherever they are. */
void forking_search_scan(const struct forking_search *search, struct process_tree *tree);

/* Forgets the instance's group if it has no process, because the kernel may reuse its number. */
void forking_search_drop_empty_group(struct forking_search *search);
