/* Nodes in other users' folders: the owner may put links there, or a file system that does not answer. superd makes
 * such nodes in a process of its own, with the owner's rights. Private to os/socket/bind and the files beside it. */
#pragma once

#include "os/foreign/foreign_path.h"
#include "os/socket/bind_internal.h"

/* Whether others can change the way to the listen's node, where it has one. */
bool node_is_foreign(const struct listen *listen, struct path_finding *finding);

/* Runs `open` in such a process. As bind_listen. */
int bind_foreign(bind_opener *open, const struct listen *listen, const struct path_finding *finding, struct buf *why,
		 struct buf *warnings);

/* Removes the node of a socket or fifo, while it is its own. */
void foreign_remove(int fd, const struct listen *listen, const struct path_finding *finding);
