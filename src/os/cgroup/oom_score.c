/* On a machine of its own superd is one of many, and an administrator's other daemons are no better than its backends.
 * In a container it is process 1, and in a group with a limit only its backends are there to be chosen in its place.
 * The kernel adds a thousandth of the memory there is for each point. Source: proc_pid_oom_score_adj(5). */
#include "os/cgroup/oom_score.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "os/cgroup/cgroup_place.h"

#define ABOVE 100
#define HIGHEST 1000

void oom_score_above_own(char score[OOM_SCORE_TEXT])
{
	size_t length;
	char *text;
	long own;

	score[0] = '\0';
	if (getpid() != 1 && !cgroup_has_memory_limit())
		return;
	text = fd_read_file("/proc/self/oom_score_adj", 64, &length);
	if (!text)
		return;
	own = strtol(text, NULL, 10);
	free(text);
	if (own < HIGHEST)
		snprintf(score, OOM_SCORE_TEXT, "%d", (int)(own + ABOVE < HIGHEST ? own + ABOVE : HIGHEST));
}
