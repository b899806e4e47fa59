/* The control group that a service keeps from one instance to the next. Where groups can be made at no cost to the client
 * (spawn_joins), each instance that is handed the listeners is started in it, alone: as long as somebody is in it, as of
 * an instance that drains, the next one gets a group of its own that goes with it (engine/launch/groups). Where there are no groups
 * all goes by process groups, and nobody is told. */
#pragma once

#include "engine/service/keeper.h"

/* Has a start be in the group of its service, or in one of its own; afterwards comes the second. Nothing where its row asks
 * for a group that is made by its child, and for a client of accept = yes. */
void service_group_enter(struct keeper *keeper, struct instance *instance, struct launch *launch);
void service_group_entered(struct keeper *keeper, const struct instance *instance, struct launch *launch);
