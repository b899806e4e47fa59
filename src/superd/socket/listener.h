/* One socket that superd holds for a service. superd opens it once, keeps it over every exit, crash and reload that
 * leaves its endpoint in the table, and watches it only while it waits for clients. Owner: struct service_runtime. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "os/socket/client.h"
#include "superd/loop/engine.h"
#include "superd/saved/state_field.h"
#include "table/service/service.h"

struct service_runtime;

/* A client's progress through the checks (superd/service/admission). */
enum admission_stage {
	STAGE_FRESH,                    /* no check was made yet */
	BANNER_SENT,                    /* superd has sent the banner */
	BANNER_SUCCESS_SENT,            /* superd has sent banner_success; it must pass the checks again */
	ADMISSION_PASSED,               /* it has passed all checks and waits for an instance */
	ARRIVED,                        /* another service has accepted it (superd/service/tcpmux); no check yet */
};

/* Connections that superd has accepted and that have no instance yet (superd/service/accept). They stay with their
 * listener, which owns their descriptors. */
struct parked {
	size_t count, room;             /* clients in the list; allocated entries */
	struct parked_client {
		struct client client;
		enum admission_stage progress;
		double until;           /* clock_now() at which superd refuses it; 0: never */
	} *list;
};

/* Why a service goes without this socket. */
enum absence {
	ABSENT_NO,
	ABSENT_FAILED,                  /* it is optional and cannot be opened: superd tries again after a pause */
	ABSENT_CONDITION,               /* its conditions do not hold: superd checks again when it is asked to */
	ABSENT_DUE,                     /* they hold now: it is opened next */
	ABSENT_RESTS,                   /* it is closed while it rests: superd opens it again then */
};

/* Who may have changed the options of a socket. */
enum listener_hands {
	HANDS_OURS,                     /* no program has had it */
	HANDS_RESET,                    /* programs have had it; its options were restored since */
	HANDS_LENT,                     /* a program has it, or has had it since they were restored */
	HANDS_RESETTING,                /* the same; no program has it, and another process restores them (restore) */
	HANDS_SHARING,                  /* another user's program has it, and another process lets its address be shared */
	HANDS_SHARED,                   /* that was done, or has failed */
	HANDS_UNRESET,                  /* its options could not be restored, as processes or memory are short */
};

struct listener {
	struct service_runtime *runtime; /* whose listener it is */
	const struct listen *listen;    /* the settings of this socket, borrowed from the service */
	struct parked *parked;          /* NULL: none */
	int fd;                         /* the socket; -1: there is none */
	int node;                       /* mark of its path (superd/socket/socket_path_watch); 0: not watched */
	struct {                        /* saved */
		unsigned char hands;    /* enum listener_hands */
		/* With a socket, datagrams: instances in a row that left the first one unread. Without one: enum absence. */
		unsigned char tries;
		bool inherited;         /* superd got it from its parent, which may still have it */
		bool has_lent_filter;   /* the filter that listener_filter_lent attaches is on the socket */
	};
	bool is_watched : 1;            /* it is in the set of engine->listeners */
	bool busy : 1;                  /* accept = yes on datagrams: an instance has it alone */
	bool asleep : 1;                /* it was restored while a frozen program had it, whose options stayed */
	bool is_old : 1;                /* it has not got what a reload has changed; it is restored when no program has it */
	bool undropped : 1;             /* listener_drop or listener_take has failed, and no program has had it since */
	unsigned char changes;          /* how many reloads wait until another process has set what they have changed, and
					   how many orders to drop or accept clients */
};

/* Saved over an upgrade. client_state: the address of a client; its owner saves the descriptor. */
extern const struct field_table listener_state, parked_state, client_state;

/* Initializes a listener without a socket. */
void listener_init(struct listener *listener, const struct listen *listen, struct service_runtime *runtime);

/* A socket that came back from a store: a process that a superd before has started may have it, and hold its lock. */
void listener_mark_held(int fd);

/* Called before listener_open: backends with this account may have a socket that comes back from a store. */
void listener_expect_holders(struct listener *listener, const struct account *account);

/* Opens the socket: takes one that superd inherited, or binds a new one. false: the reason is in why; errno is that of
 * bind(2), or 0 if nothing was bound. */
bool listener_open(struct listener *listener, struct engine *engine, const char *service, struct buf *why);

/* Takes over the socket fd of another superd, and sets its options, of a foreign one the rules. false: its address has
 * changed, or superd cannot restrict it as the options require; then it was closed, and superd has logged that. */
bool listener_resume(struct listener *listener, struct engine *engine, const char *service, int fd);

/* Gives the listener new settings for an equal endpoint, and sets the options that differ. If a new restriction
 * cannot be set, superd closes the socket and logs that; the caller must refuse the parked clients. changed: options
 * may differ; the filter is compared in any case. On a foreign socket another process sets them, for as long as
 * listener_is_asked; if it cannot, superd logs that, and the socket has its old options until it is restored. */
void listener_adopt(struct listener *listener, struct engine *engine, const char *service, const struct listen *listen,
		    bool changed);

/* Called before a start: has another process attach the filter for data that a backend must not read to a foreign socket.
 * true: the start may go on. false: on_restored follows, and superd does not watch the socket until then. */
bool listener_guard(struct listener *listener, struct engine *engine, const char *service);

/* Called before a backend gets the socket: attaches that filter to one of superd's own, regardless of an earlier
 * backend's changes to the filter. May open another socket. The next listener_watch removes the filter. false: that
 * failed, or listener_guard has, for the reason in why. */
bool listener_filter_lent(struct listener *listener, struct engine *engine, const char *service, struct buf *why);

/* Called before a backend with this account (NULL: superd's own) gets the socket, which it may keep. false and errno:
 * it must not get it now. */
bool listener_give(struct listener *listener, struct engine *engine, const struct account *account);

/* Begins or ends to watch the socket. */
void listener_watch(struct listener *listener, struct engine *engine, bool watches);

/* Called before it is watched or given away: restores the options of one that a backend has had (bind_restore). If
 * another user may have it, another process does that. If that hangs, or a backend has locked them, superd opens another
 * socket. asleep: a frozen backend has it still. false: on_restored follows. */
bool listener_reset(struct listener *listener, struct engine *engine, const char *service, bool asleep);

/* Called before a second socket opens at the address of one that a program has: another process sets what that needs
 * (os/socket/reuseport), as the program may hold the socket's lock. true: nothing is left to be asked for. false:
 * on_restored follows. */
bool listener_share(struct listener *listener, struct engine *engine, const char *service);

#define DROPS_MOST 65536                /* clients or datagrams to drop at most, as a flood never ends */

/* Drops so many of who waits in its queue. Where that may hang, another process does it: superd neither watches the socket
 * nor gives it away before, and on_restored follows. false: nobody can before a program has had it. */
bool listener_drop(struct listener *listener, struct engine *engine, const char *service, unsigned most);

/* Whether accept(2) may hang, as a program may keep the socket's lock. Then listener_take has another process accept one
 * client, who is parked: on_restored follows. ACCEPT_NOTHING: that has begun; ACCEPT_EXHAUSTED and errno; ACCEPT_BROKEN. */
bool listener_may_hang(const struct listener *listener);
enum accepted listener_take(struct listener *listener, struct engine *engine, const char *service);

/* Forgets what another process was asked for, and what was done for a backend that slept. */
void listener_recall(struct listener *listener, struct engine *engine);

/* The kernel may have moved clients to the socket's queue (os/bpf/reuseport_bpf), and not every kernel reports that to
 * who watches it already. */
void listener_rouse(struct listener *listener, struct engine *engine);

/* Replaces the socket by another of the same address, and returns the former one, which the caller owns. */
int listener_swap(struct listener *listener, struct engine *engine, int fd);

/* Returns the port, which the kernel may have chosen; 0: the socket is not open, or has no port. */
unsigned listener_port(const struct listener *listener);

/* Keeps a client that was accepted and has no instance yet; owns its descriptor. until: clock_now() at which superd
 * refuses it (superd/service/tcpmux); 0: never. false: out of memory, and the client stays the caller's. */
bool listener_park(struct listener *listener, const struct client *client, enum admission_stage progress, double until);
void listener_forget_parked(struct listener *listener);         /* frees the list, if it is empty */

/* Closes the socket, and removes its path if remove_on_stop is set. Parked clients stay: the caller refuses them first
 * (superd/service/refuse). */
void listener_close(struct listener *listener, struct engine *engine);

/* Whether a program has had the socket: it may have changed O_NONBLOCK, and what it left behind may again. */
static inline bool listener_was_lent(const struct listener *listener)
{
	return listener->hands != HANDS_OURS;
}

/* Another process works on the socket, now or soon. */
static inline bool listener_is_asked(const struct listener *listener)
{
	return listener->hands == HANDS_RESETTING || listener->hands == HANDS_SHARING || listener->changes;
}

static inline bool listener_has_socket(const struct listener *listener)
{
	return listener->fd >= 0;
}

/* A tcpmux: endpoint has no socket of its own: its clients come through another service (superd/service/tcpmux). */
static inline bool listener_is_virtual(const struct listener *listener)
{
	return listener->listen->endpoint->kind == ENDPOINT_TCPMUX;
}

static inline bool listener_is_open(const struct listener *listener)
{
	return listener_has_socket(listener) || listener_is_virtual(listener);
}

static inline enum absence listener_absence(const struct listener *listener)
{
	return listener_is_open(listener) ? ABSENT_NO : (enum absence)listener->tries;
}

/* Of a listener without a socket. */
static inline void listener_set_absence(struct listener *listener, enum absence absence)
{
	listener->tries = (unsigned char)absence;
}
