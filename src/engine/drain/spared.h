/* Connections at a service's addresses that do not belong to its current instance: the clients of draining ones
 * (engine/drain/former). */
#pragma once

#include <stdbool.h>

#include "engine/service/keeper.h"
#include "os/netdiag/connections.h"

/* Replaces guests by all of them, in order. false: there are none, or no memory. */
bool spared_gather(struct keeper *keeper, struct guests *guests);
