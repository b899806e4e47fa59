/* Watches paths without a usable file for a file that appears or changes (inotify(7)). It watches the deepest existing
 * folder of a path, and reports events for the awaited name only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define AWAITED_PATHS_MOST 256          /* paths of one watch; further paths are not watched */
#define AWAITED_PATH_NAME 256           /* bytes, with the NUL */

/* A watched folder and the awaited name in it. */
struct awaited_path {
	int watch_id;                   /* inotify's watch descriptor of the folder */
	char name[AWAITED_PATH_NAME];
};

struct path_create_watch {
	int fd;                         /* inotify descriptor, readable when there are events; -1: none */
	struct awaited_path *list;
	size_t count, capacity;
};

/* Opens a watch without paths. On a system without inotify(7), or at its limits, the watch reports nothing. */
void path_create_watch_open(struct path_create_watch *watch);

/* Adds an absolute path. superd follows it itself, so no other user may be able to redirect it, or to make superd
 * wait. */
void path_create_watch_add(struct path_create_watch *watch, const char *path);

bool path_create_watch_take(struct path_create_watch *watch); /* whether something has appeared since the last call; never blocks */
void path_create_watch_close(struct path_create_watch *watch);
