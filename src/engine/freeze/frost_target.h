/* The target of a freezing: a keeper's current instance, if nothing is under way with it, and the start of the
 * search for its processes. */
#pragma once

#include <stdbool.h>

#include "engine/service/keeper.h"
#include "exec/processes/clan.h"

struct frost_target {
	struct clan_root root;
	struct file_id *sockets;        /* sockets of the listeners, for root */
};

const char *frost_target_obstacle(const struct keeper *keeper);         /* NULL: it can be frozen */

/* Fills a zeroed or used target anew. false: out of memory. */
bool frost_target_take(struct frost_target *target, struct keeper *keeper);
void frost_target_free(struct frost_target *target);
