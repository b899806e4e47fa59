/* Freezes and thaws all processes of one backend. If it has a control group of its own, by cgroup.freeze
 * (cgroup-v2.rst), which the processes do not notice; else by SIGSTOP to each of them, until none runs any more, and
 * SIGCONT in the reverse order.
 *
 * Nothing here waits: the caller looks again and again, until all are stopped or it fails. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "superd/process/process_tree.h"

enum freezing { FREEZER_MOVING, FREEZER_STILL, FREEZER_FAILED };

/* The state of freezing one backend. freezer_init to freezer_free. */
struct freezer {
	const char *group;              /* path of its control group, borrowed; NULL: it has none that can freeze */
	struct process_tree_root root;  /* where the search for its processes starts */
	struct process_tree tree;       /* the processes found so far; empty with a group */
	bool was_still;                 /* all of them were stopped at the end of the last look */
	unsigned looks;                 /* number of looks so far */
	int error;                      /* FREEZER_FAILED: errno; 0: some process does not stop */
	pid_t moving;                   /* a process that still runs; 0: none, or unknown */
};

/* group: NULL, or borrowed like the contents of root as long as the freezer is used. */
void freezer_init(struct freezer *freezer, const char *group, const struct process_tree_root *root);

/* Stops processes that run; the first look begins the freezing. Whatever the result, processes stay stopped until
 * freezer_thaw. */
enum freezing freezer_look(struct freezer *freezer);

/* Continues all processes that freezer_look stopped, and no others. false and errno: the control group exists but
 * cannot be thawed. */
bool freezer_thaw(struct freezer *freezer);

/* The processes; 0 ends the list. The caller frees it. NULL: out of memory. */
pid_t *freezer_list(const struct freezer *freezer);

void freezer_free(struct freezer *freezer);     /* call freezer_thaw first */
