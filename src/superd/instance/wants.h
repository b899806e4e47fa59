/* The services that a service needs beside it (table/service/need), as a proxy needs the server behind it. Its start waits
 * until each of them is ready, has done its work, or has failed, unless it starts beside or behind. One with start =
 * wanted is stopped when no service needs it any more. One with accept = yes is none of these: each client starts it.
 *
 * The list is service_list->wanting: the services that wait for others or have an instance. Few need others, so each
 * question is a walk over it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct engine;
struct service_runtime;

/* Called when a start is due: starts what it needs. true: one of them is not ready yet; the start waits, and ROOM follows
 * when one has changed. */
bool wants_wait(struct service_runtime *runtime);

/* Called when a start goes on. false: one that it requires does not run, for the reason in why. Logs those that it only
 * wants. */
bool wants_are_there(struct service_runtime *runtime, struct buf *why);

/* Whether its start waits now. */
bool wants_is_waiting(const struct service_runtime *runtime);

/* Called after each event of a service, and when an instance of it has ended. */
void wants_follow(struct service_runtime *runtime);

/* The same for all services, after a reload or an upgrade. */
void wants_follow_all(struct engine *engine);

/* Returns a service that needs this one now; NULL: there is none. */
const struct service_runtime *wants_find(const struct service_runtime *runtime);

/* Returns the next service that its start waits for, from the place *at, which it moves on; NULL: no more. */
const char *wants_next(const struct service_runtime *runtime, size_t *at);
