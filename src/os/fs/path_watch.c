/* inotify(7) on nodes of the file system, never on their folders, where unrelated files come and go.
 *
 * A bound socket keeps its inode, so IN_DELETE_SELF comes only when the socket is closed. But unlinking changes the
 * number of links at once, which is IN_ATTRIB, as is a change of the mode. */
#include "os/fs/path_watch.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/fd.h"

#define READS_MOST 64                   /* of 4096 bytes: as many events as the kernel keeps by default */

/* The id's position in the list, or the one to insert it at. */
static size_t find_position(const struct watch_ids *ids, int id)
{
	size_t low = 0, high = ids->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ids->list[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool watch_ids_have(const struct watch_ids *ids, int id)
{
	size_t position = find_position(ids, id);

	return ids->all || (position < ids->count && ids->list[position] == id);
}

void watch_ids_add(struct watch_ids *ids, int id)
{
	size_t position = find_position(ids, id);

	if (watch_ids_have(ids, id))
		return;
	if (ids->count == WATCH_IDS_MOST) {
		ids->all = true;
		return;
	}
	memmove(ids->list + position + 1, ids->list + position, (ids->count - position) * sizeof(*ids->list));
	ids->list[position] = id;
	ids->count++;
}

int path_watch_open(void)
{
	return fd_raise(inotify_init1(IN_NONBLOCK | IN_CLOEXEC), FD_HIGH);
}

int path_watch_add(int watch, const char *path)
{
	return inotify_add_watch(watch, path, IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW);
}

void path_watch_remove(int watch, int id)
{
	inotify_rm_watch(watch, id);
}

static void add_event(const struct inotify_event *event, struct watch_ids *ids)
{
	if (event->mask & IN_Q_OVERFLOW)
		ids->all = true;
	else if (event->mask != IN_IGNORED)     /* the kernel's confirmation of inotify_rm_watch(2) */
		watch_ids_add(ids, event->wd);
}

void path_watch_take(int watch, struct watch_ids *ids)
{
	char bytes[4096];
	struct inotify_event event;

	for (int reads = 0; reads < READS_MOST; reads++) {
		ssize_t length = read(watch, bytes, sizeof(bytes));

		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return;
		for (size_t at = 0; at + sizeof(event) <= (size_t)length; at += sizeof(event) + event.len) {
			memcpy(&event, bytes + at, sizeof(event));
			add_event(&event, ids);
		}
	}
}
