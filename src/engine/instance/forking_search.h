/* The search for the daemon of one start: from before its first process until the daemon is settled, or no process
 * of a failed start is left. engine/instance/forking finds and follows it, engine/instance/forking_kill ends the
 * processes of a failed start. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "engine/instance/fork_match.h"

#define LOOK_AGAIN 0.02                 /* seconds between two looks; five times that after the first second */
#define START_FAILED (1 << 8)           /* as if it had exited with 1 */
#define SIGNALLED_MOST 64

enum phase { FIRST, LOOKING, ON_TRIAL, FOLLOWED, SWEEPING };

struct forking_search {
	struct fork_match fork_match;
	struct instance *instance;
	ev_timer timer;
	enum phase phase;
	double since;                   /* loop time when this phase began */
	pid_t first, before;            /* the process that was started; the one that was followed last */
	int status;                     /* SWEEPING: wait status with which the instance ends */
	pid_t signalled_group, signalled[SIGNALLED_MOST]; /* SWEEPING: the group and processes that got kill_signal */
	size_t signalled_count;
	unsigned char chances;          /* times that the end of the wait after SIGKILL was put off */
	bool clear;                     /* SWEEPING: the last look found no process */
};

struct forking_search *forking_search(const struct instance *instance); /* NULL: none (any more) */
void forking_search_free(struct instance *instance);    /* ends it; it may have none */

double forking_search_waited(const struct forking_search *search); /* seconds in this phase */
void forking_search_enter(struct forking_search *search, enum phase phase);
void forking_search_wake_in(struct forking_search *search, double seconds);
void forking_search_look_again(struct forking_search *search); /* soon, by its timer */

/* Forgets the instance's group if it has no process, as the kernel may use its number again. */
void forking_search_drop_empty_group(struct forking_search *search);
