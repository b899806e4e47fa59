/* Watches the nodes of unix sockets and fifos: superd makes a node again that a process removes, without a reload.
 * Nothing is allocated before the first listener that has a node. */
#pragma once

struct engine;
struct listen;
struct watch_ids;

/* Returns the mark of the node that fd, the socket or fifo of listen, was just opened on; 0: it cannot be watched,
 * so only a reload repairs it. If by now another node lies there, or none, superd looks at it soon. */
int socket_path_watch_watch(struct engine *engine, const struct listen *listen, int fd);

/* For engine->events.paths_touched: the marks of the nodes that somebody may have removed or replaced; and one that cannot be looked
 * at now (0: it has no mark). */
const struct watch_ids *socket_path_watch_touched(struct engine *engine);
void socket_path_watch_look_later(struct engine *engine, int mark);

/* Called before the listener is closed. mark 0: nothing to do. */
void socket_path_watch_forget(struct engine *engine, int mark);

void socket_path_watch_free(struct engine *engine);
