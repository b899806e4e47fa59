/* Second sockets at the addresses of a service (os/socket/twin), so that an instance can be ended and no client that comes
 * meanwhile is taken by it and lost with it. The keeper's listeners become the twins, which are watched and handed to
 * the next instance; the first sockets, that the instance has, are kept here until it has ended. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "engine/clients/census.h"
#include "engine/drain/patience.h"
#include "engine/service/keeper.h"

/* A socket that a listener was parted from. */
struct parted {
	int fd;                         /* -1: there is none */
	bool younger;                   /* than the listener, so that it is the second of their pair */
};

/* Those for which there was no place yet. */
struct leftover {
	struct leftover *next;
	struct parted socket;
};

struct pair {
	int other;                      /* the one of the two that is no listener now; -1: there is none */
	bool older;                     /* the listener is the older one: a path leads to the other */
	ev_io visit;                    /* of the other one, once no instance has it: somebody has come to it */
};

struct twins {
	struct keeper *keeper;
	ev_timer late;                  /* until then a handshake with one that is no listener any more may be under way */
	ev_timer timer;
	struct patience patience;       /* since it began to wait */
	bool apart;                     /* the current instance has those in other, not the listeners */
	void (*quiet)(struct keeper *keeper);           /* NULL: nobody waits */
	bool (*busy)(struct keeper *keeper);
	struct inquiry clients;         /* those that were there when it began to wait, or in a handshake */
	bool noted;                     /* which these are is known */
	bool clear;                     /* at the last look none of them was there */
	unsigned char failures;         /* of finding out who they are */
	struct tally *tallies;          /* of that */
	struct leftover *leftovers;
	size_t count;                   /* of the keeper's listeners */
	struct pair pairs[];
};

bool twins_may_have(const struct listener *listener);           /* one of its kind can have a twin here */

/* New clients come to sockets that the current instance does not have, where there can be any. Nothing changes for a
 * socket that has no twin, or when descriptors run out: then the instance goes on accepting at it. why gets the reason of
 * one that could have had one; NULL: nobody asks. */
void twins_open(struct keeper *keeper, struct buf *why);

/* Calls quiet when nobody waits at the sockets that the current instance has, as far as they have twins, no
 * more clients can come to them, and those it has taken are gone; or when its patience is over
 * (engine/drain/patience); maybe before it returns. Where somebody is there, busy is called first, and ends this
 * when it gives true; NULL: nobody asks. */
void twins_wait(struct keeper *keeper, void (*quiet)(struct keeper *keeper), bool (*busy)(struct keeper *keeper));

/* The sockets that are no listeners are kept until no handshake can be under way any more that began before; whoever comes
 * to one of them meanwhile is served. */
void twins_linger(struct twins *twins);

/* The instance has ended: the sockets that it had are closed, and the kernel moves who is at them to the listeners. Where it
 * does not, they linger; and one with clients in its queue is the listener again, for the next instance, and its twin is
 * kept with those who came to it. */
void twins_settle(struct keeper *keeper);

/* Whether clients wait, or will, at twins while the current instance has the listeners. */
bool twins_are_owed(const struct keeper *keeper);

/* Listeners that have a path are those it leads to, from now on; before they are given to others, or closed. */
void twins_name(struct keeper *keeper);

/* Who has the other sockets goes on beside what comes: they are given away, as many as there are listeners, -1 where
 * there is none. NULL: there are no twins, or no memory. free() it. */
struct parted *twins_release(struct keeper *keeper);

/* All that is kept here, for listeners to come; as twins_release, but so many. */
struct parted *twins_uproot(struct keeper *keeper, size_t *count);

/* Sockets of an instance that has ended, or of rows before, where a listener is of their address: as twins_settle does with
 * those of the current instance. Those that are taken over, or closed, become -1; the caller closes the others. */
void twins_take(struct keeper *keeper, struct parted *sockets, size_t count);

/* The listeners get the options of other rows, as many as there were before: so do these. Before the listeners do. */
void twins_adopt(struct keeper *keeper, const struct service *service);

/* A socket of before, until there is room for it; -1: it is kept; else there is no memory. */
void twins_keep_for_later(struct twins *twins, struct parted *socket);

/* The instance is to go on with what it had, as it can't be parted from it: new clients come to it again, and who has come
 * to the twins meanwhile is owed. A path keeps leading to its twin. */
void twins_rejoin(struct keeper *keeper);

/* Those that another superd opened, without any yet; NULL: out of memory. */
struct twins *twins_resume(struct keeper *keeper);

void twins_free(struct keeper *keeper);         /* closes what is kept here */

/* Between the files of twins. */
static inline struct twins *twins_of(const struct keeper *keeper)
{
	return keeper->activity ? keeper->activity->twins : NULL;
}

struct twins *twins_new(struct keeper *keeper);         /* NULL: out of memory */
struct listener *twins_find_listener(const struct keeper *keeper, int fd);      /* of that socket's address; NULL: none */

/* Closes a socket that no instance has any more, where whoever is at it comes to the listener then. false: it is open
 * still. */
bool twins_merge(struct keeper *keeper, struct listener *listener, int *fd);
void twins_stop_lingering(struct twins *twins);         /* nobody looks who comes */
bool twins_have_clients(const struct twins *twins);     /* at those that are no listeners now */

void twins_wait_init(struct twins *twins);              /* its tallies are there */
void twins_stop_waiting(struct twins *twins);           /* and nobody is told */

/* Nothing is kept any more but what had to wait, and there is room for that now. */
void twins_end(struct twins *twins);
struct leftover *twins_drop(struct twins *twins);       /* the same, but gives those */
