/* Why and for how long a service rests: its listeners are not watched meanwhile, so nobody is refused and all wait in
 * the kernel's queue, unless trigger_limit_action has them closed. A function that gives true has logged it and set the
 * pause; the caller raises LIMITED. */
#pragma once

#include "engine/service/keeper.h"

/* As many as cps or trigger_limit let in have come already. Needs the activity. client: who is one too many; NULL: it is not
 * known. */
bool rest_is_due(struct keeper *keeper, const struct client *client);

/* The same without a word: one more would be too many. */
bool rest_is_near(const struct keeper *keeper);

/* accept = yes: one more would be too many, and is turned away while the service goes on. */
bool rest_turns_away(const struct keeper *keeper);

/* accept = no, whose clients superd never sees: it is no time of access_times, or the machine is as loaded as max_load.
 * Needs the activity. */
bool rest_for_moment(struct keeper *keeper);

/* The name of a service as its inetd table has it: without what the reader puts behind to tell rows apart. Pure, for the
 * log; gives the length. */
size_t rest_inetd_name(const char *name);
