/* What of a keeper can be frozen: its current instance, when nothing is under way with it, and where the search for its
 * processes begins. */
#pragma once

#include <stdbool.h>

#include "engine/service/keeper.h"
#include "exec/processes/clan.h"

struct frost_target {
	struct clan_root root;
	struct file_id *sockets;        /* of the listeners, for the root */
};

const char *frost_target_obstacle(const struct keeper *keeper);         /* NULL: it can be frozen */

/* Anew each time, into a zeroed or used one. false: out of memory. */
bool frost_target_take(struct frost_target *target, struct keeper *keeper);
void frost_target_free(struct frost_target *target);
