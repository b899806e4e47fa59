/* One running backend: a main process and its process group. superd/instance/start_request starts it. It ends by itself,
 * or by a stop: kill_signal to the group, timeout_stop, SIGKILL. After a stop it is over when the whole group is gone.
 * Whoever makes it by instance_new (accept = yes: superd/service/pending, no: superd/service/shared_run) frees
 * it in ops->ended. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/list.h"
#include "lib/log/log.h"
#include "lib/source_count.h"
#include "superd/instance/instance_table.h"
#include "superd/instance/instance_cgroup.h"
#include "superd/loop/child_table.h"
#include "superd/loop/engine.h"
#include "superd/loop/exit_result.h"
#include "superd/process/process_tree.h"
#include "table/service/service.h"

struct bind_calls;
struct buf;
struct builtin_channel;
struct exec_sequence;
struct forking_search;
struct freeze;
struct instance;
struct listener;
struct main_watch;
struct notify_state;
struct outdated;
struct process_tree;
struct ready;
struct relay_process;
struct shared_process;
struct spawn_request;
struct stop;

/* How far a process can extend its time limit by EXTEND_TIMEOUT_USEC=: to ten times the limit. Without that bound a
 * process could put off its end for ever. */
struct allowance {
	double since;                   /* loop time when the limit began */
	double length;                  /* seconds of the limit; 0: no limit */
};

void allowance_begin(struct allowance *allowance, int64_t microseconds);

/* Returns how many of these microseconds from now the process may have; 0: the allowance is used up. */
int64_t allowance_left(const struct allowance *allowance, int64_t microseconds);

/* How an instance ended, for its service. */
struct ending {
	int status;                     /* wait status of the main process */
	double lasted;                  /* seconds */
	double cpu;                     /* seconds of processor time: of the control group, or of the main process and those it reaped */
	bool stopped;                   /* true: superd stopped it, and not for a failure */
	enum result result;
	bool cleared;                   /* true: it ended by itself, and superd stopped the processes that it left (kill_rest) */
	bool unready;                   /* true: it never sent READY=1 (type = notify), or never answered (redirect) */
	bool unbound;                   /* true: pass = bind, and it never bound all of its listeners */
};

/* The process groups of an instance, which a stop signals. */
struct instance_groups {
	struct {                        /* saved */
		pid_t group;            /* process group of the main process; 0: none */
		pid_t former;           /* process group of an earlier main process (superd/instance/notify_state); 0: none */
		int fd, former_fd;      /* theirs (os/proc/process_group), if superd reaps no process of one; -1: none */
	};
	struct process_tree *escaped;   /* processes that have left the groups found at a stop; NULL: none */
};

/* The time limit of the start, the run or the stop. */
struct instance_limit {
	struct {                        /* saved */
		ev_timer timer;         /* inactive: no limit */
	};
	struct allowance allowance;     /* how far the process can extend the limit */
};

/* accept = yes: the client of the instance. superd/service writes it. */
struct instance_client {
	struct {                        /* saved */
		char *peer;             /* address of the client; owned; NULL: none */
		unsigned char source[SOURCE_SIZE]; /* address, or network, that per_source counts */
		bool unread;            /* true: the instance left its datagram in the queue */
		uint64_t head;          /* identity of the datagram that was first in the queue (os/netdiag/queue_ids) */
	};
	bool counted;                   /* true: the instance counts for `source` (per_source) */
	struct listener *busy;          /* datagram listener that the instance has taken over; NULL: none */
	bool knows_head;                /* true: head is set */
	struct builtin_channel *channel; /* channel to superd-builtin (superd/service/builtin_channel); NULL: none */
};

/* superd's actions on an instance, and its end. instance_result and superd/stop judge its end by this. */
struct instance_facts {
	int status;                     /* wait status of the main process, kept while others of its group live */
	double gone;                    /* loop time of the end of the last process; 0: a process lives, or none was started */
	int stop_signal;                /* signal of the stop in place of kill_signal; 0: kill_signal */
	bool stopped;                   /* true: superd has stopped the instance */
	bool killed;                    /* true: superd has sent final_kill_signal or SIGKILL */
	bool failed;                    /* true: superd stops it for a failure, such as a timeout, so its end counts as a failure */
	bool cleared;                   /* true: it ended by itself, and superd stops the processes that it left (kill_rest) */
	/* true: type = forking and no daemon was found yet; type = notify and no READY=1 was sent yet; redirect and no
	 * answer yet. */
	bool unready;
	bool unbound;                   /* true: pass = bind, and it has not bound all of its listeners yet */
	bool ready;                     /* true: the start has succeeded */
	unsigned char result;           /* enum result that something else than the wait status decided; 0: the status decides */
};

/* Delays the end of a process until superd has read its last messages (superd/instance/notify). */
struct last_words {
	struct list link;               /* in notify->unheard; empty: nothing is delayed */
	void (*heard)(struct last_words *last);        /* called after the removal from the list; may free the struct */
};

/* The differences between accept = yes (superd/service/pending) and no (superd/service/shared_run). */
struct instance_ops {
	/* Starts the main process after its commands, and fills launch. false: the start failed; why gets the
	 * reason. */
	bool (*launch)(struct instance *instance, struct spawn_request *launch, struct buf *why);
	void (*runs)(struct instance *instance);        /* the main process runs its program */
	void (*ready)(struct instance *instance);       /* the start has succeeded */
	void (*limit)(struct instance *instance);       /* the time limit is over, or the start has failed */
	void (*ended)(struct instance *instance, const struct ending *ending);  /* the last call, which frees the instance */
	void (*drop)(struct instance *instance);        /* frees the owner's data in the instance, for instance_free; NULL: none */
};

struct instance {
	struct {                        /* saved */
		struct child child;     /* main process; pid 0: none is followed */
		pid_t pid;              /* pid of the main process, kept after its end for the log; 0: none was started */
		struct instance_groups groups;
		struct instance_limit limit;
		double since;           /* loop time of the start */
		unsigned char state;    /* enum instance_state; only instance_event changes it */
		struct instance_facts facts;
		bool retired;           /* true: it is no longer the current instance of its service */
		struct instance_client client;
		uint64_t mark;          /* mark of its processes (os/proc/process_mark); 0: none */
		uint64_t private_tmp;   /* number of its private folders (superd/start/directories); 0: none */
		struct instance_cgroup cgroup; /* control group; path NULL: none */
	};
	struct list link;               /* in the service's list of instances */
	struct list linger;             /* in engine->instances->lingering, while the first process is gone and its group is not */
	struct engine *engine;
	const struct service *service;  /* configuration of the start, or of a later reload */
	uid_t user;                     /* user it was started as */
	struct main_watch *main_watch;  /* watch of a main process that is not superd's child; NULL: it is superd's child */
	struct forking_search *search;  /* search for the daemon of type = forking; NULL: no search is under way */
	struct bind_calls *bind_calls;  /* its program's binds (superd/instance/bind_calls); NULL: not pass = bind */
	struct ready *ready;            /* the wait until it serves (superd/instance/ready); NULL: none is under way */
	struct notify_state *notice;    /* state by its sd_notify messages (superd/instance/notify_state); NULL: it has no notify socket */
	struct exec_sequence *sequence; /* commands around the main process (superd/instance/exec_sequence); NULL: none */
	struct stop *stop;              /* its stop, until it gets its signal (superd/stop/stop); NULL: none is under way */
	struct freeze *freeze;          /* state of a freeze (superd/stop/freeze); NULL: it was never frozen */
	struct plan *plan;              /* start plan of this connection alone; owned; NULL: that of the service's start kit */
	struct shared_process *process; /* process that serves it beside others (superd/instance/shared_process); NULL: its own */
	struct relay_process *relay;            /* process that relays clients to the program (superd/instance/relay); NULL: none */
	struct outdated *outdated;      /* options of an earlier configuration that it still has (superd/instance/outdated); NULL: none */
	const struct instance_ops *ops;
	void *context;                  /* struct service_runtime of the service */
};

/* What proves that a process is of this instance. Borrows its control group. */
struct process_proof instance_proof(const struct instance *instance);

/* Whether its program starts and is not ready yet. */
static inline bool instance_is_starting(const struct instance *instance)
{
	return instance->state == INSTANCE_LAUNCHED || instance->state == INSTANCE_STARTED;
}

/* Whether superd has sent SIGKILL, so that its processes end, or hang in the kernel. */
static inline bool instance_is_doomed(const struct instance *instance)
{
	return instance->state == INSTANCE_KILL || instance->state == INSTANCE_CLEAR_KILL;
}

/* Whether its main process has ended by itself, and superd stops the other processes (kill_rest). */
static inline bool instance_is_clearing(const struct instance *instance)
{
	return instance->state == INSTANCE_CLEAR || instance->state == INSTANCE_CLEAR_KILL;
}

/* All instances of all services, as engine->instances. */
struct instances {
	size_t count;                   /* live instances */
	size_t made;                    /* instances that exist: live and starting ones, and clients whose lookup is under way */
	size_t ahead;                   /* of `made`: those without a client yet (superd/instance/warm_pool), which the limit spares */
	size_t limit;                   /* limit of `made`; 0: none; the caller of supervisor_init sets it */
	struct list lingering;          /* instances whose first process has ended while others of its group live */
	struct source_counts by_source; /* instances of accept = yes by service and client address */
	ev_timer linger_look;           /* checks `lingering` while it is not empty: superd may not be the parent of those processes */
	struct list forking;            /* searches for the daemon of type = forking (superd/instance/forking) */
	struct list aux_commands;       /* commands beside a main process that run (superd/instance/aux_command) */
	struct list relays;             /* relays of instances, and retired ones that still have clients (superd/instance/relay) */
	struct list shared;             /* processes that serve several clients (superd/instance/shared_process) */
	struct list moved;              /* notify_states whose former group has processes */
};

void instances_init(struct engine *engine, struct instances *instances);
bool instances_are_full(const struct engine *engine);   /* whether the limit is reached */

struct instance *instance_new(struct engine *engine, const struct service *service);    /* NULL: out of memory */

/* Counts it among the live instances; its process may not run yet. */
void instance_enter(struct instance *instance);

/* Returns the number of its folders for private_tmp, which superd removes with the instance. 0: it has none. */
uint64_t instance_private_tmp(struct instance *instance);

/* Follows the process, which runs since this loop time. */
void instance_begin(struct instance *instance, pid_t pid, double since);

/* Looks the event up in instance_table, and performs the action. Nothing else changes the state. May free the
 * instance. */
void instance_event(struct instance *instance, enum instance_event event);

/* Returns the pid of the command that runs beside the main process; 0: none. */
pid_t instance_command(const struct instance *instance);

/* Called when its daemon is known, or when it has sent READY=1. */
void instance_be_ready(struct instance *instance);

/* pass = bind: called when it has bound all of its listeners. It is ready when both have been called. */
void instance_be_bound(struct instance *instance);

void instance_stop(struct instance *instance);  /* sends kill_signal by kill_mode; SIGKILL follows by the timer */
void instance_kill(struct instance *instance);  /* sends SIGKILL to all of its processes */

/* Called when its time limit is over: stops it, or, if it is being stopped already, kills it by kill_mode. */
void instance_expire(struct instance *instance);

/* Ends the instance with the status in facts, and leaves its process running. */
void instance_let_go(struct instance *instance);

/* Called when its main process has ended, with the status in facts, and child.pid is 0. */
void instance_take_end(struct instance *instance);

/* Keeps the instance until the other processes of its group have ended, after its first process has. */
void instance_linger(struct instance *instance);

/* Ends lingering instances whose groups are gone. Called after superd has reaped a process that belongs to no
 * instance. */
void instance_sweep(struct engine *engine);

void instance_free(struct instance *instance);  /* accepts NULL */

/* Fills the duration, the signal and the status of a log event. */
void instance_fill_event(const struct ending *ending, struct event *event);

/* Calls act for all instances of all services that have a process or look for one, retired ones included. */
void instance_each(struct engine *engine, void (*act)(struct instance *instance));

/* For every instance of every service. */
void instance_stop_all(struct engine *engine);
void instance_kill_all(struct engine *engine);

/* ---- its processes and its time limit ---- */

/* Sets the time limit: ON_TIMEOUT follows after so many microseconds; SCAN_INFINITY or 0: never. */
void instance_limit(struct instance *instance, int64_t microseconds);

double instance_limit_left(struct instance *instance);    /* seconds of its time limit; negative: none */

/* Extends its time limit, if it has one, to so many microseconds from now. false: its allowance permits fewer. */
bool instance_extend(struct instance *instance, int64_t microseconds);

/* Sets its process group; 0: none. fd: a descriptor of the group, which the instance owns from now on; -1: none is
 * needed, because superd reaps a process of the group. */
void instance_set_group(struct instance *instance, pid_t group, int fd);

/* Returns the process group of this process if superd may signal it for the instance, as it is the instance's already
 * or has only processes of its start; else 0. */
pid_t instance_find_group(const struct instance *instance, pid_t pid);

/* Whether a process is left in its group; any: or in its former group, in its control group, or among its escaped
 * processes. */
bool instance_has_group_left(const struct instance *instance);
bool instance_has_any_left(const struct instance *instance);

bool instance_has_group(const struct engine *engine, pid_t group);     /* whether this is the group of any instance */

/* Makes superd open a descriptor of the group before it reaps the main process, to signal the others later. */
void instance_see_end(struct instance *instance);

/* Whether kill_mode or send_sigkill lets its processes run on when the time for its stop is over. */
bool instance_is_spared(const struct instance *instance);

/* Signals only its main process. */
bool instance_signal_main(const struct instance *instance, int signal);

/* Signals all of its processes; group false: only its main process. */
void instance_signal(struct instance *instance, int signal, bool group);

/* The three steps of a stop: its signals, and timeout_stop; final_kill_signal, and timeout_stop again; SIGKILL to its
 * group and its control group. */
void instance_signal_stop(struct instance *instance);
void instance_signal_final(struct instance *instance);
void instance_signal_kill(struct instance *instance);

/* Called when SIGKILL is sent: begins the last time limit, once. */
void instance_doom(struct instance *instance);

/* Called after a change of the main process: if the instance is being stopped, sends the stop signal to the new main
 * process once, and to its group if has_other_group. */
void instance_signal_followed(struct instance *instance, bool has_other_group);

/* The resources that all processes of an instance use together: those of its control group, or, if it has none, its
 * main process and the descendants of that. Reads a few small files, of 64 processes at most. */
double instance_cpu(const struct instance *instance);   /* seconds of processor time since the start; below 0: unknown */
int64_t instance_memory(const struct instance *instance);       /* resident bytes; -1: unknown */

/* The watch of a main process that is not superd's child, by its pidfd: its parent lives, or a superd that was killed had
 * started it. */

/* Whether the process is not superd's child, so that its end must be watched. */
bool main_watch_is_needed(pid_t pid);

/* Watches this child of engine->children by its pidfd, in place of *watch (NULL: none). Takes pidfd over in any case.
 * false: out of memory, and *watch is unchanged. */
bool main_watch_begin(struct main_watch **watch, struct engine *engine, struct child *child, int pidfd);
void main_watch_end(struct main_watch **watch);
int main_watch_fd(const struct main_watch *watch);      /* -1 for NULL */

/* Ends the search for the daemon of type = forking (superd/instance/forking), if one is under way. */
void instance_end_search(struct instance *instance);
