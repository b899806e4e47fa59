/* Reads the limits and the usage of groups, and registers for events: triggers of pressure stall information (the
 * kernel's psi.rst), and cgroup v1's notifications (cgroup-v1/memory.rst).
 *
 * Without CAP_SYS_RESOURCE the kernel accepts windows of whole multiples of 2 seconds only. superd has an epoll_ctl(2)
 * of its own, which is for its loop (superd/loop/loop_room), so the calls here go to the kernel directly. */
#include "os/cgroup/memory_room.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/cgroup/cgroup_delegation.h"

#define TRIGGER "some 100000 2000000"   /* 100 ms in 2 s in which a task waited for memory */
#define USAGE_PART 20                   /* cgroup v1: an event when less than this part of the limit is left */
#define FILE_MOST 16384
#define EVENTS_MOST 4

/* The number behind a key at the beginning of a line; key "": at the beginning of the text. -1: there is none. */
static int64_t read_number(const char *folder, const char *file, const char *key)
{
	char path[PATH_MAX], *text, *at;
	size_t length;
	int64_t number = -1;

	if (snprintf(path, sizeof(path), "%s/%s", folder, file) >= (int)sizeof(path))
		return -1;
	at = text = fd_read_file(path, FILE_MOST, &length);
	while (at && strncmp(at, key, strlen(key)) != 0) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	at = at ? at + strlen(key) + strspn(at + strlen(key), " \t") : NULL;
	if (at && *at >= '0' && *at <= '9')
		number = (int64_t)strtoll(at, NULL, 10);
	free(text);
	return number;
}

/* The limit of a group in bytes; 0: none. */
static int64_t read_limit(const char *folder, bool is_v1)
{
	static const char *const files[] = { "memory.max", "memory.high" };
	int64_t lowest = 0;

	for (int n = 0; n < (is_v1 ? 1 : 2); n++) {
		int64_t limit = read_number(folder, is_v1 ? "memory.limit_in_bytes" : files[n], "");

		if (limit > 0 && limit < CGROUP_UNLIMITED && (!lowest || limit < lowest))
			lowest = limit;
	}
	return lowest;
}

/* Of superd's group and all above it, the one with the lowest limit. */
static void find_group(struct memory_sensor *sensor, bool is_v1)
{
	char path[PATH_MAX], *last = NULL;
	int64_t lowest = 0;

	if (sensor->group || !cgroup_find_own(is_v1 ? "memory" : "", path, sizeof(path)))
		return;
	do {
		int64_t limit = read_limit(path, is_v1);

		if (limit && (!lowest || limit < lowest)) {
			char *found = strdup(path);

			free(sensor->group);
			sensor->group = found;
			sensor->is_v1 = is_v1;
			lowest = limit;
		}
		last = strrchr(path, '/');
		if (last)
			*last = '\0';
	} while (last && cgroup_is_group(path));
}

static void add_event(struct memory_sensor *sensor, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (sensor->events < 0)
		sensor->events = fd_raise(epoll_create1(EPOLL_CLOEXEC), FD_HIGH);
	if (sensor->events >= 0)
		syscall(SYS_epoll_ctl, sensor->events, EPOLL_CTL_ADD, fd, &event);
}

/* The kernel takes the text with the NUL at its end. */
static int open_trigger(struct memory_sensor *sensor, const char *path)
{
	int fd = fd_raise(open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK), FD_HIGH);

	if (fd >= 0 && write(fd, TRIGGER, sizeof(TRIGGER)) < 0)
		fd_close(&fd);
	if (fd >= 0)
		add_event(sensor, fd, EPOLLPRI);
	return fd;
}

/* Writes "EVENTFD FILE ARGUMENT" for one kind of notification. */
static void notify_of(const struct memory_sensor *sensor, const char *file, const char *argument)
{
	char path[PATH_MAX], text[96];
	int fd = -1;

	if (snprintf(path, sizeof(path), "%s/%s", sensor->group, file) < (int)sizeof(path))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	snprintf(text, sizeof(text), "%d %d %s", sensor->level, fd, argument);
	cgroup_write(sensor->group, "cgroup.event_control", text);
	fd_close(&fd);
}

static void open_notifications(struct memory_sensor *sensor)
{
	int64_t limit = read_limit(sensor->group, true);
	char text[32];

	sensor->level = fd_raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), FD_HIGH);
	if (sensor->level < 0)
		return;
	snprintf(text, sizeof(text), "%lld", (long long)(limit - limit / USAGE_PART));
	notify_of(sensor, "memory.usage_in_bytes", text);
	notify_of(sensor, "memory.pressure_level", "medium");
	add_event(sensor, sensor->level, EPOLLIN);
}

void memory_sensor_open(struct memory_sensor *sensor)
{
	char path[PATH_MAX];

	*sensor = (struct memory_sensor){ .is_open = true, .events = -1, .level = -1, .pressure = { -1, -1 } };
	find_group(sensor, false);
	find_group(sensor, true);
	sensor->pressure[0] = open_trigger(sensor, "/proc/pressure/memory");
	if (sensor->group && sensor->is_v1)
		open_notifications(sensor);
	else if (sensor->group && snprintf(path, sizeof(path), "%s/memory.pressure", sensor->group) < (int)sizeof(path))
		sensor->pressure[1] = open_trigger(sensor, path);
}

void memory_sensor_close(struct memory_sensor *sensor)
{
	if (!sensor->is_open)
		return;
	fd_close(&sensor->events);
	fd_close(&sensor->level);
	fd_close(&sensor->pressure[0]);
	fd_close(&sensor->pressure[1]);
	free(sensor->group);
	*sensor = (struct memory_sensor){ 0 };
}

void memory_sensor_read(const struct memory_sensor *sensor, struct memory_room *group, struct memory_room *machine)
{
	int64_t total = read_number("/proc", "meminfo", "MemTotal:");
	int64_t available = read_number("/proc", "meminfo", "MemAvailable:"), used, files;

	*group = *machine = (struct memory_room){ 0 };
	if (total > 0 && available >= 0)
		*machine = (struct memory_room){ .total = total * 1024, .used = (total - available) * 1024 };
	if (!sensor->group)
		return;
	used = read_number(sensor->group, sensor->is_v1 ? "memory.usage_in_bytes" : "memory.current", "");
	files = read_number(sensor->group, "memory.stat", sensor->is_v1 ? "total_inactive_file " : "inactive_file ");
	group->total = used < 0 ? 0 : read_limit(sensor->group, sensor->is_v1);
	group->used = files > 0 && files < used ? used - files : used;
}

/* A trigger reports one event in a window at most, and epoll_wait(2) takes it. */
bool memory_sensor_hear(struct memory_sensor *sensor)
{
	struct epoll_event events[EVENTS_MOST];
	int count = sensor->events < 0 ? 0 : epoll_wait(sensor->events, events, EVENTS_MOST, 0);
	uint64_t number;
	bool waits = false;

	for (int n = 0; n < count; n++) {
		if (events[n].data.fd == sensor->level)
			(void)!read(sensor->level, &number, sizeof(number));
		else if (events[n].events & EPOLLERR)   /* its group is gone */
			syscall(SYS_epoll_ctl, sensor->events, EPOLL_CTL_DEL, events[n].data.fd, NULL);
		else
			waits = true;
	}
	return waits;
}
