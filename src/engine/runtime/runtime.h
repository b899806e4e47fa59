/* A service as superd runs it: its state, listeners, instances, pauses and counters, for all that have to know of it.
 * Here are data and what can be told from them; engine/service/runtime_event has what it does. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/table/table.h"
#include "engine/core/engine.h"
#include "engine/core/events.h"
#include "engine/launch/start_request.h"
#include "engine/limits/backoff.h"
#include "engine/listener/listener.h"
#include "engine/runtime/service_stats.h"
#include "engine/runtime/state_table.h"

struct accept_state;
struct conn_query;
struct freeze_times;
struct idle;
struct idle_saved;
struct queue_guard;
struct socket_commands;

/* What a service has that was started or paused ever: made then, and freed with the service, so that services that only
 * listen stay small. Owner: struct service_runtime. Each policy has a struct of its own here, which its folder makes,
 * frees and saves; NULL while there is nothing to note. */
struct service_run {
	struct service_runtime *runtime;
	struct list leaving;            /* link in engine->service_list->leaving, once the runtime is removed */
	struct list fd_wait;            /* link in engine->admission->fd_waits, while descriptors are short */
	struct start_kit kit;           /* plan, pipes and descriptors, ready for the next start */
	struct list instances;          /* the current one, retired ones, and all of accept = yes */
	struct instance *current;       /* accept = no: the instance that has the listeners; NULL: none */
	struct service_stats stats;     /* counts and times */

	ev_timer timer;                 /* the pause of BINDING and BACKOFF; LISTENING: parked clients are left, or restart */
	char reason[320];               /* of the last failure or pause; "": none */
	const char *unlogged_event;     /* name of the event that is logged with the pause after it; NULL: it was logged */
	double start_due;               /* loop time of the next start by `restart` or an operator; 0: none is due */
	bool start_ordered;             /* an operator has ordered the next start */
	bool drains_when_ready;         /* the current instance drains as soon as it is ready, as its row has changed */
	unsigned char postponed_stop;   /* 1 + the event that ends the current instance once drained ones are gone; 0: none */
	unsigned drain_snapshots;       /* draining instances whose clients are being counted (engine/drain/drain_snapshot) */

	struct queue_guard *guard;      /* who waits, and what instances do of them (engine/health/queue_guard) */
	struct accept_state *accept;    /* clients and limits (engine/accept/accept_state) */
	struct freeze_times *freeze_times; /* when it was frozen (engine/freeze/freeze) */
	struct idle *idle;              /* measures idle time (engine/idle/idle) */
	struct idle_saved *idle_saved;  /* idle time while nothing measures it (engine/idle/idle) */
	struct standby_sockets *standby_sockets; /* second sockets (engine/drain/standby_socket) */
	struct socket_commands *socket_commands; /* commands around its sockets (engine/service/socket_commands) */
	struct service_reload *reload;  /* a reload of its backend's own configuration (engine/service/service_reload) */
	struct conn_query *activator_query; /* for whose client it was started (engine/clients/activator) */
};

struct service_runtime {
	struct engine *engine;
	struct table *table;            /* the table of its row; held by table->users */
	const struct service *service;
	struct listener *listeners;     /* as many as the row has sockets, in its order */
	unsigned listener_count;
	unsigned instance_count;        /* instances that count against `instances` */
	struct service_state state;     /* changed by runtime_event (engine/service/runtime_event) */
	bool halted;                    /* by an operator: only a client or an operator starts it again */
	bool refreeze;                  /* over an upgrade: an operator had frozen it, and it will be frozen again */
	bool bound;                     /* its sockets were all open, and the commands of their closing have not begun */
	bool started;                   /* start = boot was done, and has not failed since */
	struct service_state posted_state; /* its state when the first of the posted events was */
	struct backoff backoff;
	double since;                   /* loop time when the state was entered */
	struct service_run *run;        /* NULL until the first start or pause */
	struct posted posted;           /* events that it has still to hear of */
};

/* Where it stands, in a word that users read (state_name). */
static inline enum state runtime_state(const struct service_runtime *runtime)
{
	return state_of(runtime->state);
}

static inline bool runtime_is_held(const struct service_runtime *runtime)
{
	return service_is_held(runtime->state);
}

static inline bool runtime_is_draining(const struct service_runtime *runtime)
{
	return runtime->state.admin == ADMIN_DRAINING;
}

static inline bool runtime_is_disabled(const struct service_runtime *runtime)
{
	return runtime->state.admin == ADMIN_DISABLED;
}

static inline bool runtime_is_removed(const struct service_runtime *runtime)
{
	return runtime->state.admin == ADMIN_REMOVED;
}

/* accept = no: the instance that has the listeners; NULL: none. */
static inline struct instance *runtime_current(const struct service_runtime *runtime)
{
	return runtime->run ? runtime->run->current : NULL;
}

/* Loop time of the next start by `restart` or an operator; 0: none is due. */
static inline double runtime_start_due(const struct service_runtime *runtime)
{
	return runtime->run ? runtime->run->start_due : 0;
}

/* Returns the runtime of a link of engine->service_list->leaving. */
static inline struct service_runtime *runtime_leaving(struct list *link)
{
	return container_of(link, struct service_run, leaving)->runtime;
}

/* The activity, made at need; NULL: out of memory. */
struct service_run *runtime_make_run(struct service_runtime *runtime);

/* For those who read; NULL, or never started: all is 0. */
const struct service_stats *runtime_stats(const struct service_runtime *runtime);

struct list *runtime_instances(struct service_runtime *runtime); /* to walk; an empty list before the first start */
bool runtime_is_empty(struct service_runtime *runtime); /* no instance at all, not even a retired one */
bool runtime_is_full(const struct service_runtime *runtime); /* accept = yes: as many instances as may be */

bool runtime_is_complete(const struct service_runtime *runtime); /* every socket that is not optional is open */
bool runtime_is_being_restored(const struct service_runtime *runtime); /* a listener is being restored: a start would wait for that */
bool runtime_keeps_instances(const struct service_runtime *runtime); /* its instances go on when its sockets are closed */

/* true: it is paused after a failure, and refuses clients meanwhile (backoff_refuse). */
bool runtime_refuses(const struct service_runtime *runtime);

/* start = boot without a socket and without `restart`: superd starts it again however it ends. */
bool runtime_starts_again(const struct service_runtime *runtime);

/* The service has failed: with start = boot it starts again, unless `restart` decides that. */
void runtime_start_anew(struct service_runtime *runtime);

/* superd starts it without a client and without `restart`. */
bool runtime_starts_at_boot(const struct service_runtime *runtime);

/* Only superctl can start it. */
bool runtime_waits_for_order(const struct service_runtime *runtime);

/* The reason of the last failure or pause, or that there was no memory to note it. */
const char *runtime_reason(const struct service_runtime *runtime);

/* Notes the reason of the pause that follows. */
void runtime_pause(struct service_runtime *runtime, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As runtime_pause, for a failure that was not logged: it becomes one line with the pause, of this event. */
void runtime_fail(struct service_runtime *runtime, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* on_failure = exit: superd ends as an instance has, by its wait status. */
void runtime_end_superd(struct service_runtime *runtime, int status);

/* Raises TIMER once after so many seconds, in place of a time that was set before. Only after runtime_make_run. */
void runtime_start_timer(struct service_runtime *runtime, double seconds);
void runtime_stop_timer(struct service_runtime *runtime);

/* What a service may hear of beside the events of the table. */
enum {
	LOOK = SERVICE_EVENTS,              /* what it watches may have changed, or nothing may be left of it */
	DRAIN_DUE,                      /* its instance is ready, or clients may wait at second sockets (engine/drain/standby_socket) */
	DRAINS,                         /* its current instance drains from now on, and it goes on without it */
	THAWED,                         /* an instance was thawed, as it ends (engine/instance/thaw) */
	HANDED,                         /* another service has accepted clients for it (engine/accept/tcpmux) */
	UNREACHABLE,                    /* nodes of its sockets may have been removed or replaced */
};

/* Posts an enum service_event, or one of the above (engine/core/events). */
void runtime_post(struct service_runtime *runtime, unsigned event);

/* The state in which the events that were posted will leave it, as far as the tables tell, and its word. */
struct service_state runtime_next(const struct service_runtime *runtime);
enum state runtime_next_state(const struct service_runtime *runtime);
