/* One control group with the groups below it: its folder's name, signals to its processes, its removal. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "os/cgroup/cgroup.h"

#define DEPTH_MOST 32

/* Calls `act` for the folder and all folders below it, the deepest first. */
static void each_below(const char *path, int depth, void (*act)(void *context, const char *path), void *context)
{
	DIR *stream = opendir(path);
	char below[PATH_MAX];
	struct dirent *entry;

	while (stream && depth && (entry = readdir(stream))) {
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR &&
		    snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) < (int)sizeof(below))
			each_below(below, depth - 1, act, context);
	}
	if (stream)
		closedir(stream);
	act(context, path);
}

struct group_signal {
	int signal;
	bool failed;                    /* for a process that has not ended meanwhile */
};

static bool send_signal(void *context, long pid)
{
	struct group_signal *sent = context;

	if (pid > 1 && kill((pid_t)pid, sent->signal) < 0)
		sent->failed |= errno != ESRCH;
	return true;
}

static void signal_group(void *context, const char *path)
{
	struct group_signal *sent = context;

	if (!cgroup_each_process(path, send_signal, sent))
		sent->failed |= errno != ENODEV && (errno != ENOENT || access(path, F_OK) == 0);
}

bool cgroup_signal(const char *path, int signal)
{
	struct group_signal sent = { .signal = signal };

	each_below(path, DEPTH_MOST, signal_group, &sent);
	return !sent.failed;
}

/* cgroup.kill exists since Linux 5.14. */
void cgroup_kill(const char *path)
{
	if (!cgroup_write(path, "cgroup.kill", "1"))
		cgroup_signal(path, SIGKILL);
}

static void thaw_group(void *context, const char *path)
{
	(void)context;
	cgroup_write(path, "cgroup.freeze", "0");
}

void cgroup_thaw(const char *path)
{
	each_below(path, DEPTH_MOST, thaw_group, NULL);
}

static void remove_group(void *context, const char *path)
{
	*(bool *)context = rmdir(path) == 0 || errno == ENOENT;
}

bool cgroup_remove(const char *path)
{
	bool gone = rmdir(path) == 0 || errno == ENOENT;

	if (!gone)
		each_below(path, DEPTH_MOST, remove_group, &gone);
	return gone;
}
