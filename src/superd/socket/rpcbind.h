/* Registers rpc/ endpoints with rpcbind(8), which gives clients the port of a program. superd-rpc does that in a
 * process of its own, as rpcbind may be slow, hang, or start later. One such process runs at a time. Withdrawals come
 * first: a late one would remove the new registration of the same port.
 *
 * The key of a registration is the descriptor of its listener, which stays the same over every reload that keeps
 * it. */
#pragma once

#include <stdbool.h>

#include "superd/loop/engine.h"
#include "superd/saved/state_field.h"
#include "table/service/service.h"

/* Registers the program of an open socket's endpoint at its port. Tries again with growing pauses until rpcbind
 * accepts it. Does nothing for endpoints of other kinds. */
void rpc_announce(struct engine *engine, const char *service, const struct listen *listen, int fd);

/* The socket closes: withdraws its registration. If rpcbind does not answer, tries again with growing pauses for a
 * quarter of an hour; at superd's end only once. */
void rpc_withdraw(struct engine *engine, int fd);

/* Whether rpcbind has the registration of this listener; and notes that it has it from another superd. */
bool rpc_is_registered(const struct engine *engine, int fd);
void rpc_note_registered(struct engine *engine, int fd);

/* Whether a withdrawal is left to do, or superd-rpc runs. At superd's end engine->events.ended is set when none is
 * left. */
bool rpc_owes(const struct engine *engine);

/* For an upgrade. While the engine is quiet, superd-rpc is not started. rpc_set_aside kills a superd-rpc that runs;
 * its work is done again. */
bool rpc_is_busy(const struct engine *engine);  /* superd-rpc is running */
void rpc_set_aside(struct engine *engine);
void rpc_go_on(struct engine *engine);          /* tries everything that waits now; also at superd's end */

/* A registration that superd still has to withdraw. */
struct rpc_debt {
	const char *service, *program, *transports, *port;
	bool set;                       /* rpcbind has confirmed it */
};

extern const struct field_table debt_state;

void rpc_each_debt(const struct engine *engine, void (*act)(void *context, const struct rpc_debt *debt), void *context);
bool rpc_take_debt(struct engine *engine, const struct rpc_debt *debt); /* false: out of memory, or a field is missing */

/* Forgets all registrations, logs the ones that stay with rpcbind, and kills superd-rpc. */
void rpc_free(struct engine *engine);
