/* Closing what a stranger could have filled with descriptors that hang when they are dropped: unix connections,
 * listeners, notification sockets, stored descriptors. A process beside superd does it (exec/worker/close_async); how
 * many hang for a service, or for one user's clients of it, is counted. A service with too many takes no more clients
 * by such sockets until one has come back. */
#pragma once

#include <stdbool.h>

#include "engine/core/engine.h"
#include "os/socket/client.h"

/* A descriptor of any kind; sets it to -1. service NULL: it is nobody's. Only what a backend or a client could have
 * sent along with, or made of, costs more than close(2). */
void close_socket_fd(struct engine *engine, const char *service, int *fd);

/* A unix socket that nobody but superd ever had: where the kernel has kept descriptors out of it, it is closed at
 * once. What others have had may say so and hold some all the same. */
void close_socket_own(struct engine *engine, const char *service, int *fd);

/* A connection that was turned away, or handed on. For TCP this is close(2), unless a backend has had it linger. */
void close_socket_client(struct engine *engine, const char *service, struct client *client);

/* A listener that superd does not go on with. alone: nobody else uses it, so it is shut down first. */
void close_socket_listener(struct engine *engine, const char *service, bool alone, int *fd);

/* Whether so many of its descriptors hang that it is to take no more. Those of clients do not count, */
bool close_socket_is_stuck(struct engine *engine, const char *service);

/* nor here, as each user waits for his own alone, unless so many are not closed yet that there is no end to it. */
bool close_socket_takes_clients(struct engine *engine, const char *service);

void close_socket_free(struct engine *engine);
