/* One control group, with the groups below it: opened, signalled, thawed, removed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/cgroup/cgroup.h"

#define DEPTH_MOST 32

/* Part of each start, so it takes as few system calls as possible and checks nothing. */
int cgroup_service_open(const char *path, bool *fresh)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*fresh = fd < 0 && errno == ENOENT && mkdir(path, 0755) == 0;
	return *fresh ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : fd;
}

bool cgroup_service_reopen(const char *path, int fd)
{
	bool fresh, done;
	int again = cgroup_service_open(path, &fresh);

	done = again >= 0 && dup3(again, fd, O_CLOEXEC) == fd;
	fd_close(&again);
	return done;
}

int cgroup_open_events(int folder)
{
	return openat(folder, "cgroup.events", O_RDONLY | O_CLOEXEC);
}

/* The kernel writes these few short lines anew for each read at offset 0. */
int cgroup_read_events(int events)
{
	char text[256];
	ssize_t got = pread(events, text, sizeof(text) - 1, 0);

	if (got < 0)
		return -1;
	text[got] = '\0';
	return strstr(text, "populated 1") ? 1 : 0;
}

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

bool cgroup_is_populated(const char *path)
{
	char file[PATH_MAX], text[256];
	ssize_t length;
	int fd;

	/* At each end of an instance, so with as few system calls as possible. */
	snprintf(file, sizeof(file), "%s/cgroup.events", path);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	fd_close(&fd);
	text[length > 0 ? length : 0] = '\0';
	return strstr(text, "populated 1");
}
