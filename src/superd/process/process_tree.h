/* All processes of one backend, as far as the kernel distinguishes them from others: descendants of its main process,
 * and processes that lost their parent, became superd's children, and are still in a group or session of the backend,
 * or hold its sockets and have its user, or have the mark of its start. Each has its start time, as its pid may be reused.
 *
 * A scan adds new processes. The caller drops those that have gone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/proc/process.h"

#define PROCESS_TREE_MOST 1000          /* processes: a scan of more would block the loop */

/* One process of a tree. */
struct tree_process {
	pid_t pid, parent;
	int64_t start_time;             /* as process_now */
	bool left;                      /* it was stopped before superd froze the backend, and stays stopped */
	bool stopped;                   /* superd has stopped it */
	bool ended;                     /* a zombie: its children may still be there */
};

/* What proves that a process is of one backend, wherever it is in the tree, as the kernel keeps it. */
struct process_proof {
	const char *group;              /* path of its control group, borrowed; NULL: none */
	uint64_t mark;                  /* mark of its start (os/proc/process_mark), which counts without a group; 0: none */
	uid_t user;                     /* user that it was started as */
	bool is_any_user;               /* it may signal processes of all users, as its own may have changed theirs */
};

/* Whether that is proved of this process. No process of superd's own has such a group or mark. */
bool process_is_proved(const struct process_proof *proof, pid_t pid);

/* Whether each process of this process group is of the backend, whatever its user. false also for superd's own group. */
bool process_group_is_proved(const struct process_proof *proof, pid_t group);

/* Where a search starts; filled in by the caller. */
struct process_tree_root {
	pid_t main;                     /* main process; 0: none */
	pid_t groups[2];                /* process groups; 0: none */
	struct process_proof proof;     /* what else proves that an orphan is the backend's; zeroed: nothing */
	const struct file_id *sockets;  /* its sockets, borrowed as long as the tree is used */
	size_t socket_count;
	/* Whether a child of superd's is known to belong to another service; NULL: none is. */
	bool (*is_others)(void *context, pid_t pid);
	void *context;
};

struct process_tree {
	struct tree_process *list;      /* each process comes after its parent */
	size_t count, capacity;
};

/* Adds processes that are not yet in the tree. false and errno: ENOMEM; E2BIG: there are too many; ENOENT: no /proc. */
bool process_tree_scan(struct process_tree *tree, const struct process_tree_root *root);

/* Adds this process and the descendants of all processes in the tree, which must exist. */
void process_tree_scan_below(struct process_tree *tree, pid_t main);

void process_tree_drop(struct process_tree *tree, size_t at);   /* removes the entry with this index */

bool tree_process_lives(const struct tree_process *entry); /* exists and is no zombie */
bool tree_process_exists(const struct tree_process *entry); /* exists, perhaps as a zombie */

/* Sends a signal to this process, never to another one with the same pid. false and errno; ESRCH: it has gone. */
bool tree_process_signal(const struct tree_process *entry, int signal);

void process_tree_free(struct process_tree *tree);
