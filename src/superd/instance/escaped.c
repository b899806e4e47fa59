/* The processes that have left the group of their instance. Each is known by its pid and its start time, so that a
 * pid that is used again is not taken for it. */
#include "superd/instance/escaped.h"

#include <stdlib.h>
#include <unistd.h>

#include "superd/process/process_tree.h"

static bool is_in_group(pid_t pid, pid_t main, pid_t group)
{
	return pid == main || (group > 1 && getpgid(pid) == group);
}

static void drop_gone(struct process_tree *tree)
{
	for (size_t n = tree->count; n-- > 0;) {
		if (!tree_process_exists(&tree->list[n]))
			process_tree_drop(tree, n);
	}
}

/* Below those that are remembered as well: they may have begun others. */
void escaped_scan(struct process_tree **escaped, pid_t main, pid_t group)
{
	struct process_tree *tree = *escaped;

	if (!tree)
		tree = *escaped = calloc(1, sizeof(*tree));
	if (!tree)
		return;
	drop_gone(tree);
	process_tree_scan_below(tree, main);
	for (size_t n = tree->count; n-- > 0;) {
		if (is_in_group(tree->list[n].pid, main, group))
			process_tree_drop(tree, n);
	}
	if (!tree->count)
		escaped_free(escaped);
}

bool escaped_live(const struct process_tree *escaped)
{
	for (size_t n = 0; escaped && n < escaped->count; n++) {
		if (tree_process_lives(&escaped->list[n]))
			return true;
	}
	return false;
}

void escaped_signal(const struct process_tree *escaped, int signal)
{
	for (size_t n = 0; escaped && n < escaped->count; n++)
		tree_process_signal(&escaped->list[n], signal);
}

void escaped_free(struct process_tree **escaped)
{
	if (!*escaped)
		return;
	process_tree_free(*escaped);
	free(*escaped);
	*escaped = NULL;
}
