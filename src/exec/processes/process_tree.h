/* All processes of one backend, as far as the kernel lets them be told from others: those below its main process, and
 * those that lost their parent, came to us, and are still of a group or session of it, or hold its sockets, or were
 * born with its LISTEN_PID. Each is kept with when it began, as its number may be another's soon.
 *
 * A look adds who is new; who has gone is dropped by its runtime. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/proc/process.h"

#define PROCESS_TREE_MOST 1000          /* processes: looking at more would hold the loop up */

struct tree_process {
	pid_t pid, parent;
	int64_t start_time;
	bool left;                      /* it was stopped before superd came, and stays stopped */
	bool stopped;                   /* superd has stopped it */
	bool ended;                     /* a zombie: its children may still be there */
};

/* Starting points of a search. */
struct process_tree_root {
	pid_t main;
	pid_t groups[2];                /* 0: none */
	pid_t first;                    /* pid in the service's LISTEN_PID; 0: none */
	const struct file_id *sockets;  /* borrowed, for as long as the tree is looked at */
	size_t socket_count;
	bool (*is_others)(void *context, pid_t pid);    /* whether a child of ours is known to be another's */
	void *context;
};

struct process_tree {
	struct tree_process *list;      /* a process stands behind its parent */
	size_t count, capacity;
};

/* Adds those that are not in it. false and errno: ENOMEM, E2BIG where there are too many, ENOENT without /proc. */
bool process_tree_scan(struct process_tree *tree, const struct process_tree_root *root);

/* Whether a process is one that came to us, lives, and may have left a backend's groups and session. */
bool process_may_be_reparented(const struct process *orphan);

/* Sets is_ours[n] where such a one was born with the LISTEN_PID of this process; waits as process_query_variable
 * does. */
void process_tree_ask_listen_pid(pid_t first, const struct process *orphans, size_t count, bool *is_ours);

/* Adds those below this process alone, and below those that are in it, which must exist. */
void process_tree_scan_below(struct process_tree *tree, pid_t main);

void process_tree_drop(struct process_tree *tree, size_t at);
bool process_tree_has(const struct process_tree *tree, pid_t pid);

bool tree_process_lives(const struct tree_process *member); /* and has not ended */
bool tree_process_exists(const struct tree_process *member); /* also one that has ended, until somebody waited for it */

/* Sends a signal to this very process: not to another of the same number. false and errno, ESRCH: it has gone. */
bool tree_process_signal(const struct tree_process *member, int signal);

void process_tree_free(struct process_tree *tree);
