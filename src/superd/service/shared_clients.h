/* Clients of a process that serves several of them (superd/instance/shared_process). plan_shares_process decides which
 * services have one. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/socket/client.h"
#include "superd/instance/instance.h"
#include "superd/instance/runtime.h"

/* Makes the process of an instance that is to be started for this client; owns superd's end of the channel. false and
 * errno: the channel stays the caller's. */
bool shared_clients_open(struct instance *instance, const struct client *client, int channel);

/* Its process has this pid; once it runs its program, it gets further clients. Both do nothing for an instance with a
 * process of its own. */
void shared_clients_begin(struct instance *instance, pid_t pid);
void shared_clients_welcome(struct instance *instance);

/* Gives the client to a process that serves others, whose pid it sets. false: there is none with room. */
bool shared_clients_give(struct service_runtime *runtime, struct instance *instance, const struct client *client,
			 pid_t *pid);

/* The instance is freed: its process forgets it. Does nothing for one with a process of its own. */
void shared_clients_leave(struct instance *instance);

/* Takes over a client of a process that another superd has started, which gets no further clients. channel: that of the
 * process, the same for each of its clients; -1: none. false: out of memory, and the channel is closed with the
 * state. */
bool shared_clients_load(struct instance *instance, const struct child *child, uint64_t socket, int channel);
