/* Second sockets at the addresses of a service (os/socket/reuseport): an instance can be ended without accepting, and
 * losing, a client that comes meanwhile. The twins become the keeper's listeners, which superd watches and hands to
 * the next instance; the first sockets, which the instance has, are kept here until it has ended. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "engine/clients/conn_query.h"
#include "engine/drain/patience.h"
#include "engine/listener/beside.h"
#include "engine/runtime/runtime.h"
#include "engine/state/state_field.h"

/* A socket for which there was no place yet. */
struct leftover {
	struct leftover *next;
	struct parted socket;
};

struct pair {
	int other;                      /* the socket of the two that is no listener now; -1: none */
	bool older;                     /* the listener is the older one: a path leads to the other */
	ev_io visit;                    /* watches other, once no instance has it, for clients */
};

struct twins {
	struct keeper *keeper;
	ev_timer late;                  /* until its end a handshake with a former listener may be under way */
	ev_timer timer;
	struct patience patience;       /* patience since twins_wait */
	bool apart;                     /* the current instance has those in other, not the listeners */
	void (*quiet)(struct keeper *keeper);           /* callback of twins_wait; NULL: it does not wait */
	bool (*busy)(struct keeper *keeper);
	struct conn_query clients;      /* clients that were there, or in a handshake, when twins_wait began */
	bool clear;                     /* the last look found none of them */
	struct leftover *leftovers;
	size_t count;                   /* number of the keeper's listeners */
	struct pair pairs[];
};

/* Over an upgrade: twins, and in sections [twin] behind them the sockets of pairs and of leftovers. */
extern const struct state_table twins_state, pair_state, parted_state;

bool twins_may_have(const struct listener *listener);           /* a listener of its kind can have a twin on this system */

/* Lets new clients come to sockets that the current instance does not have, where that is possible. If a socket can
 * have no twin, or descriptors run out, the instance goes on accepting at it. why gets the reason for a socket that
 * could have had one; it may be NULL. */
void twins_open(struct keeper *keeper, struct buf *why);

/* Calls quiet, maybe before it returns, when no client waits at those sockets of the current instance that have
 * twins, no more can come to them, and those it has accepted are gone; or when its patience is over
 * (engine/drain/patience). If clients are there, it first calls busy, unless NULL, and stops to wait when that
 * returns true. */
void twins_wait(struct keeper *keeper, void (*quiet)(struct keeper *keeper), bool (*busy)(struct keeper *keeper));

/* Keeps the sockets that are no listeners until no earlier handshake can be under way any more; a client that comes to
 * one of them meanwhile is served. */
void twins_linger(struct twins *twins);

/* The instance has ended: closes the sockets that it had, and the kernel moves their clients to the listeners. If
 * the kernel does not, they linger; one with clients in its queue becomes the listener again, for the next instance,
 * and its twin is kept with the clients that came to it. */
void twins_settle(struct keeper *keeper);

/* Whether clients wait, or will wait, at twins while the current instance has the listeners. */
bool twins_are_owed(const struct keeper *keeper);

/* Makes the sockets that paths lead to the listeners; called before these go to another service, or are closed. */
void twins_name(struct keeper *keeper);

/* The instance that has the other sockets goes on beside a successor: returns these sockets, one for each listener, -1
 * for none. NULL: there are no twins, or no memory. The caller frees the array. */
struct parted *twins_release(struct keeper *keeper);

/* Gives all sockets kept here away, for listeners to come, as twins_release; sets count. */
struct parted *twins_uproot(struct keeper *keeper, size_t *count);

/* Takes sockets of an instance that has ended, or of earlier rows, if a listener has their address, as twins_settle
 * does with those of the current instance. Sockets that are taken, or closed, become -1; the caller closes the
 * others. */
void twins_take(struct keeper *keeper, struct parted *sockets, size_t count);

/* Gives the options of a new row with the same sockets to the sockets kept here; called before the listeners get
 * them. */
void twins_adopt(struct keeper *keeper, const struct service *service);

/* Keeps an earlier socket until there is room for it, and sets socket->fd to -1; unchanged: out of memory. */
void twins_keep_for_later(struct twins *twins, struct parted *socket);

/* The instance goes on with the sockets it had, as it cannot be parted from them: new clients come to it again, and
 * those that have come to the twins meanwhile must still be served. A path keeps leading to its twin. */
void twins_rejoin(struct keeper *keeper);

/* Twins of another superd, without sockets yet; NULL: out of memory. */
struct twins *twins_resume(struct keeper *keeper);

void twins_free(struct keeper *keeper);         /* closes what is kept here */

/* Between the files of twins. */
static inline struct twins *twins_of(const struct keeper *keeper)
{
	return keeper->activity ? keeper->activity->twins : NULL;
}

struct twins *twins_new(struct keeper *keeper);         /* NULL: out of memory */
struct listener *twins_find_listener(const struct keeper *keeper, int fd);      /* the listener with the address of fd; NULL: none */

/* Closes a socket that no instance has any more, if the kernel moves its clients to the listener. false: it is still
 * open. */
bool twins_merge(struct keeper *keeper, struct listener *listener, int *fd);
void twins_stop_lingering(struct twins *twins);         /* superd does not watch for clients there any more */
bool twins_have_clients(const struct twins *twins);     /* clients wait at sockets that are no listeners now */

bool twins_wait_init(struct twins *twins);              /* false: out of memory */
void twins_stop_waiting(struct twins *twins);           /* without calling quiet */

/* Merges or closes what is kept; leftovers get their place now. */
void twins_end(struct twins *twins);
struct leftover *twins_drop(struct twins *twins);       /* closes what is kept, and returns the leftovers */
