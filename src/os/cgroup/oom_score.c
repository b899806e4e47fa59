/* Computes oom_score_adj for services, above superd's own. Source: proc_pid_oom_score_adj(5): each point counts as a
 * thousandth of the memory.
 *
 * If superd is PID 1 of a container, or in a control group with a limit, the kernel can choose only between superd and
 * its services. Otherwise services inherit superd's score: then superd competes with the machine's other daemons, and
 * its services deserve no worse. */
#include "os/cgroup/oom_score.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/cgroup/cgroup_delegation.h"

#define ABOVE 100
#define HIGHEST 1000
#define FILE_MOST 64

/* Whether this file of superd's group in a controller's hierarchy, or of a group above it that is visible here, has a
 * number of bytes below CGROUP_UNLIMITED. */
static bool has_limit(const char *controller, const char *file)
{
	char group[PATH_MAX], path[PATH_MAX + 64];
	bool limited = false;

	if (!cgroup_find_own(controller, group, sizeof(group)))
		return false;
	while (!limited && cgroup_is_group(group)) {
		char *text, *last = strrchr(group, '/');
		size_t length;

		snprintf(path, sizeof(path), "%s/%s", group, file);
		text = fd_read_file(path, FILE_MOST, &length);
		limited = text && *text >= '0' && *text <= '9' && strtoull(text, NULL, 10) < CGROUP_UNLIMITED;
		free(text);
		if (last)
			*last = '\0';
	}
	return limited;
}

void oom_score_above_own(char score[OOM_SCORE_TEXT], bool is_first)
{
	size_t length;
	char *text;
	long own;

	score[0] = '\0';
	/* The memory controller is in one of the hierarchies at most. */
	if (!is_first && !has_limit("", "memory.max") && !has_limit("memory", "memory.limit_in_bytes"))
		return;
	text = fd_read_file("/proc/self/oom_score_adj", FILE_MOST, &length);
	if (!text)
		return;
	own = strtol(text, NULL, 10);
	free(text);
	if (own < HIGHEST)
		snprintf(score, OOM_SCORE_TEXT, "%d", (int)(own + ABOVE < HIGHEST ? own + ABOVE : HIGHEST));
}
