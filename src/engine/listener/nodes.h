/* The nodes of unix sockets and fifos, watched for whoever removes them, so that they are made again without a
 * reload. Nothing of it is there before the first listener that has a node. */
#pragma once

struct engine;
struct listen;

/* Gives the mark of the node that fd, the socket or fifo of listen, was just opened on; 0: it can't be watched, so that a
 * reload is what repairs it. Where somebody was faster and another node lies there, or none, it is looked at soon. */
int nodes_watch(struct engine *engine, const struct listen *listen, int fd);

/* Before the listener is closed; 0 is no mark. */
void nodes_forget(struct engine *engine, int mark);

void nodes_free(struct engine *engine);
