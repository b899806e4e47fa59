/* A service as superd runs it: its state, listeners, instances, pauses and counters. Here are the data and the
 * questions that the data can answer; superd/service/runtime_event acts on events. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "superd/instance/start_kit.h"
#include "superd/limits/rate_limit.h"
#include "superd/socket/listener.h"
#include "superd/loop/engine.h"
#include "superd/loop/events.h"
#include "superd/instance/history.h"
#include "superd/instance/service_stats.h"
#include "superd/instance/state_table.h"
#include "table/services/table.h"

struct accept_state;
struct background;
struct conn_query;
struct file_id;
struct idle;
struct queue_notes;
struct condition_query;
struct socket_commands;
struct warm_pool;

enum start_stage { START_NONE, START_WAITS, START_RUNS, START_STAGES };

/* The place of a service in the line, or its start that is under way. Owner: struct service_run. Only
 * superd/instance/start_queue writes it. */
struct start_ticket {
	struct {                        /* saved */
		enum start_stage stage;
		uint64_t number;        /* START_WAITS: the order of arrival */
		double until;           /* START_RUNS: loop time at which others may start in any case */
		pid_t pid;              /* START_RUNS: main process; 0: it does not run yet */
	};
	struct list link;               /* in start_queue.line or start_queue.running */
	double demand, looked;          /* seconds that it has wanted of the processors, and the loop time of that look; looked 0: none */
};

/* The part of a service that exists only once it was started or paused, so that services that only listen stay
 * small. runtime_make_run makes it, and runtime_free frees it. Owner: struct service_runtime. Each policy has a
 * struct of its own here, which its folder makes, frees and saves; NULL: it has noted nothing. */
struct service_run {
	struct {                        /* saved */
		struct start_ticket start; /* its start, or its place in the line of starts (superd/instance/start_queue) */
		struct service_stats stats; /* counts and times (superd/instance/service_stats) */
		/* In BINDING and BACKOFF: end of the pause; in LISTENING: next batch of parked clients, or `restart`. */
		ev_timer timer;
		char reason[320];       /* reason of the last failure or pause; "": none */
		double start_due;       /* loop time of the next start by `restart` or an operator; 0: none is due */
		char start_by[64];      /* who has ordered the next start or thaw: "operator" or "NAME, which wants it"; "": no order */
		unsigned char stop_reason; /* why its last stop began (enum stop_reason, superd/stop/stop) */
		double wants_since;     /* loop time since when its start waits for services that it wants; 0: it does not */
		struct background *background; /* processes that its program has left in the background (superd/instance/background) */
	};
	struct service_runtime *runtime;
	struct list leaving;            /* link in engine->service_list->leaving, once the runtime is removed */
	struct list fd_wait;            /* link in engine->admission->fd_waits, while descriptors are short */
	struct start_kit kit;           /* plan, pipes and descriptors, kept for the next start */
	struct list instances;          /* all instances: the current one and retired ones; with accept = yes, one a client */
	struct instance *current;       /* accept = no: the instance that has the listeners; NULL: none */
	struct history history;         /* phases and wakes of the last hours (superd/instance/history) */
	ev_timer socket_timer;          /* end of a socket's rest, or next try of optional ones that could not be opened */
	struct backoff absent_backoff;  /* the pauses between these tries */
	const char *unlogged_event;     /* name of an event that is logged together with the next pause; NULL: none */
	bool reason_logged;             /* true: a line for all services tells the reason, so the next pause needs none */
	pid_t unrecorded;               /* instance whose START waits for the address of its client; 0: none */
	double slept;                   /* seconds that it has listened without an instance, before the start that comes; 0: none */
	bool restarts;                  /* the HALT that is being handled is an order to restart */
	bool goes_late;                 /* true: starts that needed its memory waited in vain (superd/stop/memory_pressure) */

	struct buf lack;                /* why the sockets of the instance that stops have no second ones; "": they have */

	uint64_t saved;                 /* hash of its last record in the saved state; 0: none */
	struct queue_notes *notes;      /* waiting clients, and whether instances serve them (superd/stop/queue_notes) */
	struct accept_state *accept;    /* counts and limits of accepted clients (superd/service/accept_state) */
	struct idle *idle;              /* idle time as it is measured (superd/stop/idle) */
	struct standby_sockets *standby_sockets; /* second sockets at its addresses (superd/stop/standby_socket) */
	struct condition_query *conditions; /* the last one of its closed sockets (superd/socket/socket_condition) */
	struct socket_commands *socket_commands; /* commands around its sockets (superd/service/socket_commands) */
	struct service_reload *reload;  /* a reload of its backend's own configuration (superd/service/service_reload) */
	struct list wanting;            /* link in engine->service_list->wanting */
	struct warm_pool *warm;         /* programs that were started ahead (superd/instance/warm_pool) */
	struct conn_query *activator_query; /* query for the client it was started for (superd/stop/activator) */
};

struct service_runtime {
	struct {                        /* saved */
		double since;           /* loop time when it entered its state */
		struct service_state state; /* written by runtime_event; its region admin also by service_ordered */
		bool halted;            /* true: an operator has stopped it; only a client or an operator starts it again */
		bool refreeze;          /* true during an upgrade: an operator had frozen it, and superd will freeze it again */
		bool bound;             /* true: all its sockets were opened, and the commands of their closing have not begun */
		bool started;           /* true: start = boot has started it, and it has not failed since */
		struct backoff backoff;
	};
	struct engine *engine;
	struct table *table;            /* the table of its entry; held by table->users */
	const struct service *service;
	struct listener *listeners;     /* one for each socket of its entry, in the same order */
	unsigned instance_count;        /* number of instances that count against `instances` */
	unsigned listener_count : 27;
	unsigned posted_state : 4;      /* enum state when the first of the posted events was posted */
	bool unsaved : 1;               /* true: it has changed since its last record in the saved state (superd/reload/saved_state) */
	struct service_run *run;        /* NULL: not started or paused yet */
	struct posted posted;           /* posted events that it has not handled yet (superd/loop/events) */
};

/* Returns its state as the one word that users read (state_name). */
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

/* Names the service in the saved state, as long as it exists. All superds of a guard have the same memory layout, so
 * the number has something of superd's own, too: a note of the superd before must not be another service's. */
static inline uint64_t runtime_number(const struct service_runtime *runtime)
{
	return (uint64_t)(uintptr_t)runtime ^ runtime->engine->number_mask;
}

/* Returns the runtime of a link in engine->service_list->leaving. */
static inline struct service_runtime *runtime_leaving(struct list *link)
{
	return container_of(link, struct service_run, leaving)->runtime;
}

/* Returns its struct service_run, and makes it if there is none; NULL: out of memory. */
struct service_run *runtime_make_run(struct service_runtime *runtime);

/* Returns its counters, for reading. All are 0 if the service was never started or runtime is NULL. */
const struct service_stats *runtime_stats(const struct service_runtime *runtime);

/* Its instances, for LIST_EACH; empty before the first start. */
struct list *runtime_instances(struct service_runtime *runtime);
bool runtime_is_empty(struct service_runtime *runtime); /* it has no instance, not even a retired one */
bool runtime_is_full(const struct service_runtime *runtime); /* accept = yes: the limit `instances` is reached */

bool runtime_is_complete(const struct service_runtime *runtime); /* all its sockets are open, or absent */
/* Another process restores a listener, sets its changed options, or lets its address be shared. */
bool runtime_is_being_restored(const struct service_runtime *runtime);
bool runtime_has_old_options(const struct service_runtime *runtime);    /* a listener has (is_old) */
/* Returns a list of its sockets, to be freed by the caller. NULL: out of memory. */
struct file_id *runtime_list_sockets(const struct service_runtime *runtime, size_t *count);
/* Closing its sockets does not stop its instances. */
bool runtime_keeps_instances(const struct service_runtime *runtime);

/* true: it is paused after a failure, and refuses clients during the pause (backoff_refuse). */
bool runtime_refuses(const struct service_runtime *runtime);

/* true: start = boot without a socket and without `restart`, so that superd starts it again whenever it ends. */
bool runtime_starts_again(const struct service_runtime *runtime);

/* Notes that the service has failed: with start = boot, superd starts it again, unless `restart` decides that. */
void runtime_start_anew(struct service_runtime *runtime);

/* true: superd starts it without a client, because of start = boot. */
bool runtime_starts_at_boot(const struct service_runtime *runtime);

/* true: only an operator can start it. */
bool runtime_waits_for_order(const struct service_runtime *runtime);

/* Returns the reason of the last failure or pause, or that memory was short. */
const char *runtime_reason(const struct service_runtime *runtime);

double runtime_pause_left(const struct service_runtime *runtime);      /* seconds of a pause; negative: none */

/* Notes the reason of the pause that follows. */
void runtime_pause(struct service_runtime *runtime, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a failure that was not logged: superd logs it in one line with the pause, as this event. */
void runtime_fail(struct service_runtime *runtime, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* To be called after runtime_fail: the same reason was logged for another service, and holds for many. Its line goes
 * to the debug log. */
void runtime_fail_alike(struct service_runtime *runtime);

/* on_failure = exit: superd exits with the status of the instance, a wait status. */
void runtime_end_superd(struct service_runtime *runtime, int status);

/* Raises TIMER once, after these seconds; replaces a time that was set before. Needs runtime_make_run. */
void runtime_start_timer(struct service_runtime *runtime, double seconds);
void runtime_stop_timer(struct service_runtime *runtime);

/* Events beside those of the state table, for runtime_post. superd/service/runtime_hear handles them. */
enum {
	LOOK = SERVICE_EVENTS,          /* its watched descriptors, or whether anything of it is left, may have changed */
	DRAIN_DUE,                      /* a planned drain may be due, or called off, or clients may wait at standby sockets */
	DRAINS,                         /* its current instance drains from now on, and the service continues without it */
	THAWED,                         /* an instance was thawed (superd/instance/thaw), or its stop called off (superd/stop/stop) */
	SETTLED,                        /* an attempt to freeze it for a stop is over (superd/stop/freeze) */
	HANDED,                         /* tcpmux has accepted clients for it (superd/service/tcpmux) */
	WOKEN,                          /* the client that it was started for is known, or cannot be (superd/stop/activator) */
	UNREACHABLE,                    /* socket files of its listeners may have been removed or replaced */
	RESTORED,                       /* superd/socket/restore is done with one of its listeners */
	SOCKETS_DUE,                    /* one of its sockets has rested, or the pause before the next try of absent ones is over */
	RESTS,                          /* a socket rests, and closes meanwhile (superd/service/socket_rest) */
};

/* Notes that it has changed, for the saved state (superd/reload/saved_state). */
void runtime_note_change(struct service_runtime *runtime);

/* Posts an enum service_event, or one of the events above (superd/loop/events). */
void runtime_post(struct service_runtime *runtime, unsigned event);

/* Its phase now, for its history; the second notes it there if it has changed. Call it before and after anything that
 * may change it. */
enum history_phase runtime_phase(const struct service_runtime *runtime);
void runtime_note_phase(struct service_runtime *runtime);

/* Returns the state that the posted events will lead to, as far as the state tables show; the second, its word. */
struct service_state runtime_next(const struct service_runtime *runtime);
enum state runtime_next_state(const struct service_runtime *runtime);
