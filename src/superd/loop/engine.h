/* The state that all parts of the engine share: the loop, the log, the children, and a few descriptors. There is one,
 * inside struct supervisor. The data that a folder has for all services is in a struct of its own, which only that
 * folder knows; here is the pointer to it. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/list.h"
#include "lib/log/log.h"
#include "superd/limits/refusal.h"
#include "superd/loop/child_table.h"
#include "superd/process/pid1.h"
#include "superd/start/plan.h"

struct watch;
struct log_files;
struct listeners;
struct start_resources;
struct instances;
struct bind_strays;
struct admission;
struct start_queue;
struct memory_pressure;
struct freezes;
struct service_list;
struct conn_queries;
struct closing;
struct tcp_close_events;
struct posted;
struct field_table;
struct locks;
struct boot_locks;

/* Events that are posted to services and not handled yet (superd/loop/events), and flags that superd handles at the
 * same moment. */
struct event_queue {
	struct posted *first, *last;    /* services that have posted events; NULL: none */
	ev_prepare watcher;             /* fed when an event is posted or one of these flags is set: */
	bool ended;                     /* true: a service, or the registrations with rpcbind, has ended; superd's end may wait for it */
	bool starved;                   /* true: memory was lacking for something that superd tries again in a second (events_starve) */
	bool paths_touched;             /* true: sockets in the file system may be gone (superd/socket/socket_path_watch) */
	bool failed;                    /* true: superd has to exit with exit_status (on_failure = exit) */
	int exit_status;
};

/* How long the present turn of the loop has been starting processes (superd/loop/unreaped). Zeroed: nothing was started
 * yet. */
struct start_time {
	unsigned turn;                  /* ev_iteration of the last start */
	double spent;                   /* seconds that starts took in that turn */
	double each;                    /* seconds that a start takes, averaged over the last ones; 0: unknown */
};

struct engine {
	struct {                        /* saved */
		struct log *log;
		double started;         /* loop time when the first superd of this process began */
		struct process_defaults defaults; /* limits and attributes that backends get by default */
		bool has_terminal;      /* true: superd ends when its terminal hangs up (superd/supervisor/signals) */
		uint64_t accept_states; /* number of struct accept_state made so far */
	};
	struct ev_loop *loop;
	struct child_table children;
	struct list unreaped;           /* processes that superd has given up (superd/loop/unreaped) */
	struct event_queue events;
	struct watch *changes;          /* watch that is woken when a service has changed; NULL: none */
	bool stop_ordered;              /* true: superd will stop; until `stopping` all services continue (--stop-delay) */
	bool stopping;                  /* true: superd stops all services */
	bool quiet;                     /* true: superd watches no listener, because of an upgrade (superd/reload/upgrade) */
	unsigned told_unusable;         /* bit enum program: the log has that it is of another build, or cannot be executed */
	struct listen_fds listen_fds;   /* descriptors that superd was started with (LISTEN_FDS) */
	int null_input, null_output;    /* descriptors of /dev/null for backends, with low numbers */
	int highest_free;               /* highest number that was the lowest free one when descriptors were counted */
	struct start_time start_time;
	uint64_t random_state;          /* state of the generator for jitter */
	uint64_t number_mask;           /* makes the numbers of its services in the saved state this superd's own */
	size_t history_bytes;           /* bytes of the histories of all services (superd/instance/history) */
	bool takes_over;                /* --take-over: true: superd ends processes of killed superds that have its addresses */
	void (*save_changes)(struct engine *engine);    /* saves them now (superd/reload/saved_state); NULL: superd has no guard */
	/* Opens a connection to the control socket that may only read, for a program of superd's own that serves a client
	 * of `service`: returns its end, or -1 with the reason in why. in_detail: it may also read logs, commands and
	 * configuration. NULL: superd has no control socket. */
	int (*open_reader)(struct engine *engine, const char *service, bool in_detail, struct buf *why);
	void *control_server;           /* for open_reader */
	bool unsaved_all;               /* true: the saved state has to be written as a whole, as services are gone or new */
	bool unsaved;                   /* true: a service has changed since its last record in the saved state */
	bool unsaved_engine;            /* true: data of no service has changed, and must not wait for the next check */

	/* Parts of the supervisor; the named folder makes and frees each. */
	struct log_files *log_files;    /* files that lines are written to beside the log (superd/log/xinetd_log_file) */
	struct listeners *listeners;    /* state that listeners share (superd/socket/listeners) */
	struct start_resources *launch; /* state that starts share (superd/instance/start_resources) */
	struct service_list *service_list; /* all services (superd/reload/reload) */
	struct instances *instances;    /* all instances (superd/instance/instance) */
	struct bind_strays *bind_strays; /* filters of instances that have ended (superd/instance/bind_strays) */
	struct freezes *freezes;        /* state that freezes share (superd/stop/reclaim) */
	struct start_queue *start_queue; /* starts under way and in line (superd/instance/start_queue) */
	struct memory_pressure *memory_pressure; /* what goes when memory is short (superd/stop/memory_pressure) */
	struct admission *admission;    /* remembered and waiting clients (superd/service/admission_state) */
	struct saved_state *saved_state; /* written for the guard (superd/reload/saved_state); NULL: superd has none */
	struct locks *locks;            /* holds and disables by operators (superd/service/operator_locks) */
	struct boot_locks *boot_locks;  /* services that are disabled at boot (superd/service/boot_locks) */

	/* Made at the first use; NULL: not made yet. */
	struct closing *closing;        /* closes descriptors beside the loop (superd/loop/close_socket) */
	struct conn_queries *conn_queries; /* counts clients (superd/stop/conn_query) */
	struct tcp_close_events *close_events; /* reports ended connections (superd/stop/close_events) */
};

/* Returns a number in [0, 1) for jitter. */
double engine_random(struct engine *engine);

/* Returns the value of a variable of superd's own environment; NULL: it is not set. */
const char *engine_variable(const struct engine *engine, const char *name);

/* Returns how many descriptors are free, at most `most` (superd/start/descriptors.h). */
size_t engine_count_free(struct engine *engine, size_t most);

/* Returns the user that an instance of the service is started as. */
uid_t service_user(const struct service *service);

/* Tables of the fields that go over to the next superd, of the engine and of its counters (superd/saved/state_field).
 * address_entry_state: of struct address_entry, whose section is [minute] or [denied]. */
extern const struct field_table engine_state, latency_state, thaw_latency_state, rate_limit_state, address_entry_state;
