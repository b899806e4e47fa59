/* The nodes of unix sockets and fifos, watched for whoever removes them, so that they are made again without a
 * reload. Nothing of it is there before the first listener that has a node. */
#pragma once

struct engine;

/* Gives the mark of the node at path, which a listener was just opened on; 0: it can't be watched, so that a reload is
 * what repairs it. */
int nodes_watch(struct engine *engine, const char *path);

/* Before the listener is closed; 0 is no mark. */
void nodes_forget(struct engine *engine, int mark);

void nodes_free(struct engine *engine);
