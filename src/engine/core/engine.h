/* The state that all parts of the engine share: the loop, the log, the children, and a few descriptors. There is one,
 * inside struct supervisor. What a folder needs for all services is in a struct of its own, which no other knows: here is
 * only where it is. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/log/log.h"
#include "engine/core/child_table.h"
#include "engine/limits/refusal.h"
#include "exec/plan/plan.h"
#include "exec/processes/pid1.h"

struct watch;
struct log_files;
struct listeners;
struct start_resources;
struct instances;
struct admission;
struct orphans;
struct freezes;
struct service_list;
struct conn_queries;
struct closing;
struct tcp_close_events;
struct posted;
struct locks;

#define ENGINE_SPARE 8                  /* what the starts of a redirect and of its target may need for themselves */

/* Events that services have still to hear of (engine/core/events), and what superd as a whole has to hear of at the same
 * moment. */
struct event_queue {
	struct posted *first, *last;    /* those of the services that have any; NULL: none */
	ev_prepare watcher;             /* is fed when there are any, or one of these: */
	bool ended;                     /* a service, or the registrations with rpcbind, whose end that of superd may wait for */
	bool timer_failed;              /* there was no memory for the timer of a pause: TIMER has to be raised in a while */
	bool paths_touched;             /* sockets in the file system may be gone (engine/listener/socket_path_watch) */
	bool failed;                    /* superd is to end with exit_status, as on_failure = exit says */
	int exit_status;
};

struct engine {
	struct ev_loop *loop;
	struct log *log;
	struct child_table children;
	struct list unreaped;           /* processes that superd has given up (engine/core/unreaped) */
	struct list receptions;         /* messages that processes beside superd receive (engine/core/fd_receive) */
	struct event_queue events;
	struct watch *changes;          /* woken when a service has changed; NULL: nobody waits for that */
	double started;                 /* loop time when the first superd of this process began */
	bool stop_ordered;              /* superd is about to stop; while not stopping, all goes on (--stop-delay) */
	bool stopping;
	bool quiet;                     /* no listener is watched: superd is about to be upgraded (engine/upgrade/upgrade) */

	struct process_defaults defaults;
	struct listen_fds listen_fds;
	int null_input, null_output;    /* /dev/null, low, for backends */
	int spare[ENGINE_SPARE];        /* reserve for a moment when descriptors run out; -1: given up */
	uint64_t random_state;          /* of the generator for jitter */
	uint64_t accept_states;         /* struct accept_state made so far */

	/* Parts of the supervisor, each made and freed by its own folder. */
	struct log_files *log_files;    /* what lines are written to beside the log (engine/log/xinetd_log_file) */
	struct listeners *listeners;    /* what listeners share (engine/listener/listeners) */
	struct start_resources *launch; /* what starts share (engine/launch/start_resources) */
	struct service_list *service_list; /* all runtimes (engine/reload/reload) */
	struct instances *instances;    /* all instances (engine/instance/instance) */
	struct orphans *orphans;        /* what killed superds have left (engine/orphans/orphan) */
	struct freezes *freezes;        /* those of all services (engine/freeze/reclaim) */
	struct admission *admission;    /* what is remembered of clients, and who waits (engine/accept/admission_state) */
	struct locks *locks;            /* holds and disables by operators (engine/service/operator_locks) */

	/* Made by the first use; NULL: there was none. */
	struct closing *closing;        /* closes descriptors beside the loop (engine/core/close_socket) */
	struct conn_queries *conn_queries; /* counts clients (engine/clients/conn_query) */
	struct tcp_close_events *close_events; /* reports ended connections (engine/clients/close_events) */
};

/* A number in [0, 1) for jitter. */
double engine_random(struct engine *engine);

/* Descriptors ran out: gives the spare ones up, to log that and to start one instance for the clients that hold the
 * rest; engine_keep_spare takes them again as far as they are free. */
bool engine_has_spare(const struct engine *engine, int least);
void engine_drop_spare(struct engine *engine);
void engine_keep_spare(struct engine *engine);

/* The user that an instance of the service is started as. */
uid_t service_user(const struct service *service);
