/* Keeps one service available: its state, listeners, instances, pauses and counters. What is configured stands in
 * its row and never changes; a reload gives the keeper another row.
 *
 * Everything that happens goes through keeper_event, which looks into the table of transitions, and nothing else
 * changes the state. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/table/table.h"
#include "engine/core/backoff.h"
#include "engine/core/complaint.h"
#include "engine/core/engine.h"
#include "engine/core/latency.h"
#include "engine/core/pace.h"
#include "engine/core/refusal.h"
#include "engine/core/spent.h"
#include "engine/core/transition.h"
#include "engine/instance/failure.h"
#include "engine/instance/instance.h"
#include "engine/launch/launch.h"
#include "engine/listener/listener.h"
#include "os/netdiag/backlog.h"

#define PATIENCE 6                      /* at first, and after an end that really took nothing */

struct first_client;
struct idle;

/* Where a look whether a backend is idle had come to at an upgrade (engine/idle/idle). */
struct idle_left {
	bool is_there;
	bool reported;
	double since;                   /* nobody was there since, loop time; 0: somebody was */
	double left;                    /* the last one was gone, loop time; 0: not known */
	double wait;                    /* seconds until it was to be asked again */
};

struct probing;
struct doubt;
struct opening;

/* What only a service that was ever started needs, so that those asleep stay small. */
struct activity {
	struct keeper *keeper;
	struct list leaving;            /* in the engine's, once the keeper is removed */
	struct list lacking;            /* in the engine's, while descriptors are out (engine/accept/shortage) */
	struct means means;
	ev_timer timer;                 /* of BINDING and BACKOFF; LISTENING: more who are parked, or restart */
	struct list instances;          /* current, retired, and all of accept = yes */
	struct instance *current;       /* accept = no: the one that has the listeners */
	unsigned waiting;               /* connections queued when it was started */
	unsigned left;                  /* and when it ended well: they activate at once, without asking the kernel again */
	unsigned fruitless;             /* ends in a row that took nothing from the queue, as far as its length tells */
	unsigned patience;              /* how many of them it takes until that is proved */
	bool exact;                     /* backlog holds who waited when it was started; */
	bool beside;                    /* was asked for by engine/queue/doubt, which judges by it; */
	bool noted;                     /* is of those whom the next start is for; */
	bool tried;                     /* an instance was started since */
	struct backlog backlog;
	uint64_t activations, accepted, failures;
	uint64_t killed;                /* instances that had not ended by timeout_stop */
	uint64_t parted;                /* clients that were with an instance still when its patience was over */
	struct failures failed;         /* the last of these, and how many in a row */
	struct complaint crashes;       /* the warnings of instances that a signal has ended */
	uint64_t probes;                /* connections of probe_from that were closed (engine/queue/probes) */
	uint64_t idle_stops, freezes, wakes;    /* of backends nobody used, or the operator froze */
	uint64_t refused[REFUSALS];     /* by reason */
	uint64_t number;                /* no other activity has or had it */
	uint64_t named;                 /* instances that were given a name */
	unsigned graced;                /* clients of it that engine/accept/grace has */
	struct pace pace;
	double rest;                    /* seconds that the next REST takes */
	bool deactivated;               /* it rests for cps, and its end is said */
	bool closes;                    /* the next REST closes the listeners; they are opened anew when it is over */
	unsigned char postponed;        /* 1 + the happening that ends the current one when those that drain are gone; 0: none */
	double woken;                   /* from being frozen, loop time; 0: never */
	double unused;                  /* it is frozen: nobody was there since, loop time; 0: not known */
	double wakeful;                 /* seconds that it stays awake after that at least (engine/freeze/frost) */
	double frozen;                  /* since when it was, until an upgrade, as it is to be again; loop time; 0: it was not */
	struct idle_left idle_left;     /* of before an upgrade, until it goes on from there */
	struct idle *idle;              /* whether anybody uses it (engine/idle/idle); NULL: it does not run, or nobody asks */
	struct probing *probing;        /* who waits is being asked for (engine/queue/probes); NULL: nobody asks */
	struct doubt *doubt;            /* the same (engine/queue/doubt) */
	unsigned noting;                /* instances that drain whose clients are being noted (engine/drain/former) */
	bool failing;                   /* its last start has failed, or what was started, and none has succeeded since */
	bool load_said;                 /* that max_load can't be kept was logged */
	unsigned char banners_said;     /* bits by enum banner: it could not be read, which was logged */
	struct backoff hasty;           /* good ends in a row of starts by itself that came at once */
	double eager;                   /* when it is to be started again by itself, loop time; 0: not */
	bool ordered;                   /* the next start is an operator's */
	bool outdated;                  /* the current one, which is starting, drains when it is ready: its row has changed */
	struct twins *twins;            /* second sockets (engine/drain/twins); NULL: none */
	struct opening *opening;        /* commands around its sockets (engine/service/opening); NULL: none yet */
	struct refresh *refresh;        /* its backend reads its configuration again (engine/service/refresh); NULL: never did */
	unsigned unserved;              /* clients whose program does not run yet (engine/accept/guest_course) */
	bool recalling;                 /* its clients go back to listeners that are about to change: nobody is taken from there */
	unsigned skips;                 /* starts in a row that conditions left out */
	double last_start, last_end;    /* loop time; 0: never */
	int last_status;                /* wait status */
	unsigned char last_result;      /* enum result */
	double last_lasted;             /* seconds */
	double asked;                   /* when the current instance was wanted, or the last client served, loop time */
	double last_latency;            /* seconds from there until it was ready; 0: unknown */
	struct latency latency;         /* of all, and of those that were frozen */
	struct spent spent;             /* in its states */
	double cpu;                     /* seconds of processor time of instances that have ended */
	ev_timer taking;                /* looks whether somebody was taken from the queue (engine/queue/taking) */
	double taking_since;            /* the keeper's, as that began */
	unsigned untaken;               /* who waited at the last look */
	struct first_client *first;     /* whose client it was is being asked (engine/clients/first_client); NULL: it is not */
	char last_peer[64];             /* whose client it was, or "operator"; "": unknown */
	uint64_t refused_sender;        /* a hash of who last had a datagram's refusal recorded, and when */
	double refused_at;
	const char *untold;             /* the event whose reason is told with the pause after it; NULL: it was told */
	char reason[320];               /* of the pause */
};

struct keeper {
	struct engine *engine;
	struct table *table;            /* whose row it has; held by table->users */
	const struct service *service;
	struct listener *listeners;     /* as many as the row has sockets, in its order */
	unsigned listener_count;
	unsigned instance_count;        /* those that count against `instances` */
	unsigned char state;            /* enum state */
	bool held;                      /* by the operator: LISTENING goes on to HELD */
	bool disabled;                  /* by the operator: it stays OFF, whatever a reload brings */
	bool drains;                    /* it is held until its instances have ended */
	bool halted;                    /* by the operator: nothing but a client, or the operator, starts it again */
	bool freezes;                   /* it was frozen until an upgrade, and is to be again */
	bool removed;                   /* the table has it no more: OFF, or its instance runs on with the sockets; freed once
					 * it is OFF and nothing of it runs */
	bool bound;                     /* its sockets were all open, and their end is not dealt with yet */
	bool started;                   /* start = boot was done, and has not failed since */
	struct backoff backoff;
	double since;                   /* when the state was entered, loop time */
	struct activity *activity;      /* NULL until the first start */
};

/* Of the engine's list of those that leave. */
static inline struct keeper *keeper_leaving(struct list *link)
{
	return container_of(link, struct activity, leaving)->keeper;
}

/* What starts and ends instances lies above the keeper and is called by this table: see engine/service/run, engine/accept/serve,
 * engine/service/opening and engine/instance/leavings. */
struct backend_actions {
	void (*spawn)(struct keeper *keeper);   /* accept = no: raises READY or EXEC_ERROR, or nothing while it starts */
	void (*serve)(struct keeper *keeper, struct listener *listener);        /* accept = yes */
	void (*note)(struct keeper *keeper);    /* the current instance is ready: runtime_max begins */
	void (*stop)(struct keeper *keeper, enum happening cause);
	void (*kill)(struct keeper *keeper);    /* the current instance has not ended in time */
	void (*sleep)(struct keeper *keeper);   /* it is frozen, and is to be until it is needed */
	void (*wake)(struct keeper *keeper);
	void (*retire)(struct keeper *keeper, bool stop);       /* the keeper goes on without the instances it has */
	void (*end_twins)(struct keeper *keeper);       /* its listeners close, and so do second sockets (engine/drain/twins) */
	void (*serve_owed)(struct keeper *keeper);      /* clients wait at second sockets (engine/drain/drain) */
	void (*dismiss)(struct keeper *keeper); /* ends all it has, those retired too; their ends are heard of */
	void (*abandon)(struct keeper *keeper); /* forgets every instance without a signal: superd leaves */
	bool (*before_open)(struct keeper *keeper);     /* true: commands come first; BOUND or BIND_ERROR follows */
	bool (*before_close)(struct keeper *keeper, void (*close)(struct keeper *keeper));      /* the same; then close */
	bool (*is_opening)(const struct keeper *keeper);        /* such commands run */
	void (*forget_opening)(struct keeper *keeper);
	void (*forget_refresh)(struct keeper *keeper);
	void (*follow)(struct keeper *keeper);  /* accept = no: after each event (engine/idle/idle) */
	void (*forget_idle)(struct keeper *keeper);
	bool (*ward_off)(struct keeper *keeper);        /* true: who is at the listeners is looked at first (engine/service/ward) */
	void (*forget_ward)(struct keeper *keeper);
	void (*tidy)(struct keeper *keeper);    /* it is off: what its service has left behind goes */
	void (*turn_away)(struct keeper *keeper, struct listener *listener);    /* engine/accept/serve */
	bool (*serve_client)(struct keeper *keeper, struct listener *listener, struct client *client);  /* engine/accept/serve */
};

/* A keeper in state OFF. NULL: out of memory. */
struct keeper *keeper_new(struct engine *engine, struct table *table, const struct service *service);
void keeper_free(struct keeper *keeper);        /* closes what is open; instances must be gone or left to themselves */

void keeper_event(struct keeper *keeper, enum happening happening);

/* start = boot without a socket, of which no option says that it may end: it is started again whatever its end. */
bool keeper_starts_again(const struct keeper *keeper);

/* It has failed: start = boot has it started again, unless restart says which ends do. */
void keeper_start_anew(struct keeper *keeper);

/* Nothing starts it but superctl. */
bool keeper_waits_for_order(const struct keeper *keeper);

/* Goes on under a row of the same sockets; changed: it is not equal to the one before. */
void keeper_adopt(struct keeper *keeper, struct table *table, const struct service *service, bool changed);

/* Closes the sockets whose nodes somebody has removed or replaced, which is logged, and opens them anew: at once, or
 * where an instance has them when that has ended. */
void keeper_reopen_unreachable(struct keeper *keeper);

/* Takes the place of its listeners by those given (ownership passes; the old array comes back for the caller to
 * close), and goes on under a row of other sockets. A running instance ends by itself or by a stop, as on_remove
 * says, beside what comes. */
void keeper_replace(struct keeper *keeper, struct table *table, const struct service *service,
		    struct listener *listeners);

/* superd's own programs know the rules of their row from their start, and answer datagrams as long as any come: those
 * that do end here. None of them has a session to lose. */
void keeper_end_answering(struct keeper *keeper);

/* The table has it no more. What runs may run on, among the engine's leaving, and the sockets that its instance has stay
 * with it. The keeper may be gone when this returns. */
void keeper_remove(struct keeper *keeper);

/* A table has it again, as a row that it is to adopt next: it leaves those that leave. */
void keeper_return(struct keeper *keeper);

/* Removed, it goes on with its instance and the sockets, as nobody ends that; or would, if it was removed now. */
bool keeper_runs_on(const struct keeper *keeper);

/* Of those that leave; NULL: none has this name. */
struct keeper *keeper_find_leaving(struct engine *engine, const char *name);

/* "leaving" where it is removed, else its state's name. */
const char *keeper_state_name(const struct keeper *keeper);

/* Tells the engine when nothing is left of a keeper that is to go. It may be freed by that: call it last. */
void keeper_check_over(struct keeper *keeper);

bool keeper_lets_go(const struct keeper *keeper);       /* its instances go on when its sockets are closed */

void keeper_hold(struct keeper *keeper, bool held);
void keeper_end_drain(struct keeper *keeper);   /* releases one that drains, if it is empty */

/* Called by libev when a listener is ready; for listener_init. */
void keeper_on_ready(struct ev_loop *loop, ev_io *io, int events);

/* For parts of the keeper (engine/accept/serve): the activity, made at need (NULL: out of memory), and a pause with its
 * reason. */
struct activity *keeper_activity(struct keeper *keeper);
struct list *keeper_instances(struct keeper *keeper);   /* to walk; an empty list before the first start */
bool keeper_is_empty(struct keeper *keeper);            /* no instance at all, not even one retired */
/* Nothing is left but instances of accept = no that a reload has left alone: such a one takes clients itself, at the
 * sockets it has, for as long as it likes. */
bool keeper_has_drained(struct keeper *keeper);
void keeper_pause(struct keeper *keeper, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Opens what is not open. false: one that is needed can't be had, which is told with the pause. */
bool keeper_bind(struct keeper *keeper);

/* The same where the pause follows a failure that nobody told: both become one line, of this event. */
void keeper_fail(struct keeper *keeper, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* It is paused after a failure, and refuses clients meanwhile (backoff_refuse). */
bool keeper_refuses(const struct keeper *keeper);
void keeper_rewatch(struct keeper *keeper);
/* TIMER comes then, once, and not at an earlier time that was set. */
void keeper_start_timer(struct keeper *keeper, double seconds);
void keeper_stop_timer(struct keeper *keeper);
void keeper_close_listeners(struct keeper *keeper);     /* all of them, and their twins */
bool keeper_is_complete(const struct keeper *keeper);   /* every socket that is not optional is open */
bool keeper_is_being_restored(const struct keeper *keeper);      /* one of its listeners is: a start would wait for that */
bool keeper_is_full(const struct keeper *keeper);
