/* The channel between superd and a superd-builtin, beside its connection. A redirect sends the bytes it moved, and
 * gets its next connection. tcpmux sends the name that a client sent; superd keeps a copy of that connection. health
 * sends the name it was asked for, and gets superd's answer. The lists get their text. One for each instance that
 * needs it. */
#pragma once

#include "base/buf.h"
#include "engine/instance/instance.h"
#include "engine/launch/start_request.h"
#include "engine/runtime/runtime.h"
#include "os/socket/client.h"

/* Opens the channel of a start, if this service has one, and adds the child's end to the wiring. false: that failed,
 * for the reason in why. */
bool builtin_channel_open(struct service_runtime *runtime, struct instance *instance, struct fd_map *fd_map,
			  const struct client *client, struct buf *why);

/* Gives the connection to a standby of this service, and opens its channel. false: there is none. */
bool builtin_channel_reuse(struct service_runtime *runtime, struct instance *instance, const struct client *client,
			   pid_t *pid);

/* The instance has ended: reads its last messages and closes the channel. Does nothing without a channel. */
void builtin_channel_finish(struct instance *instance);

/* Closes the channel of an instance, if it has one. */
void builtin_channel_free(struct instance *instance);

/* Returns its descriptor, and sets client to its copy of the connection; -1: none. */
int builtin_channel_descriptor(const struct instance *instance, int *client);

/* The channel of an instance that another superd started; takes both over. false: out of memory, they are the
 * caller's. */
bool builtin_channel_resume(struct service_runtime *runtime, struct instance *instance, int fd, int client);
