/* Watches the nodes of unix sockets and fifos: superd makes a node again that a process removes, without a reload.
 * Nothing is allocated before the first listener that has a node. */
#pragma once

struct engine;
struct listen;

/* Returns the mark of the node that fd, the socket or fifo of listen, was just opened on; 0: it cannot be watched,
 * so only a reload repairs it. If by now another node lies there, or none, superd looks at it soon. */
int nodes_watch(struct engine *engine, const struct listen *listen, int fd);

/* Called before the listener is closed. mark 0: nothing to do. */
void nodes_forget(struct engine *engine, int mark);

void nodes_free(struct engine *engine);
