/* Watches the paths of unix sockets and fifos with inotify(7): if a process removes one, superd makes it again
 * without a reload. The state is allocated at the first listener with a path. */
#pragma once

struct engine;
struct listen;
struct watch_ids;

/* Begins to watch the path on which fd, the socket or fifo of listen, was just opened. Returns its mark (an inotify
 * watch descriptor); 0: it cannot be watched, so only a reload repairs it. If another file or none is at the path by
 * now, superd checks it soon. */
int socket_path_watch_watch(struct engine *engine, const struct listen *listen, int fd);

/* For engine->events.paths_touched. The first returns the marks of paths that a process may have changed. The second
 * asks to check a path later, as that cannot be done now; mark 0: it has none, and superd checks all paths. */
const struct watch_ids *socket_path_watch_touched(struct engine *engine);
void socket_path_watch_look_later(struct engine *engine, int mark);

/* Stops watching a path, before its listener closes. mark 0: nothing to do. */
void socket_path_watch_forget(struct engine *engine, int mark);

void socket_path_watch_free(struct engine *engine);
