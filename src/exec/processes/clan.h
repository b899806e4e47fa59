/* All processes of one backend, as far as the kernel lets them be told from others: those below its main process, and
 * those that lost their parent, came to us, and are still of a group or session of it, or hold its sockets, or were
 * born with its LISTEN_PID. Each is kept with when it began, as its number may be another's soon.
 *
 * A look adds who is new; who has gone is dropped by its keeper. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/proc/process.h"

#define CLAN_MOST 1000                  /* processes: looking at more would hold the loop up */

struct member {
	pid_t pid, parent;
	int64_t start_time;
	bool left;                      /* it was stopped before superd came, and stays stopped */
	bool stopped;                   /* superd has stopped it */
	bool ended;                     /* a zombie: its children may still be there */
};

/* Starting points of a search. */
struct clan_root {
	pid_t main;
	pid_t groups[2];                /* 0: none */
	pid_t first;                    /* pid in the service's LISTEN_PID; 0: none */
	const struct file_id *sockets;  /* borrowed, for as long as the clan is looked at */
	size_t socket_count;
	bool (*is_others)(void *context, pid_t pid);    /* whether a child of ours is known to be another's */
	void *context;
};

struct clan {
	struct member *list;            /* a process stands behind its parent */
	size_t count, capacity;
};

/* Adds those that are not in it. false and errno: ENOMEM, E2BIG where there are too many, ENOENT without /proc. */
bool clan_look(struct clan *clan, const struct clan_root *root);

/* Whether a process is one that came to us, lives, and may have left a backend's groups and session. */
bool clan_may_have_lost(const struct process *orphan);

/* Sets is_ours[n] where such a one was born with the LISTEN_PID of this process; waits as process_ask_told does. */
void clan_ask_born(pid_t first, const struct process *orphans, size_t count, bool *is_ours);

/* Adds those below this process alone, and below those that are in it, which must exist. */
void clan_look_below(struct clan *clan, pid_t main);

void clan_drop(struct clan *clan, size_t at);
bool clan_has(const struct clan *clan, pid_t pid);

bool member_lives(const struct member *member);         /* and has not ended */
bool member_exists(const struct member *member);        /* also one that has ended, until somebody waited for it */

/* Sends a signal to this very process: not to another of the same number. false and errno, ESRCH: it has gone. */
bool member_signal(const struct member *member, int signal);

void clan_free(struct clan *clan);
