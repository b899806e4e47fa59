/* A standby is a process of superd's own small programs that has served its connection and waits for the next one,
 * which then costs no start. It belongs to the service and is no instance: it has no client and is counted nowhere.
 * It gets a connection by its channel (engine/accept/channel), and ends when superd closes that. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/list.h"
#include "engine/core/engine.h"

struct group;

/* The standbys of one service; each waits for a second. */
struct standbys {
	struct list list;               /* the longest waiting first */
	unsigned count;
};

void standbys_init(struct standbys *standbys);

/* Owns the channel and its control group from now on. false: there are enough already, or out of memory. */
bool standby_add(struct standbys *standbys, struct engine *engine, pid_t pid, int channel, struct group *group);

/* Takes the last one, which is as warm as any. false: there is none. */
bool standby_take(struct standbys *standbys, pid_t *pid, int *channel, struct group *group);

/* Ends all of them. */
void standbys_dismiss(struct standbys *standbys);
