/* Computes oom_score_adj for services, above superd's own. Source: proc_pid_oom_score_adj(5): each point counts as a
 * thousandth of the memory.
 *
 * If superd is PID 1 of a container, or in a control group with a limit, the kernel can choose only between superd and
 * its services. Otherwise services inherit superd's score: then superd competes with the machine's other daemons, and
 * its services deserve no worse. */
#include "os/cgroup/oom_score.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/cgroup/cgroup_delegation.h"

#define ABOVE 100
#define HIGHEST 1000

void oom_score_above_own(char score[OOM_SCORE_TEXT], bool is_first)
{
	size_t length;
	char *text;
	long own;

	score[0] = '\0';
	if (!is_first && !cgroup_has_memory_limit())
		return;
	text = fd_read_file("/proc/self/oom_score_adj", 64, &length);
	if (!text)
		return;
	own = strtol(text, NULL, 10);
	free(text);
	if (own < HIGHEST)
		snprintf(score, OOM_SCORE_TEXT, "%d", (int)(own + ABOVE < HIGHEST ? own + ABOVE : HIGHEST));
}
