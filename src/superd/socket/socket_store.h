/* Listeners in the store of the program that has started superd, which outlives superd: that of systemd
 * (FileDescriptorStoreMax= of systemd.service(5)). While superd is killed or restarted the store
 * keeps them open, with the clients in their queues. The next superd gets them at its start (struct listen_fds), and
 * takes each for the listener of its name, or of its address.
 *
 * superd stores a listener that it has opened itself under a name made of its service and its endpoint, and removes it
 * when superd closes the listener; at superd's end it stays. The key of an entry is the descriptor of the listener,
 * which stays the same over every reload that keeps it. The next superd gets the entries over an upgrade.
 *
 * superd never waits for a store: it repeats messages that it cannot send, with growing pauses, and logs that once.
 * Without a store all of this does nothing. */
#pragma once

#include <stdbool.h>

#include "superd/loop/engine.h"
#include "table/service/service.h"

/* where: "notify": by NOTIFY_SOCKET; "none": no store; NULL: if the service manager announces one (FDSTORE). */
void socket_store_begin(struct engine *engine, const char *where);

bool socket_store_is_there(const struct engine *engine);        /* also one that superd does not use */

/* Gives a listener, unless the store has it already. */
void socket_store_give(struct engine *engine, const char *service, const struct listen *listen, int fd);

/* The store has this listener under this name. fd -1: it has one that superd does not have any more. */
void socket_store_note(struct engine *engine, int fd, const char *name);

/* Another socket of the same address takes the place of a listener's. */
void socket_store_replace(struct engine *engine, int before, int fd);

/* Called before a listener closes: takes it out, unless superd ends. true: the store has it for a moment longer, or for
 * the next superd. */
bool socket_store_take_out(struct engine *engine, int fd);

/* Whether superd has a copy of this socket that it got back; then closes that, and notes the name. */
bool socket_store_find_copy(struct engine *engine, int fd);

/* Sends the store now as many entries as its socket has room for. */
void socket_store_flush(struct engine *engine);

/* For an upgrade: the name of a listener in the store, NULL: it is not there; and the names to be taken out. */
const char *socket_store_name(const struct engine *engine, int fd);
void socket_store_each_left(const struct engine *engine, void (*act)(void *context, const char *name), void *context);

void socket_store_go_on(struct engine *engine);         /* after an upgrade that has failed */

/* superd ends: from now on nothing is taken out. engine->stopping does that, too. */
void socket_store_keep(struct engine *engine);
void socket_store_free(struct engine *engine);
