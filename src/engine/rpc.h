/* Registration of rpc/ endpoints with rpcbind(8), which tells clients at which port a program is. superd-rpc does it in a
 * process of its own, as rpcbind may be slow, hang, or come later; one such process at a time, and what has to go goes
 * first, so that a withdrawal never meets the registration that comes after it.
 *
 * A registration is known by the descriptor of its listener, which stays the same over every reload that keeps it. */
#pragma once

#include <stdbool.h>

#include "engine/engine.h"
#include "model/service.h"

/* The socket is open: announces the programs of its endpoint at the port it has, again and again with growing pauses
 * until rpcbind takes it. Does nothing for endpoints of other kinds. */
void rpc_announce(struct engine *engine, const char *service, const struct listen *listen, int fd);

/* The socket closes: what was announced for it is withdrawn. */
void rpc_withdraw(struct engine *engine, int fd);

/* Whether something is still to be withdrawn; engine->on_withdrawn is called when that is over. */
bool rpc_is_busy(const struct engine *engine);

/* Forgets all of it; what runs is killed. */
void rpc_free(struct engine *engine);
