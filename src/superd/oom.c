/* Whether the kernel has killed a program because memory was short: asked at an end by a SIGKILL that superd did not
 * send. Its control group counts that; without one the group that superd itself is in, as in a container; at last the
 * machine, whose count may mean any process. */
#include "superd/daemon.h"

/* The number behind "oom_kill" in a file of the kernel's; -1: there is none. */
static int64_t read_kills(const char *folder, const char *file)
{
	char path[PATH_MAX], *text = NULL;
	const char *at;
	long long kills = -1;
	size_t length;

	if (snprintf(path, sizeof(path), "%s/%s", folder, file) < (int)sizeof(path))
		text = fd_read_file(path, 65536, &length);
	at = text ? strstr(text, "\noom_kill ") : NULL; /* it is no file's first line */
	if (at && sscanf(at, " oom_kill %lld", &kills) != 1)
		kills = -1;
	free(text);
	return kills;
}

/* Of the group that superd is in. *where: what it is, for the log. */
static int64_t read_own_kills(const char **where)
{
	char path[PATH_MAX];
	const char *wrong;
	int64_t kills = -1;

	*where = "its control group";
	if (cgroup_find_own("memory", path, sizeof(path), &wrong))
		kills = read_kills(path, "memory.oom_control");
	else if (cgroup_find_own("", path, sizeof(path), &wrong))
		kills = read_kills(path, "memory.events");
	if (kills < 0) {
		*where = "the machine";
		kills = read_kills("/proc", "vmstat");
	}
	return kills;
}

/* Kills before are none of this superd's programs. */
void oom_begin(void)
{
	const char *where;

	superd.oom_kills = read_own_kills(&where);
}

bool oom_has_killed(struct instance *instance)
{
	const struct amount *most = &instance->row->groups->resources->memory_max;
	struct svc *svc = instance->svc;
	int64_t before = instance->cgroup_is_reused ? svc->run->oom_kills : 0, kills = -1;
	bool is_probable = false;
	const char *where;

	if (instance->cgroup)
		kills = read_kills(instance->cgroup, "memory.events");
	if (kills >= 0) {
		svc->run->oom_kills = kills; /* the next instance may get the group */
		where = most->number >= 0 || most->share >= 0 ? "memory_max" : "its control group";
	} else {
		before = superd.oom_kills;
		kills = superd.oom_kills = read_own_kills(&where);
		is_probable = true;
	}
	if (before < 0 || kills <= before)
		return false;
	svc_say(svc, LEVEL_WARNING, "oom-kill", "the kernel %skilled pid %ld for lack of memory: %s had no more",
		is_probable ? "probably " : "", (long)instance->pid, where);
	return true;
}
