/* Hearing that something appears at a path where nothing was, or was not right: in the last folder of it that there is.
 * It is heard of the name that is waited for alone, however much goes on beside it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define AWAITED_PATHS_MOST 256          /* of one watch; for the rest nothing is heard */
#define AWAITED_PATH_NAME 256           /* bytes, with the NUL */

/* A folder that is watched, and the name in it. */
struct awaited_path {
	int mark;
	char name[AWAITED_PATH_NAME];
};

struct path_create_watch {
	int fd;                         /* readable when something is to be taken; -1: nothing is heard */
	struct awaited_path *list;
	size_t count, capacity;
};

/* Begins with no path. Nothing is heard on a system without inotify(7), or at its limits. */
void path_create_watch_open(struct path_create_watch *watch);

/* One more absolute path, which superd may follow itself: others can neither lead it elsewhere nor keep superd
 * waiting. */
void path_create_watch_add(struct path_create_watch *watch, const char *path);

bool path_create_watch_take(struct path_create_watch *watch); /* whether something has appeared since; never blocks */
void path_create_watch_close(struct path_create_watch *watch);
