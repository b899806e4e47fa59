/* Watches nodes of the file system by one descriptor (inotify(7)): a node was removed, renamed or replaced, or its mode
 * changed. It does not report which of these; the caller checks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define WATCH_IDS_MOST 256

/* The watch ids of changed nodes, ascending. A zeroed struct is empty. */
struct watch_ids {
	int list[WATCH_IDS_MOST];
	size_t count;
	bool all;                       /* overflow: any watched node may have changed */
};

void watch_ids_add(struct watch_ids *ids, int id);
bool watch_ids_have(const struct watch_ids *ids, int id);

/* A descriptor that becomes readable when a watched node has changed. -1 and errno. */
int path_watch_open(void);

/* Returns the node's watch id, above 0; -1 and errno. Two names of one node share one id. */
int path_watch_add(int watch, const char *path);
void path_watch_remove(int watch, int id);

/* Reads the events since the last call, a bounded number, and adds their nodes. Never blocks. */
void path_watch_take(int watch, struct watch_ids *ids);
