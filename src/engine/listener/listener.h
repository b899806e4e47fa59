/* One socket superd holds for a service: opened once, kept over every exit, crash and reload that leaves its
 * endpoint in the table, and watched only while somebody wants to know. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "base/buf.h"
#include "config/option/service.h"
#include "engine/core/engine.h"
#include "os/socket/client.h"

/* How far a client has come. */
enum progress {
	FRESH,                          /* nobody has looked at it yet */
	GREETED,                        /* it has had its banner */
	WELCOMED,                       /* and heard that it may come, but is to be judged again */
	PASSED,                         /* nothing but room is missing */
};

/* Connections superd has accepted and could not yet give an instance (engine/accept/serve). They stay with their
 * listener, all of those that were taken from its queue. */
struct parked {
	size_t count, room;
	struct parked_client {
		struct client client;
		enum progress progress;
		double until;           /* loop time at which it is turned away; 0: it is kept as long as it takes */
	} *list;
};

struct listener {
	ev_io io;                       /* io.data is the keeper; io.fd is the socket, -1 while there is none */
	const struct listen *listen;    /* its row */
	struct parked *parked;          /* NULL: none */
	bool shared;                    /* a backend had it: its O_NONBLOCK is anybody's to change */
	unsigned char tries;            /* accept = yes on datagrams: instances that left the first one unread */
	bool used;                      /* one that another user may have had since it was last restored (foreign_holder_is) */
	bool restoring;                 /* that is under way (engine/listener/restore) */
	bool put_off;                   /* who came meanwhile: it is watched again when that is done */
	bool inherited;                 /* whoever gave it to superd may have it still */
	bool guarded;                   /* its listen's guard is on the socket */
	bool roused;                    /* when it is watched the next time its queue is looked at first */
	bool busy;                      /* accept = yes on datagrams: an instance has it, nobody else may */
	int node;                       /* the mark of its node (engine/listener/nodes); 0: it is not watched */
};

/* The listener's row and who hears of activity, and by EV_CUSTOM that it was put back, or lost; nothing is opened. */
void listener_init(struct listener *listener, struct engine *engine, const struct listen *listen,
		   void (*on_ready)(struct ev_loop *loop, ev_io *io, int events), void *context);

/* Opens: takes a socket superd inherited, or binds. false with the reason in why, and errno where binding failed, or 0. */
bool listener_open(struct listener *listener, struct engine *engine, const char *service, struct buf *why);

/* The socket that another superd had for this row, with the row's options set on it; takes fd over. false: it is that of
 * another address now, or can't be restricted as the row asks, which is logged: it is closed. */
bool listener_resume(struct listener *listener, struct engine *engine, const char *service, int fd);

/* Goes on under a new row of an equal endpoint; sets again what differs. It is closed, and that is logged, where a
 * restriction of the new row can't be set. changed: its options may be others; what the kernel was told of the rules is
 * compared in any case. */
void listener_adopt(struct listener *listener, struct engine *engine, const char *service, const struct listen *listen,
		    bool changed);

/* A backend is about to have it: the kernel drops what it may not read, whatever a backend before has made of that. Its
 * socket may be another one then. false with the reason in why. The next watch takes that away. */
bool listener_guard(struct listener *listener, struct engine *engine, const char *service, struct buf *why);

/* A backend that runs as this account (NULL: superd's own) is about to have it, and may keep it. */
void listener_give(struct listener *listener, struct engine *engine, const struct account *account);

/* When a backend has had it, what that may have changed for good is put back (bind_restore): first, or, where another user
 * may have it, beside superd until it goes off again. service may be NULL when it goes off. */
void listener_watch(struct listener *listener, struct engine *engine, const char *service, bool on);

/* Who came waits until a listener of its service is put back: its service is then to watch it again. */
void listener_put_off(struct listener *listener, struct engine *engine);

/* Clients may have come to its queue by the kernel's moving them (os/bpf/migration), which not every kernel tells of: whoever
 * watches it looks. */
void listener_rouse(struct listener *listener, struct engine *engine);

/* Another socket of the same address takes the place of its own, which is given back; neither is closed. */
int listener_swap(struct listener *listener, struct engine *engine, int fd);

/* Keeps a client that was accepted and has no instance yet; takes it over. until is for engine/accept/mux, or 0. false: out of
 * memory. */
bool listener_park(struct listener *listener, const struct client *client, enum progress progress, double until);
void listener_forget_parked(struct listener *listener);         /* frees their list, once nobody is in it */

/* Turns those parked away. */
void listener_send_away(struct listener *listener, struct engine *engine, enum refusal refusal);

/* Closes; the node in the file system goes where remove_on_stop says so. */
void listener_close(struct listener *listener, struct engine *engine);

static inline bool listener_has_socket(const struct listener *listener)
{
	return listener->io.fd >= 0;
}

/* By tcpmux: clients come through another service (engine/accept/mux), so there is nothing to open or to watch. */
static inline bool listener_is_virtual(const struct listener *listener)
{
	return listener->listen->endpoint->kind == ENDPOINT_TCPMUX;
}

static inline bool listener_is_open(const struct listener *listener)
{
	return listener_has_socket(listener) || listener_is_virtual(listener);
}
