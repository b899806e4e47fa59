/* Registration of rpc/ endpoints with rpcbind(8), which tells clients at which port a program is. superd-rpc does it
 * in a process of its own, as rpcbind may be slow, hang, or come later; one such process at a time, and what has to
 * go goes first, so that a withdrawal never meets the registration that comes after it.
 *
 * A registration is known by the descriptor of its listener, which stays the same over every reload that keeps it. */
#pragma once

#include <stdbool.h>

#include "config/service/service.h"
#include "engine/core/engine.h"
#include "engine/serialize/state_field.h"

/* The socket is open: announces the programs of its endpoint at the port it has, again and again with growing pauses
 * until rpcbind takes it. Does nothing for endpoints of other kinds. */
void rpc_announce(struct engine *engine, const char *service, const struct listen *listen, int fd);

/* The socket closes: what was announced for it is withdrawn. A rpcbind that does not answer is asked again with growing
 * pauses, for a quarter of an hour; when superd ends only once. */
void rpc_withdraw(struct engine *engine, int fd);

/* Whether rpcbind knows of this listener; and that it does, for one that another superd announced. */
bool rpc_is_registered(const struct engine *engine, int fd);
void rpc_note_registered(struct engine *engine, int fd);

/* Whether something is still to be withdrawn; engine->events.ended is set when that is over. */
bool rpc_owes(const struct engine *engine);

/* For an upgrade. While the engine is quiet nothing is begun; what is under way can be set aside, to be done again. */
bool rpc_is_busy(const struct engine *engine);  /* superd-rpc is running */
void rpc_set_aside(struct engine *engine);
void rpc_go_on(struct engine *engine);          /* at superd's end, too: everything that waits is tried now */

/* A registration that still has to be withdrawn. */
struct rpc_debt {
	const char *service, *program, *transports, *port;
	bool set;                       /* rpcbind surely has it */
};

extern const struct field_table debt_state;

void rpc_each_debt(const struct engine *engine, void (*act)(void *context, const struct rpc_debt *debt), void *context);
bool rpc_take_debt(struct engine *engine, const struct rpc_debt *debt); /* false: out of memory, or not a whole one */

/* Forgets all registrations, logs those that stay with rpcbind, and kills superd-rpc. */
void rpc_free(struct engine *engine);
