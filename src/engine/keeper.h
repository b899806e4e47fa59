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

#include "engine/backoff.h"
#include "engine/engine.h"
#include "engine/instance.h"
#include "engine/launch.h"
#include "engine/listener.h"
#include "engine/pace.h"
#include "engine/refusal.h"
#include "engine/transition.h"
#include "model/table.h"
#include "sys/backlog.h"

#define PATIENCE 6                      /* at first, and after an end that really took nothing */

/* What only a service that was ever started needs, so that those asleep stay small. */
struct activity {
	struct means means;
	ev_timer timer;                 /* of BINDING and BACKOFF */
	struct list instances;          /* current, retired, and all of accept = yes */
	struct instance *current;       /* accept = no: the one that has the listeners */
	unsigned waiting;               /* connections queued when it was started */
	unsigned left;                  /* and when it ended well: they activate at once, without asking the kernel again */
	unsigned fruitless;             /* ends in a row that took nothing from the queue, as far as its length tells */
	unsigned patience;              /* how many of them it takes until that is proved */
	bool exact;                     /* backlog holds who waited when it was started */
	struct backlog backlog;
	uint64_t activations, accepted, failures;
	uint64_t refused[REFUSALS];     /* by reason */
	uint64_t number;                /* no other activity has or had it */
	struct pace pace;
	double rest;                    /* seconds that the next REST takes */
	bool deactivated;               /* it rests for cps, and its end is said */
	bool load_said;                 /* that max_load can't be kept was logged */
	unsigned char banners_said;     /* bits by enum banner: it could not be read, which was logged */
	double last_start, last_end;    /* loop time; 0: never */
	int last_status;                /* wait status */
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
	bool removed;                   /* the table has it no more: freed once it is OFF and nothing of it runs */
	bool started;                   /* start = boot was done, and has not failed since */
	struct backoff backoff;
	double since;                   /* when the state was entered, loop time */
	struct activity *activity;      /* NULL until the first start */
};

/* What starts and ends instances lies above the keeper and is called by this table: see engine/run and
 * engine/serve. */
struct backend_actions {
	void (*spawn)(struct keeper *keeper);   /* accept = no: raises READY or EXEC_ERROR, or nothing while it starts */
	void (*serve)(struct keeper *keeper, struct listener *listener);        /* accept = yes */
	void (*note)(struct keeper *keeper);    /* the current instance is ready: runtime_max begins */
	void (*stop)(struct keeper *keeper, enum happening cause);
	void (*kill)(struct keeper *keeper);    /* the current instance has not ended in time */
	void (*retire)(struct keeper *keeper, bool stop);       /* the keeper goes on without the instances it has */
	void (*abandon)(struct keeper *keeper); /* forgets every instance without a signal: superd leaves */
	bool (*serve_client)(struct keeper *keeper, struct listener *listener, struct client *client);  /* engine/serve */
};

/* A keeper in state OFF. NULL: out of memory. */
struct keeper *keeper_new(struct engine *engine, struct table *table, const struct service *service);
void keeper_free(struct keeper *keeper);        /* closes what is open; instances must be gone or left to themselves */

void keeper_event(struct keeper *keeper, enum happening happening);

/* Goes on under a row of the same sockets; changed: it is not equal to the one before. */
void keeper_adopt(struct keeper *keeper, struct table *table, const struct service *service, bool changed);

/* Takes the place of its listeners by those given (ownership passes; the old array comes back for the caller to
 * close), and goes on under a row of other sockets. A running instance ends by itself or by a stop, as on_remove
 * says, beside what comes. */
void keeper_replace(struct keeper *keeper, struct table *table, const struct service *service,
		    struct listener *listeners);

/* superd's own programs know the rules of their row from their start, and answer datagrams as long as any come: those
 * that do end here. None of them has a session to lose. */
void keeper_end_answering(struct keeper *keeper);

/* The table has it no more. The keeper may be gone when this returns. */
void keeper_remove(struct keeper *keeper);

/* Tells the engine when nothing is left of a keeper that is to go. It may be freed by that: call it last. */
void keeper_check_over(struct keeper *keeper);

void keeper_hold(struct keeper *keeper, bool held);

/* Called by libev when a listener is ready; for listener_init. */
void keeper_on_ready(struct ev_loop *loop, ev_io *io, int events);

/* For parts of the keeper (engine/serve): the activity, made at need (NULL: out of memory), and a pause with its
 * reason. */
struct activity *keeper_activity(struct keeper *keeper);
struct list *keeper_instances(struct keeper *keeper);   /* to walk; an empty list before the first start */
bool keeper_is_empty(struct keeper *keeper);            /* no instance at all, not even one retired */
void keeper_pause(struct keeper *keeper, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Opens what is not open. false: one that is needed can't be had, which is told with the pause. */
bool keeper_bind(struct keeper *keeper);

/* The same where the pause follows a failure that nobody told: both become one line, of this event. */
void keeper_fail(struct keeper *keeper, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void keeper_rewatch(struct keeper *keeper);
void keeper_stop_timer(struct keeper *keeper);
bool keeper_is_complete(const struct keeper *keeper);   /* every socket that is not optional is open */
bool keeper_is_full(const struct keeper *keeper);
