/* The guard's children are those of /proc, as nobody else may wait for them. */
#include "superd/process/adopted.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/guard/guard_link.h"
#include "os/proc/process.h"

static size_t count_pids(const pid_t *list)
{
	size_t count = 0;

	while (list[count])
		count++;
	return count;
}

/* Appends the second list but for superd, and frees both. NULL: out of memory. */
static pid_t *join(pid_t *own, pid_t *guards)
{
	size_t own_count = count_pids(own), guards_count = count_pids(guards);
	pid_t *all = realloc(own, (own_count + guards_count + 1) * sizeof(*all));

	if (!all)
		free(own);
	for (size_t n = 0; all && n < guards_count; n++) {
		if (guards[n] != getpid())
			all[own_count++] = guards[n];
	}
	if (all)
		all[own_count] = 0;
	free(guards);
	return all;
}

pid_t *adopted_list(void)
{
	pid_t *own = process_list_children(), *guards;

	if (!own || !guard_pid() || guard_cause() == GUARD_FRESH)
		return own;
	guards = process_list_children_of(guard_pid());
	if (guards)
		return join(own, guards);
	free(own);
	return NULL;
}

bool adopted_lives(pid_t pid)
{
	siginfo_t info = { 0 };
	struct process process;

	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		return info.si_pid == 0;
	return guard_pid() && process_read(pid, &process) && process.parent == guard_pid() && !process.ended;
}
