/* Closes sockets whose queue may hold descriptors (SCM_RIGHTS) on which close(2) hangs: unix connections, listeners,
 * notify sockets, stored descriptors. A process beside superd closes them (superd/process/close_async). superd counts
 * how many hang for each service, and for the clients of each user. A service with too many accepts no more clients at
 * such sockets until one is closed. */
#pragma once

#include <stdbool.h>

#include "os/socket/client.h"
#include "superd/loop/engine.h"

/* Closes a descriptor of any kind, and sets it to -1. service NULL: it belongs to no service. Plain IP sockets are
 * closed by close(2) at once. */
void close_socket_fd(struct engine *engine, const char *service, int *fd);

/* Closes a unix socket that no other process ever had. If it refuses descriptors (SO_PASSRIGHTS), close(2) cannot hang.
 * On a socket that others have had, that option proves nothing. */
void close_socket_own(struct engine *engine, const char *service, int *fd);

/* Closes a client's connection. For TCP this is close(2), unless a backend has set SO_LINGER on it. */
void close_socket_client(struct engine *engine, const char *service, struct client *client);

/* Closes a listener. alone: no other process uses it, so superd shuts it down first. */
void close_socket_listener(struct engine *engine, const char *service, bool alone, int *fd);

/* Whether too many of the service's descriptors hang; those of clients do not count. */
bool close_socket_is_stuck(struct engine *engine, const char *service);

/* Whether the service may accept clients: it is not stuck, and fewer than CLOSE_PENDING_MOST descriptors of its clients
 * are still to be closed. */
bool close_socket_takes_clients(struct engine *engine, const char *service);

/* Before superd executes another program, which would close what superd itself still has to close. */
void close_socket_leave(void);

void close_socket_free(struct engine *engine);
