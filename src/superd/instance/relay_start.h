/* Begins the relay of an instance (superd/instance/relay). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct child;
struct instance;
struct relayed;

/* Begins the relay, if the service has one. false: out of memory. */
bool relay_begin(struct instance *instance);

/* Takes over the process that the previous superd has started; fd: its channel, which the relay owns from now on. -1:
 * it starts a process. was_up: the program has answered before. relayed: its traffic that is counted already. false:
 * out of memory. */
bool relay_resume(struct instance *instance, const struct child *child, int fd, bool was_up,
		  const struct relayed *relayed);
