/* The relay of an instance whose program cannot take sockets (exec beside redirect): a superd-builtin that gets the
 * listeners in the program's place and connects each client to it.
 *
 * It begins when the program runs, or once it has announced that it is ready, if it does
 * that (type = notify, ready). Until then, and until the program has answered at its address, clients wait in the
 * kernel's queue; the first answer makes an instance of type = simple ready. Another is started if it ends. When the
 * instance is being stopped, or has ended, the relay retires: it takes no more clients, and ends after its last
 * connection. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/list.h"
#include "superd/loop/child_table.h"
#include "superd/loop/fd_watch.h"
#include "superd/instance/service_stats.h"
#include "superd/saved/state_field.h"
#include "table/service/service.h"

struct instance;
struct plan;

/* Owner: the instance; once it is retired, engine->instances->relays, until its process has ended. */
struct relay_process {
	struct {                        /* saved */
		struct child child;     /* process; pid 0: none runs */
		int channel;            /* superd's end of a channel (os/socket/fd_channel); -1: none */
		bool was_up;            /* the program has answered before */
		struct relayed relayed; /* the traffic of the process, by its last report; counted in service_stats */
	};
	struct list link;               /* in engine->instances->relays */
	struct engine *engine;
	struct instance *instance;      /* NULL: it is retired */
	struct watch watch;             /* of the channel */
	struct alarm timer;             /* next start of a process, after one has ended or could not be started */
	struct alarm limit;             /* timeout_start, until the first answer, if a ready program does not answer */
	struct plan *plan;              /* NULL: none was made yet */
	struct account account;         /* its own user, if it has one */
	unsigned failures;              /* in a row: processes that ended or could not be started */
	bool up;                        /* the program answers */
	int error;                      /* errno of the last attempt to connect; 0: none */
	unsigned long connections, flows; /* clients connected, or waiting for the program; flows of datagrams */
};

extern const struct field_table relay_state;    /* saved over an upgrade, with its instance */

#define RELAY_REPORT "r"                /* a message that superd sends to the process, so that it reports again */

/* Begins the relay, if the service has one. false: out of memory. In relay_start.c. */
bool relay_begin(struct instance *instance);

/* Goes on with the process that the superd before has started, if the instance has one still; without a process it
 * starts one. false: out of memory. In relay_start.c. */
bool relay_load(struct instance *instance, struct state_section *section);

/* Retires the relay; does nothing without one. */
void relay_retire(struct instance *instance);

/* superd leaves the instance to itself: its relay retires, and superd does not follow it to its end. */
void relay_abandon(struct instance *instance);

/* Stops the process, so that it accepts no client, or continues it. */
void relay_freeze(const struct instance *instance, bool freeze);

/* Signals retired relays that still have clients: SIGTERM lets them end soon. */
void relays_signal(struct engine *engine, int signal);

/* Whether flows of datagrams are open. Connections are counted at the sockets (superd/stop). */
bool relay_has_flows(const struct instance *instance);

/* Appends what keeps the target from having answered, and what to do: "connect to 127.0.0.1:6380: Connection refused;
 * let the program listen there, or name the address where it does in redirect (FILE:LINE)". */
void relay_describe_silence(const struct relay_process *relay, struct buf *out);

/* Appends a target as it is written: HOST:PORT, [V6]:PORT or PATH. */
void relay_add_target(const struct service *service, struct buf *out);

void relay_close_channel(struct relay_process *relay);
void relay_free(struct relay_process *relay);
