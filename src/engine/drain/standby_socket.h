/* Second sockets at the addresses of a service (os/socket/reuseport): an instance can be ended without accepting, and
 * losing, a client that comes meanwhile. The twins become the runtime's listeners, which superd watches and hands to
 * the next instance; the first sockets, which the instance has, are kept here until it has ended. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "engine/clients/conn_query.h"
#include "engine/drain/drain_deadline.h"
#include "engine/listener/drained_sockets.h"
#include "engine/runtime/runtime.h"
#include "engine/serialize/state_field.h"

/* A socket for which there was no place yet. */
struct standby_leftover {
	struct standby_leftover *next;
	struct drained_socket socket;
};

struct standby_pair {
	int other;                      /* the socket of the two that is no listener now; -1: none */
	bool older;                     /* the listener is the older one: a path leads to the other */
	ev_io visit;                    /* watches other, once no instance has it, for clients */
};

struct standby_sockets {
	struct service_runtime *runtime;
	ev_timer late;                  /* until its end a handshake with a former listener may be under way */
	ev_timer timer;
	struct drain_deadline deadline; /* patience since standby_sockets_wait */
	bool split;                     /* the current instance has those in other, not the listeners */
	void (*quiet)(struct service_runtime *runtime); /* callback of standby_sockets_wait; NULL: it does not wait */
	bool (*busy)(struct service_runtime *runtime);
	struct conn_query clients;      /* clients that were there, or in a handshake, when standby_sockets_wait began */
	bool clear;                     /* the last look found none of them */
	struct standby_leftover *leftovers;
	size_t count;                   /* number of the runtime's listeners */
	struct standby_pair pairs[];
};

/* Over an upgrade: twins, and in sections [twin] behind them the sockets of pairs and of leftovers. */
extern const struct field_table standby_state, pair_state, leftover_state;

bool standby_sockets_may_have(const struct listener *listener); /* a listener of its kind can have a twin on this system */

/* Lets new clients come to sockets that the current instance does not have, where that is possible. If a socket can
 * have no twin, or descriptors run out, the instance goes on accepting at it. why gets the reason for a socket that
 * could have had one; it may be NULL. */
void standby_sockets_open(struct service_runtime *runtime, struct buf *why);

/* Calls quiet, maybe before it returns, when no client waits at those sockets of the current instance that have
 * twins, no more can come to them, and those it has accepted are gone; or when its patience is over
 * (engine/drain/drain_deadline). If clients are there, it first calls busy, unless NULL, and stops to wait when that
 * returns true. */
void standby_sockets_wait(struct service_runtime *runtime, void (*quiet)(struct service_runtime *runtime),
			  bool (*busy)(struct service_runtime *runtime));

/* Keeps the sockets that are no listeners until no earlier handshake can be under way any more; a client that comes to
 * one of them meanwhile is served. */
void standby_sockets_linger(struct standby_sockets *standby_sockets);

/* The instance has ended: closes the sockets that it had, and the kernel moves their clients to the listeners. If
 * the kernel does not, they linger; one with clients in its queue becomes the listener again, for the next instance,
 * and its twin is kept with the clients that came to it. */
void standby_sockets_settle(struct service_runtime *runtime);

/* Whether clients wait, or will wait, at twins while the current instance has the listeners. */
bool standby_sockets_have_clients(const struct service_runtime *runtime);

/* Makes the sockets that paths lead to the listeners; called before these go to another service, or are closed. */
void standby_sockets_restore_paths(struct service_runtime *runtime);

/* The instance that has the other sockets goes on beside a successor: returns these sockets, one for each listener, -1
 * for none. NULL: there are no twins, or no memory. The caller frees the array. */
struct drained_socket *standby_sockets_release(struct service_runtime *runtime);

/* Gives all sockets kept here away, for listeners to come, as standby_sockets_release; sets count. */
struct drained_socket *standby_sockets_release_all(struct service_runtime *runtime, size_t *count);

/* Takes sockets of an instance that has ended, or of earlier rows, if a listener has their address, as
 * standby_sockets_settle does with those of the current instance. Sockets that are taken, or closed, become -1; the
 * caller closes the others. */
void standby_sockets_take(struct service_runtime *runtime, struct drained_socket *sockets, size_t count);

/* Gives the options of a new row with the same sockets to the sockets kept here; called before the listeners get
 * them. */
void standby_sockets_adopt(struct service_runtime *runtime, const struct service *service);

/* Keeps an earlier socket until there is room for it, and sets socket->fd to -1; unchanged: out of memory. */
void standby_sockets_keep_for_later(struct standby_sockets *standby_sockets, struct drained_socket *socket);

/* The instance goes on with the sockets it had, as it cannot be parted from them: new clients come to it again, and
 * those that have come to the twins meanwhile must still be served. A path keeps leading to its twin. */
void standby_sockets_rejoin(struct service_runtime *runtime);

/* Twins of another superd, without sockets yet; NULL: out of memory. */
struct standby_sockets *standby_sockets_load(struct service_runtime *runtime);

void standby_sockets_free(struct service_runtime *runtime); /* closes what is kept here */

/* Between the files of twins. */
static inline struct standby_sockets *standby_sockets_of(const struct service_runtime *runtime)
{
	return runtime->run ? runtime->run->standby_sockets : NULL;
}

struct listener *standby_sockets_find_listener(const struct service_runtime *runtime, int fd); /* by the address of fd; NULL: none */

bool standby_sockets_wait_init(struct standby_sockets *standby_sockets); /* false: out of memory */
void standby_sockets_stop_waiting(struct standby_sockets *standby_sockets); /* without calling quiet */
