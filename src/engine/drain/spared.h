/* Connections at a service's addresses that are nobody's of its current instance: the clients of those that drain
 * (engine/drain/former). */
#pragma once

#include <stdbool.h>

#include "engine/service/keeper.h"
#include "os/netdiag/connections.h"

/* All of them, in order, in place of what is there. false: there are none, or no memory. */
bool spared_gather(struct keeper *keeper, struct guests *guests);
