/* Freezes all processes of a runtime's current instance, and thaws them.
 *
 * Only the instance is frozen. If the service has to sleep until a client comes, STILLED brings it to state FROZEN
 * once its processes are frozen; if superd freezes it only to count its clients before it is stopped, it stays
 * RUNNING. While an instance is frozen its watchdog and its time limit rest. Everything that ends an instance, or
 * parts superd from it, thaws it first. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "engine/runtime/runtime.h"
#include "engine/serialize/state_field.h"

/* When a service was frozen. Owner: struct service_runtime; made when it is frozen first, and freed with it. */
struct freeze_times {
	double last_thaw;               /* loop time; 0: never */
	double min_awake;               /* seconds that it stays awake after a thaw at least; 0: it may be frozen at any time */
	double frozen_since;            /* over an upgrade: loop time since when it was frozen, as it will be again; 0: it was not */
};

void freeze_times_free(struct service_runtime *runtime);

/* Begins to freeze all processes of the current instance. settled is called once, in the loop, never from within: they
 * are frozen, or they go on, which was logged. It is not called if the instance is thawed before. false: no instance
 * can be frozen now, or it is frozen or being frozen already. */
bool freeze_begin(struct service_runtime *runtime, void (*settled)(struct service_runtime *runtime, bool frozen));

/* Thaws at once; also while it is being frozen. In state FROZEN the table of transitions does it (ENABLE). */
void freeze_thaw(struct service_runtime *runtime);

void freeze_forget(struct instance *instance);          /* the instance has ended, or is left to itself: thaws it */

bool freeze_is_frozen(const struct service_runtime *runtime);
bool freeze_is_under_way(const struct service_runtime *runtime); /* it is being frozen */

/* An operator's order: frozen until thawed by hand, or by a client. false: it cannot be frozen, for the reason in why.
 * true: the runtime's state is FROZEN in a moment, or that fails, which is logged. */
bool freeze_hold(struct service_runtime *runtime, struct buf *why);

/* A backend that is frozen and woken again and again stays awake for longer and longer, until it sleeps through. */
void freeze_note_sleep(struct freeze_times *times, double slept); /* seconds; it has just been woken */
double freeze_allowed_from(const struct freeze_times *times); /* loop time from which it may be frozen again; 0: at any time */

const struct freeze_times *freeze_times(const struct service_runtime *runtime); /* never frozen: all is 0 */

/* An instance was thawed as it ends: gives back what it had while it was frozen. */
void freeze_release(struct service_runtime *runtime);

/* The runtime is in state FROZEN now (false: its instance is not frozen), or leaves it. */
bool freeze_sleep(struct service_runtime *runtime);
void freeze_wake(struct service_runtime *runtime);

/* For an upgrade, as only the superd that has frozen processes can thaw them: notes what to freeze it by anew when the
 * upgrade is done, or has failed. true: it is frozen or being frozen, and is to be thawed. */
bool freeze_set_aside(struct service_runtime *runtime);
void freeze_stay_awake(struct service_runtime *runtime); /* what froze it before the upgrade does not do so again */

extern const struct field_table saved_freeze;
void freeze_load(struct service_runtime *runtime, struct state_section *section);
