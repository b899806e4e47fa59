/* Connections of probe_from, which are nobody's: health checks and load balancers that only look whether somebody
 * listens. Where superd accepts itself they are closed at once, before the gate. Where a backend would have to be started
 * or woken for them the kernel is asked who waits in the queue, by engine/clients/census, while nobody is let in. */
#pragma once

#include <stdbool.h>

#include "engine/service/keeper.h"

/* accept = yes. true: it was one, and is closed and counted. */
bool probes_take(struct keeper *keeper, struct client *client);

/* accept = no: somebody is at one of its listeners while nothing of it runs. true: those who wait are looked at first;
 * ACTIVITY follows where one of them is no probe. */
bool probes_ward_off(struct keeper *keeper);

/* Whether a connection that a backend has, of which this is a copy, is a probe's: it is not woken for that. */
bool probes_own(const struct keeper *keeper, int fd);

/* Nobody is to hear the answer any more. */
void probes_forget(struct keeper *keeper);
