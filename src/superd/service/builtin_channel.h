/* The channel between superd and a superd-builtin: a socket pair beside the client's connection. A redirect reports
 * the bytes it moved. tcpmux sends the name that a client sent; superd keeps a copy of that connection. health sends
 * the requested name, services and servers ask for their list, and superd answers with a file. A process that serves
 * several clients says the same of each (superd/service/shared_clients). Owner: struct instance. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "os/socket/client.h"
#include "superd/instance/instance.h"
#include "superd/instance/start_request.h"
#include "superd/instance/runtime.h"

/* Opens the channel of a start, if this service has one, and adds the child's end to the fd map. false: that failed,
 * for the reason in why. */
bool builtin_channel_open(struct service_runtime *runtime, struct instance *instance, struct fd_map *fd_map,
			  const struct client *client, struct buf *why);

/* The instance has ended: reads its last messages and closes the channel. Does nothing without a channel. */
void builtin_channel_finish(struct instance *instance);

/* Closes the channel of an instance, if it has one. */
void builtin_channel_free(struct instance *instance);

/* Returns the descriptor of its channel, also that of a shared process, and sets client to superd's copy of the
 * connection; -1: none. */
int builtin_channel_descriptor(const struct instance *instance, int *client);

/* Takes over the channel of an instance that another superd started. false: out of memory, and both descriptors stay
 * the caller's. */
bool builtin_channel_resume(struct service_runtime *runtime, struct instance *instance, int fd, int client);
