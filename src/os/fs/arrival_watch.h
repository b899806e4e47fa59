/* Hearing that something appears at a path where nothing was, or was not right: in the last folder of it that there is. It is
 * heard of the name that is waited for alone, however much goes on beside it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define ARRIVALS_MOST 256               /* of one watch; for the rest nothing is heard */
#define ARRIVAL_NAME 256                /* bytes, with the NUL */

/* A folder that is watched, and the name in it. */
struct arrival {
	int mark;
	char name[ARRIVAL_NAME];
};

struct arrival_watch {
	int fd;                         /* readable when something is to be taken; -1: nothing is heard */
	struct arrival *list;
	size_t count, capacity;
};

/* Begins with no path. Nothing is heard on a system without inotify(7), or at its limits. */
void arrival_watch_open(struct arrival_watch *watch);

/* One more absolute path, which superd may follow itself: others can neither lead it elsewhere nor keep superd waiting. */
void arrival_watch_add(struct arrival_watch *watch, const char *path);

bool arrival_watch_take(struct arrival_watch *watch);   /* whether something has appeared since; never blocks */
void arrival_watch_close(struct arrival_watch *watch);
