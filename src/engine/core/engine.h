/* What all parts of the engine share: the loop, the log, the children, and the few descriptors kept for all. One
 * of it, inside struct supervisor. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/log.h"
#include "engine/core/children.h"
#include "engine/core/gate.h"
#include "engine/core/log_pump.h"
#include "engine/core/moment.h"
#include "engine/core/recent.h"
#include "engine/core/refusal.h"
#include "config/table/diff.h"
#include "os/cgroup/cgroup.h"
#include "os/host/wraps.h"
#include "exec/processes/init.h"
#include "exec/plan/plan.h"

struct keeper;
struct listener;
struct roster;
struct client;
struct advisor;
struct backend_actions;
struct notify;
struct rpc;
struct nodes;
struct census;
struct closing;
struct restorer;
struct reception;
struct hall;
struct node_marks;
struct locks;

#define ENGINE_SPARE 8                  /* what the starts of a redirect and of its target may need for themselves */
#define RECORD_BUCKETS 64

/* Those of the roster that a client may ask tcpmux for (engine/accept/mux). */
struct muxed {
	struct keeper **keepers;
	size_t count;
	uint64_t table;                 /* the roster's `changes` it was made by */
	ev_timer timer;                 /* until one of their clients has waited for too long */
};

struct engine {
	struct ev_loop *loop;
	struct log *log;
	struct log_pump log_pump;       /* of the log */
	struct sink syslog;             /* for backends' output = "syslog", and lines of log_type */
	struct log_pump syslog_pump;
	bool syslog_told;               /* that it takes no lines now was logged */
	struct list records[RECORD_BUCKETS];    /* files of log_type (engine/log/record_target), by a hash of the path */
	unsigned long records_lost;     /* lines of log_type for which there was no memory, since it was told */
	struct heritage heritage;
	struct inheritance inheritance;
	struct children children;
	struct sources sources;         /* instances by service and client address */
	struct recent minutes;          /* connections of a minute by service and client address (per_source_cpm) */
	struct recent denied;           /* who touched a sensor (engine/accept/sensor) */
	bool denied_prefixes[129];      /* bits of IPv6 addresses that were ever remembered there */
	struct recent judged;           /* senders of datagrams who had to be asked about, by service; count is a refusal */
	unsigned judged_by;             /* wraps.changes of then */
	struct moment moment;
	double told_since;              /* the second in which so many refused datagrams were told of, loop time */
	unsigned told;
	struct wraps wraps;
	struct advisor *advisor;        /* what questions need (engine/accept/advice); NULL before the first */
	struct list questions;          /* under way or not yet ended */
	unsigned refused_asking;        /* refused clients among them */
	struct list graced;             /* clients for whom there may be room in a moment (engine/accept/grace) */
	unsigned graced_count;
	size_t idents;                  /* those among them that ask an ident server */
	uint64_t activities;            /* how many there ever were */
	double started;                 /* when superd was, the first one of this process; loop time */
	struct list released;           /* outputs whose service has let them go (engine/log/output) */
	struct list resting;            /* means of services without an instance, the one that rests longest first */
	size_t resting_count;
	struct list none;               /* an empty list */
	struct cgroups cgroups;         /* those of instances (engine/launch/groups) */
	struct list empty_groups;       /* whose instance is gone, and that are not removed yet */
	struct list left_bases;         /* folders of groups of superds that are gone, as struct empty_group */
	struct list orphans;            /* what they have left and nobody has taken over (engine/orphans/orphan) */
	ev_timer orphan_look;           /* runs while any of these is being ended */
	struct list open_groups;        /* of services that were started lately (engine/launch/open_groups) */
	unsigned open_group_count;
	struct list lingering;          /* instances whose first process ended while others of its group live */
	ev_timer linger_look;           /* runs while there are any: superd need not be the parent of those others */
	struct list controls;           /* commands beside a main process that run (engine/instance/control) */
	struct list reclaims;           /* whose memory is to be handed back (engine/freeze/reclaim) */
	struct list leftovers;          /* processes that were given up (engine/core/leftover) */
	struct list starts;             /* instances of type = forking whose daemon is not settled (engine/instance/daemon) */
	struct roster *roster;          /* every keeper (engine/reload/reload) */
	struct list leaving;            /* and those that the table has no more, while something of them runs */
	struct list drains;             /* of instances that go on, with sockets that they have (engine/drain/drain) */
	struct muxed muxed;
	struct rpc *rpc;                /* registrations with rpcbind (engine/listener/rpc); NULL: there never was one */
	bool blindness_said;            /* that nothing can be frozen without /proc was logged (engine/freeze/frost) */
	unsigned letting_go;            /* idle backends that are about to be stopped or frozen (engine/idle/idle) */
	struct reception *dropping;     /* of a datagram that is thrown away with what it carries; NULL: none is */
	struct closing *closing;        /* what is closed beside superd (engine/core/closing); NULL: nothing was yet */
	struct restorer *restorer;      /* puts listeners back (engine/listener/restore); NULL: none was yet */
	struct census *census;          /* counts clients (engine/clients/census); NULL: nobody has asked yet */
	struct hall *hall;              /* hears of connections that end (engine/clients/departed); NULL: the same */
	struct nodes *nodes;            /* those that are watched (engine/listener/nodes); NULL: there never was one */
	size_t instances;               /* alive, of all services */
	size_t made;                    /* the same with those that are being started or asked about */
	size_t limit;                   /* the most of these at once; 0: any number */
	size_t ident_limit;             /* the most questions to ident servers at once; 0: any number */
	struct list moved;              /* notices of instances whose former group still holds somebody (engine/instance/main_process) */
	bool notify_swept;              /* the folder of engine/launch/notify was looked through for what others have left there */
	int null_input, null_output;    /* /dev/null, low, for backends */
	int spare[ENGINE_SPARE];        /* given up for a moment when descriptors run out; -1: given up */
	struct list lacking;            /* services that lack descriptors (engine/accept/shortage), in their turn */
	struct keeper *first;           /* the one that comes before all others; NULL: none */
	bool stop_ordered;              /* superd is about to stop; while not stopping, all goes on (--stop-delay) */
	bool stopping;
	bool quiet;                     /* no listener is watched: superd is about to be upgraded (engine/upgrade/upgrade) */
	struct locks *locks;            /* what operators hold and have disabled (engine/service/locks); the supervisor's */
	int control;                    /* where the control socket listens, which an upgrade hands on; -1: nowhere */
	uint64_t chance;                /* state of the jitter's generator */
	const struct backend_actions *actions;
	void (*on_fatal)(struct engine *engine, struct keeper *keeper, int status);     /* on_failure = exit: a wait status */
	void (*on_starved)(struct engine *engine);      /* no memory for a timer: call TIMER on those that pause, in a while */
	void (*on_gone)(struct engine *engine, struct keeper *keeper);          /* a keeper is off and has no instance left */
	uint16_t *(*list_loops)(struct engine *engine, size_t *count);          /* engine/accept/listing */
	void (*on_room)(struct engine *engine);         /* engine/accept/grace: an instance of accept = yes has ended */
	void (*hear)(struct notify *notify);            /* engine/instance/hearing: something has come at the socket */
	/* engine/accept/refuse: one that was parked; closes it too */
	void (*send_away)(struct listener *listener, struct client *client, enum refusal refusal);
	void (*repair)(struct engine *engine, const struct node_marks *marks, struct node_marks *later);  /* engine/reload/repair */
	/* engine/reload/beside: as bind_listen, which has failed with EADDRINUSE; and where that fails, too. */
	int (*bind_beside)(struct engine *engine, const struct listen *listen, struct buf *why, struct buf *warnings);
	void (*hurry_holder)(struct keeper *keeper, const struct listener *listener);
	void (*on_withdrawn)(struct engine *engine);    /* superd stops, and rpcbind has nothing of it any more */
	void (*on_change)(struct engine *engine);       /* something has happened to a keeper; NULL: nobody waits for that */
	void *on_change_context;        /* of this and the next */
	/* What a reload makes of each service that was not equal before and after, with the options that differ, separated by
	 * blanks; NULL: nobody asks. */
	void (*on_fate)(struct engine *engine, const char *service, enum fate fate, const char *options);
	/* engine/upgrade/upgrade: has the program that is at superd's place now take over, or asks it whether it could. done is called
	 * once, in the loop and maybe before this returns: when it could, or with why not, as "busy: a reload is under way". When
	 * it takes over, nobody is left to call it. */
	void (*on_upgrade)(struct engine *engine, bool check_only,
			   void (*done)(void *context, bool good, const char *text), void *context);
	void *context;
};

/* Whether as many instances run as may, of all services. */
bool engine_is_full(const struct engine *engine);

/* Seconds on a clock that never goes back. */
double engine_clock(void);

/* A number in [0, 1) for jitter. */
double engine_chance(struct engine *engine);

/* Descriptors ran out: gives the spare ones up, so that something can be said and one instance started for those
 * who hold the rest; engine_keep_spare takes them again as far as they are free. */
bool engine_has_spare(const struct engine *engine, int least);
void engine_drop_spare(struct engine *engine);
void engine_keep_spare(struct engine *engine);
