/* Standby sockets: second sockets at the addresses of a service (os/socket/reuseport). With them superd can stop an
 * instance without losing a client that connects meanwhile. The standby sockets become the service's listeners, which
 * superd watches and passes to the next instance. The first sockets, which the instance has, are kept here until it
 * has ended, and closed then. An address has two sockets at most. The service's run owns the struct, as
 * run->standby_sockets. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "superd/instance/runtime.h"
#include "superd/saved/state_field.h"

struct standby_pair {
	struct {                        /* saved */
		int other;              /* socket of the pair that is not the listener now; -1: none */
		bool older;             /* true: the listener is the older socket, for clients left there; new ones come to the other */
	};
	ev_io visit;                    /* watches `other` for clients while no instance has it */
};

struct standby_sockets {
	struct {                        /* saved */
		bool split;             /* true: the current instance has the sockets in `other`, not the listeners */
	};
	struct service_runtime *runtime;
	ev_timer late;                  /* while it runs, a handshake with a former listener may be under way */
	size_t count;                   /* number of the service's listeners */
	struct standby_pair pairs[];    /* a pair for each listener */
};

/* For an upgrade: section [twins], and behind it a section [twin] for each pair. */
extern const struct field_table standby_state, pair_state;

/* Whether each socket of the service can have a standby socket on this system. */
bool standby_sockets_may_have(const struct service_runtime *runtime);

/* Called before them: has other processes do what may hang. true: standby_sockets_open may follow. false: it comes to that
 * within a second or so, and superd calls stop_go_on and drain_due. */
bool standby_sockets_prepare(struct service_runtime *runtime);

/* Opens standby sockets, so that new clients connect to sockets that the current instance does not have. If a socket
 * cannot have one, or descriptors run out, the instance continues to accept at it; at all of them, if clients wait at
 * an earlier socket. run->lack gets the reason for the first socket that has none. */
void standby_sockets_open(struct service_runtime *runtime);

/* Keeps the sockets that are no listeners until no earlier handshake can be under way any more. superd serves a client
 * that arrives at one of them meanwhile. */
void standby_sockets_linger(struct standby_sockets *standby_sockets);

/* Called when the instance has ended: shuts down the sockets that it had, so that the kernel moves their clients to the
 * listeners, and closes them (restore_shut). If the kernel moves nobody (reuseport_migrates), they linger. One with
 * clients in its queue becomes the listener for the next instance; its standby socket is kept with the clients that come
 * there. */
void standby_sockets_settle(struct service_runtime *runtime);

/* Whether clients wait, or may come, at a kept socket while the current instance has the listeners. */
bool standby_sockets_have_clients(const struct service_runtime *runtime);

/* Makes those sockets the listeners where new clients come; called before the listeners go to another service, or are
 * closed. */
void standby_sockets_restore(struct service_runtime *runtime);

/* Returns the kept sockets: one for each listener, -1 for none. NULL: there are none, or no memory. The caller owns the
 * array and the sockets. */
int *standby_sockets_release(struct service_runtime *runtime);

/* Takes sockets of an instance that has ended, or of an earlier configuration, if a listener has their address, as
 * standby_sockets_settle does with those of the current instance. Closes the others. */
void standby_sockets_take(struct service_runtime *runtime, int *sockets, size_t count);

/* Sets the socket options of a new configuration, with the same endpoints, on the sockets where new clients come; called
 * before the listeners get them. */
void standby_sockets_adopt(struct service_runtime *runtime, const struct service *service);

/* Makes the struct for the sockets that the superd before the upgrade had, without sockets yet; NULL: out of memory. */
struct standby_sockets *standby_sockets_load(struct service_runtime *runtime);

/* Called when all of the service is loaded: asks anew for what the superd before had asked another process for. Else the
 * current instance would have to end for clients who wait at a first socket. */
void standby_sockets_go_on(struct service_runtime *runtime);

void standby_sockets_free(struct service_runtime *runtime); /* closes the kept sockets */

/* NULL: there are none. */
static inline struct standby_sockets *standby_sockets_of(const struct service_runtime *runtime)
{
	return runtime->run ? runtime->run->standby_sockets : NULL;
}

struct listener *standby_sockets_find_listener(const struct service_runtime *runtime, int fd); /* by the address of fd; NULL: none */
