/* inotify(7) on folders. If a folder on the way is missing too, superd waits for its name in the folder above it. */
#include "os/fs/path_create_watch.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"

#define READS_MOST 64                   /* of 4096 bytes: as many events as the kernel keeps by default */

void path_create_watch_open(struct path_create_watch *watch)
{
	*watch = (struct path_create_watch){ .fd = fd_raise(inotify_init1(IN_NONBLOCK | IN_CLOEXEC), FD_HIGH) };
}

static int watch_folder(const struct path_create_watch *watch, const char *folder)
{
	return inotify_add_watch(watch->fd, *folder ? folder : "/",
				 IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_ONLYDIR | IN_MASK_ADD);
}

void path_create_watch_add(struct path_create_watch *watch, const char *path)
{
	char folder[PATH_MAX], *slash;
	struct awaited_path awaited = { .watch_id = -1 };
	struct awaited_path *list;

	if (watch->fd < 0 || watch->count == AWAITED_PATHS_MOST ||
	    snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
		return;
	while (awaited.watch_id < 0 && (slash = strrchr(folder, '/'))) {
		*slash = '\0';
		if (snprintf(awaited.name, sizeof(awaited.name), "%s", slash + 1) >= (int)sizeof(awaited.name))
			return;
		awaited.watch_id = watch_folder(watch, folder);
	}
	list = awaited.watch_id < 0 ? NULL : array_grow(watch->list, &watch->capacity, watch->count, sizeof(*list));
	if (!list)
		return;
	watch->list = list;
	watch->list[watch->count++] = awaited;
}

static bool is_awaited(const struct path_create_watch *watch, const struct inotify_event *event, const char *name)
{
	for (size_t n = 0; n < watch->count; n++) {
		if (watch->list[n].watch_id == event->wd && event->len && !strcmp(watch->list[n].name, name))
			return true;
	}
	return event->mask & IN_Q_OVERFLOW;
}

bool path_create_watch_take(struct path_create_watch *watch)
{
	char bytes[4096];
	struct inotify_event event;
	bool any = false;

	for (int reads = 0; reads < READS_MOST; reads++) {
		ssize_t length = read(watch->fd, bytes, sizeof(bytes));

		if (length <= 0)
			break;
		for (size_t at = 0; at + sizeof(event) <= (size_t)length; at += sizeof(event) + event.len) {
			memcpy(&event, bytes + at, sizeof(event));
			any |= is_awaited(watch, &event, bytes + at + sizeof(event));
		}
	}
	return any;
}

void path_create_watch_close(struct path_create_watch *watch)
{
	fd_close(&watch->fd);
	free(watch->list);
	watch->list = NULL;
	watch->count = watch->capacity = 0;
}
