/* A process of superd's own small programs that has served its connection and waits for the next one, which so costs no
 * start. It is a process of the service and no instance: it serves nobody and is counted nowhere. Its channel
 * (engine/accept/channel) is how it is given a connection, and once superd closes that, it ends. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/list.h"
#include "engine/core/engine.h"

struct group;

/* Those of one service; each waits for a second. */
struct standbys {
	struct list list;               /* the one that has waited longest first */
	unsigned count;
};

void standbys_init(struct standbys *standbys);

/* Takes the channel over, and the control group it is in. false: there are enough already, or no memory is left. */
bool standby_add(struct standbys *standbys, struct engine *engine, pid_t pid, int channel, struct group *group);

/* Gives the last one back, which is as warm as any. false: there is none. */
bool standby_take(struct standbys *standbys, pid_t *pid, int *channel, struct group *group);

/* Has all of them end. */
void standbys_dismiss(struct standbys *standbys);
