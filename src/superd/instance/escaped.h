/* Descendants of an instance's main process that have left its process group, for example by setsid(2). Without a
 * control group superd finds them by their parents while the main process lives, remembers them, and signals them
 * when it stops the instance. It does not find a process whose parents have exited before. The instance owns the
 * tree; a NULL tree is empty. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct process_tree;

/* Adds the processes that have left the group by now. main must not have been reaped. Without memory the tree stays
 * as it is. */
void escaped_scan(struct process_tree **escaped, pid_t main, pid_t group);

bool escaped_live(const struct process_tree *escaped);  /* whether a remembered process lives */
void escaped_signal(const struct process_tree *escaped, int signal);
void escaped_free(struct process_tree **escaped);
