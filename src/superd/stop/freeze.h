/* Freezes all processes of a service's current instance, and thaws them.
 *
 * If the service sleeps until a client comes, the event STILLED brings it to state FROZEN once its processes are
 * frozen. If superd freezes it only to count its clients before a stop, it stays RUNNING. While an instance is
 * frozen, its watchdog and its time limit are paused. superd thaws an instance before it stops it or leaves it to
 * itself. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "superd/instance/runtime.h"

/* Whether all connections of the current instance can be watched while it is frozen, as far as superd knows. */
bool freeze_watches_all(const struct service_runtime *runtime);

/* The processes of the current instance and its relay, frozen or not; 0 ends the list. The caller frees it. NULL: there
 * are none, no memory, or superd cannot find them. */
pid_t *freeze_list_processes(struct service_runtime *runtime);

/* Begins to freeze all processes of the current instance. SETTLED follows: the processes are frozen, or that failed, which
 * was logged. It does not if the instance is thawed before. false: there is no instance that can be frozen now, or it is
 * frozen or being frozen already. */
bool freeze_begin(struct service_runtime *runtime);

/* Thaws at once, also while it is being frozen. In state FROZEN the transition table does it (ENABLE). */
void freeze_thaw(struct service_runtime *runtime);

void freeze_forget(struct instance *instance);          /* thaws and frees, when the instance has ended or is left to itself */

bool freeze_is_frozen(const struct service_runtime *runtime);
bool freeze_is_under_way(const struct service_runtime *runtime); /* whether it is being frozen */
bool freeze_is_operators(const struct service_runtime *runtime); /* whether an operator has ordered that */

/* Freezes by an operator's order, until an operator or a client thaws it. true: the state will be FROZEN, or a failure
 * is logged. false: it cannot be frozen; why gets the reason. */
bool freeze_hold(struct service_runtime *runtime, struct buf *why);

double freeze_last_thaw(const struct service_runtime *runtime); /* loop time when the current instance was thawed; 0: never */

/* Frees what an instance needed only while it was frozen; called after instance_thaw. */
void freeze_release(struct service_runtime *runtime);

/* Called when the service enters state FROZEN (false: its instance is not frozen), and when it leaves it. */
bool freeze_sleep(struct service_runtime *runtime);
void freeze_wake(struct service_runtime *runtime);
