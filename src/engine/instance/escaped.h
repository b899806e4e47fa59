/* Processes below an instance's main process that have left its group, as by setsid(2), where no control group has
 * them: a stop ends them as well. superd finds them by their parents while the main process lives, and remembers
 * them. A process whose parents are gone by then is not found. A tree that is NULL is empty. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct process_tree;

/* Adds the processes that are there now. main must not have been reaped. */
void escaped_scan(struct process_tree **escaped, pid_t main, pid_t group);

bool escaped_live(const struct process_tree *escaped);  /* a remembered process lives */
void escaped_signal(const struct process_tree *escaped, int signal);
void escaped_free(struct process_tree **escaped);
