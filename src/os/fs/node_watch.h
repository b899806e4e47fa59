/* Watches nodes of the file system, by one descriptor: reports that a node was removed, renamed, replaced, or changed
 * its mode. It does not report which; the caller looks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define NODE_MARKS_MOST 256

/* The marks of nodes that were touched, ascending. */
struct node_marks {
	int list[NODE_MARKS_MOST];
	size_t count;
	bool all;                       /* too many: any watched node may have been touched */
};

void node_marks_add(struct node_marks *marks, int mark);
bool node_marks_have(const struct node_marks *marks, int mark);

/* A descriptor that is readable once a watched node was touched. -1 and errno. */
int node_watch_open(void);

/* The node's mark, above 0; -1 and errno. Two names of one node have one mark. */
int node_watch_add(int watch, const char *path);
void node_watch_remove(int watch, int mark);

/* Takes what has come since, a bounded number; never blocks. */
void node_watch_take(int watch, struct node_marks *marks);
