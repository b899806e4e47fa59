/* All processes of one backend, stopped and let go. By its control group where it has one of its own, which nobody in
 * it notices; else by SIGSTOP to each of them, until none is left that moves, and SIGCONT in the opposite order.
 *
 * Nothing here waits: whoever freezes looks again and again, until all stand still or it can't be. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "exec/processes/process_tree.h"

enum freezing { FREEZER_MOVING, FREEZER_STILL, FREEZER_FAILED };

struct freezer {
	const char *group;              /* the folder of its control group, borrowed; NULL: it has none that can freeze */
	struct process_tree_root root;
	struct process_tree tree;       /* the processes found so far, if there is no group */
	bool was_still;                 /* all of them stood when the last look ended */
	unsigned looks;
	int error;                      /* of FREEZER_FAILED: errno; 0: some process does not stop */
	pid_t moving;                   /* one that does not stand yet; 0: none, or not known */
};

/* group: NULL, or borrowed like what is in root for as long as the freezer is in use. */
void freezer_init(struct freezer *freezer, const char *group, const struct process_tree_root *root);

/* Stops whoever moves. The first look begins; what is frozen by then or failed stays so until freezer_thaw. */
enum freezing freezer_look(struct freezer *freezer);

/* Continues all processes that freezer_look stopped, and no others. false and errno: the control group exists but
 * cannot be thawed. */
bool freezer_thaw(struct freezer *freezer);

/* The processes, 0 ends the list. NULL: no memory. free() it. */
pid_t *freezer_list(const struct freezer *freezer);

void freezer_free(struct freezer *freezer);     /* thawed before */
