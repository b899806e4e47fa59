/* Stopping all processes of a keeper's current instance, and letting them go on.
 *
 * Being frozen is a matter of the instance: a service that is to sleep until somebody comes is told so by STILLED once
 * its processes are frozen, and is in state FROZEN then; one that is only looked at, before it is ended, stays RUNNING.
 * While it is frozen its watchdog and its limit of time rest. Whatever ends an instance, or parts superd from it, lets
 * its processes go on first. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "engine/service/keeper.h"

/* Begins to stop all processes of the current instance. settled is called in the loop, once, and never from within:
 * they are, or they are going on, which was logged. It is not called when the instance is thawed before. false: there
 * is nothing that can be stopped now, or it is stopped or being stopped already. */
bool frost_begin(struct keeper *keeper, void (*settled)(struct keeper *keeper, bool frozen));

/* At once; also while it is under way. Of a keeper in state FROZEN this is what the table does by itself: tell it
 * ENABLE, or use frost_release. */
void frost_thaw(struct keeper *keeper);

bool frost_is_frozen(const struct keeper *keeper);
bool frost_is_under_way(const struct keeper *keeper);   /* being frozen, and not settled */

/* By the operator: frozen until thawed by hand, or by a client. false, with the reason in why: it can't be. Otherwise
 * the keeper's state is FROZEN in a moment, or it is not, and why is logged; it is under way until then. */
bool frost_hold(struct keeper *keeper, struct buf *why);
bool frost_release(struct keeper *keeper);

/* When it may be frozen again, loop time: one that is frozen and woken again and again stays awake for longer and
 * longer. 0: at any time. */
double frost_rested(const struct keeper *keeper);

/* For the table of actions: the keeper is in state FROZEN now, or leaves it. */
void frost_sleep(struct keeper *keeper);
void frost_wake(struct keeper *keeper);

/* For an upgrade, which only whoever has frozen them can thaw them for: it goes on, and is frozen anew when that is done, or
 * was not to be. It does not count as woken. */
void frost_set_aside(struct keeper *keeper);
