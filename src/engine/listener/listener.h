/* One socket that superd holds for a service. It is opened once, kept over every exit, crash and reload that leaves its
 * endpoint in the table, and watched only while superd waits for clients. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "base/buf.h"
#include "config/service/service.h"
#include "engine/core/engine.h"
#include "engine/serialize/state_field.h"
#include "os/socket/client.h"

/* The progress of a client through the gate. */
enum admission_stage {
	STAGE_FRESH,                    /* no check was made yet */
	BANNER_SENT,                    /* it got its banner */
	BANNER_SUCCESS_SENT,            /* it got banner_success too, but has to pass the checks again */
	ADMISSION_PASSED,               /* it has passed all checks and waits for an instance */
	ARRIVED,                        /* another service has accepted it, and this one has still to hear of it (engine/accept/tcpmux) */
};

/* Connections that superd has accepted and could not yet give an instance (engine/accept/accept). They stay with their
 * listener. */
struct parked {
	size_t count, room;
	struct parked_client {
		struct client client;
		enum admission_stage progress;
		double until;           /* loop time at which it is refused; 0: never */
	} *list;
};

struct listener {
	ev_io io;                       /* data: the runtime; fd: the socket, -1 while there is none */
	const struct listen *listen;    /* its row */
	struct parked *parked;          /* NULL: none */
	bool shared;                    /* a backend has had the socket, and may change its O_NONBLOCK */
	unsigned char tries;            /* accept = yes on datagrams: instances that left the first datagram unread */
	bool used;                      /* a backend of another user has had it since it was last restored (foreign_holder_is) */
	bool restoring;                 /* it is being restored (engine/listener/restore) */
	bool put_off;                   /* a client came meanwhile: it is watched again when that is done */
	bool inherited;                 /* the process that gave it to superd may still have it */
	bool guarded;                   /* the row's guard is attached to the socket */
	bool roused;                    /* its queue is looked at first when it is watched again */
	bool busy;                      /* accept = yes on datagrams: an instance has it alone */
	int node;                       /* mark of its node (engine/listener/socket_path_watch); 0: the node is not watched */
};

/* Over an upgrade. client_state: the address of a client, whose descriptor its owner writes. */
extern const struct field_table listener_state, parked_state, client_state;

/* Sets the row and the callback, which reports activity, and by EV_CUSTOM that the socket was restored, or lost. Opens
 * nothing. */
void listener_init(struct listener *listener, struct engine *engine, const struct listen *listen,
		   void (*on_ready)(struct ev_loop *loop, ev_io *io, int events), void *context);

/* Opens: takes a socket superd inherited, or binds. false with the reason in why, and errno where binding failed, or
 * 0. */
bool listener_open(struct listener *listener, struct engine *engine, const char *service, struct buf *why);

/* Takes over the socket fd that another superd had for this row, and sets the row's options. false: its address is
 * another one now, or it cannot be restricted as the row asks, which is logged; it was closed. */
bool listener_resume(struct listener *listener, struct engine *engine, const char *service, int fd);

/* Goes on under a new row of an equal endpoint, and sets the options that differ. If a restriction of the new row
 * cannot be set, the socket is closed, which is logged, and parked clients are the caller's to refuse. changed: its
 * options may differ; the filter is compared in any case. */
void listener_adopt(struct listener *listener, struct engine *engine, const char *service, const struct listen *listen,
		    bool changed);

/* A backend gets the socket next: attaches a filter for what it must not read, whatever an earlier backend has done to
 * that. May open another socket. false: that failed, for the reason in why. The next listener_watch removes the
 * filter. */
bool listener_guard(struct listener *listener, struct engine *engine, const char *service, struct buf *why);

/* A backend that runs as this account (NULL: superd's own) gets it next, and may keep it. */
void listener_give(struct listener *listener, struct engine *engine, const struct account *account);

/* Watches the socket, or ends that. If a backend has had it, its options are restored (bind_restore): first, or, where
 * another user may have it, in another process meanwhile. service may be NULL for the end. */
void listener_watch(struct listener *listener, struct engine *engine, const char *service, bool on);

/* A client came while a listener of the service is being restored: the service watches this one again after that. */
void listener_put_off(struct listener *listener, struct engine *engine);

/* The kernel may have moved clients to its queue (os/bpf/reuseport_bpf), which not every kernel reports: looks at the
 * queue, now or when it is watched again. */
void listener_rouse(struct listener *listener, struct engine *engine);

/* Replaces its socket by another of the same address, and returns the former one; neither is closed. */
int listener_swap(struct listener *listener, struct engine *engine, int fd);

/* The port it has, which the kernel may have chosen; 0: it is not open, or has none. */
unsigned listener_port(const struct listener *listener);

/* Keeps a client that was accepted and has no instance yet, and owns it. until: for engine/accept/tcpmux, or 0. false:
 * out of memory. */
bool listener_park(struct listener *listener, const struct client *client, enum admission_stage progress, double until);
void listener_forget_parked(struct listener *listener);         /* frees the list, if it is empty */

/* Closes it, and removes its node in the file system if remove_on_stop says so. Parked clients stay with it: the caller
 * refuses them first (engine/accept/refuse). */
void listener_close(struct listener *listener, struct engine *engine);

static inline bool listener_has_socket(const struct listener *listener)
{
	return listener->io.fd >= 0;
}

/* tcpmux: clients come through another service (engine/accept/tcpmux), so there is nothing to open or to watch. */
static inline bool listener_is_virtual(const struct listener *listener)
{
	return listener->listen->endpoint->kind == ENDPOINT_TCPMUX;
}

static inline bool listener_is_open(const struct listener *listener)
{
	return listener_has_socket(listener) || listener_is_virtual(listener);
}
