/* Watches nodes of the file system, by one descriptor: reports that a node was removed, renamed, replaced, or changed
 * its mode. It does not report which; the caller looks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define WATCH_IDS_MOST 256

/* The marks of nodes that were touched, ascending. */
struct watch_ids {
	int list[WATCH_IDS_MOST];
	size_t count;
	bool all;                       /* too many: any watched node may have been touched */
};

void watch_ids_add(struct watch_ids *marks, int mark);
bool watch_ids_have(const struct watch_ids *marks, int mark);

/* A descriptor that is readable once a watched node was touched. -1 and errno. */
int path_watch_open(void);

/* The node's mark, above 0; -1 and errno. Two names of one node have one mark. */
int path_watch_add(int watch, const char *path);
void path_watch_remove(int watch, int mark);

/* Takes what has come since, a bounded number; never blocks. */
void path_watch_take(int watch, struct watch_ids *marks);
