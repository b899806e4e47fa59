/* One running backend: a process and its group. engine/launch/start_request starts it. It ends by itself or by a stop:
 * kill_signal to the group, timeout_stop, SIGKILL. It is over when the whole group is gone. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/list.h"
#include "base/log/log.h"
#include "config/service/service.h"
#include "engine/core/child_table.h"
#include "engine/core/engine.h"
#include "engine/core/exit_result.h"
#include "engine/instance/instance_table.h"
#include "engine/launch/instance_cgroup.h"
#include "engine/limits/source_count.h"

struct buf;
struct builtin_channel;
struct exec_sequence;
struct drain;
struct frozen;
struct fork_match;
struct instance;
struct listener;
struct main_watch;
struct notify_state;
struct outdated;
struct process_tree;
struct spawn_request;

/* How far a process can extend its own time limit: to ten times its length. Without that bound a process could put off
 * its end for ever. */
struct allowance {
	double since;                   /* loop time */
	double length;                  /* seconds; 0: there is no limit */
};

void allowance_begin(struct allowance *allowance, int64_t microseconds);

/* Returns the microseconds until the limit, if it is extended to so many from now; fewer where the allowance ends
 * before. */
int64_t allowance_left(const struct allowance *allowance, int64_t microseconds);

/* How an instance ended, for its runtime. */
struct ending {
	int status;                     /* wait status of the main process */
	double lasted;                  /* seconds */
	double cpu;                     /* seconds of processor time: of its control group, or of the processes it has waited for */
	bool stopped;                   /* superd had stopped it */
	enum result result;
	bool cleared;                   /* it has ended by itself, and the processes it left were stopped (kill_rest) */
	bool unready;                   /* type = notify: it never said READY=1 */
};

/* The process groups of an instance, which a stop signals. */
struct instance_groups {
	pid_t group;                    /* that of its main process; 0: none */
	pid_t former;                   /* that of an earlier main process (engine/instance/main_pid); 0: none */
	int fd, former_fd;              /* their descriptors (os/proc/process_group), if superd reaps none of their processes; -1: none */
	struct process_tree *escaped;   /* processes that have left them (engine/instance/escaped), from a stop on; NULL: none */
};

/* The time limit of its start, its run or its stop. */
struct instance_limit {
	ev_timer timer;
	struct allowance allowance;     /* how far it can be extended */
};

/* accept = yes: the client it is for, as engine/accept has it. */
struct instance_client {
	char *peer;                     /* its address; NULL: none */
	bool counted;                   /* source holds a count of its runtime (per_source) */
	unsigned char source[SOURCE_SIZE];
	struct listener *busy;          /* the datagram listener it has; NULL: none */
	bool unread;                    /* it has left its datagram in the queue */
	bool knows_head;                /* head identifies the datagram that was first there (os/netdiag/queue_ids) */
	uint64_t head;
	struct builtin_channel *channel; /* to superd-builtin (engine/accept/builtin_channel); NULL: none */
};

/* What was done to an instance and how it has ended, which decides how its end is judged. */
struct instance_facts {
	int status;                     /* wait status of its main process, kept while it lingers */
	double gone;                    /* loop time of the end of its process; 0: it lives, or there was none */
	int stop_signal;                /* signal of its stop in place of kill_signal; 0: kill_signal */
	bool stopped;                   /* superd has stopped it */
	bool killed;                    /* with final_kill_signal or SIGKILL */
	bool failed;                    /* it is stopped for a failure, as a timeout, so its end is one, too */
	bool cleared;                   /* it has ended by itself, and the processes it left were stopped (kill_rest) */
	bool unready;                   /* type = forking: its daemon is not known (yet); notify: it has not said READY=1 */
	bool ready;                     /* its start has succeeded */
	unsigned char result;           /* enum result, if something decided it; 0: its status decides */
};

/* The end of a process that waits until its last messages were read (engine/instance/notify_receive). */
struct last_words {
	struct list link;               /* in notify->unheard; removed: the wait is over */
	void (*heard)(struct last_words *last);        /* called out of the list; may free it */
};

/* What differs between accept = yes (engine/accept/pending_start) and no (engine/service/shared_run). */
struct instance_ops {
	/* Starts the main process, whose commands have run, and fills launch. false: that failed, for the reason in why. */
	bool (*launch)(struct instance *instance, struct spawn_request *launch, struct buf *why);
	void (*runs)(struct instance *instance);        /* that process runs its program */
	void (*ready)(struct instance *instance);       /* its start has succeeded */
	void (*limit)(struct instance *instance);       /* its time limit is over, or its start has failed */
	void (*ended)(struct instance *instance, const struct ending *ending);  /* the last call, which frees it */
	void (*drop)(struct instance *instance);        /* frees what it has of them, for instance_free */
};

struct instance {
	struct list link;               /* in the runtime's list of instances */
	struct list linger;             /* in engine->instances->lingering, while its first process is gone and its group is not */
	struct child child;
	struct engine *engine;
	const struct service *service;  /* the row it was started under, or a later one */
	uid_t user;                     /* the user it was started as */
	pid_t pid;                      /* outlives child.pid, for the log */
	struct instance_groups groups;
	struct main_watch *main_watch;  /* watches a main process that is not superd's child (engine/instance/main_watch); NULL: it is */
	struct instance_limit limit;
	double since;                   /* loop time */
	unsigned char state;            /* enum instance_state; instance_event alone changes it */
	struct instance_facts facts;
	bool retired;                   /* the runtime goes on without it */
	struct instance_client client;
	struct fork_match *fork_match;  /* type = forking, until its daemon is settled; NULL: it has its process alone */
	struct notify_state *notice;    /* its messages and their effect (engine/instance/notify_state); NULL: it has no notify socket */
	struct exec_sequence *sequence; /* commands around its process (engine/instance/instance_event); NULL: none */
	struct drain *drain;            /* its drain: it ends when its clients are gone (engine/drain/drain); NULL: none */
	struct frozen *frozen;          /* its freezing (engine/freeze/freeze); NULL: it was never frozen */
	struct plan *plan;              /* plan of this connection alone; NULL: that of the service's means */
	uint64_t private_tmp;           /* number of its own folders (exec/dirs/private_tmp); 0: none */
	struct instance_cgroup cgroup;  /* its control group; path NULL: none */
	struct outdated *outdated;      /* what it has of an earlier row (engine/instance/outdated); NULL: nothing */
	const struct instance_ops *ops;
	void *context;                  /* the runtime */
};

/* Whether it has to become ready yet. */
static inline bool instance_is_starting(const struct instance *instance)
{
	return instance->state == INSTANCE_LAUNCHED || instance->state == INSTANCE_STARTED;
}

/* Whether it was killed, and processes of it may hang in the kernel. */
static inline bool instance_is_doomed(const struct instance *instance)
{
	return instance->state == INSTANCE_KILL || instance->state == INSTANCE_CLEAR_KILL;
}

/* Whether it ends by kill_rest: its main process has ended by itself, and the others are being stopped. */
static inline bool instance_is_clearing(const struct instance *instance)
{
	return instance->state == INSTANCE_CLEAR || instance->state == INSTANCE_CLEAR_KILL;
}

/* All instances of all services, as engine->instances. */
struct instances {
	size_t count;                   /* live ones */
	size_t made;                    /* made and not freed: live ones, starting ones and guests that are asked about */
	size_t limit;                   /* of `made`; 0: none; the caller of supervisor_init sets it */
	struct list lingering;          /* their first process ended while others of its group live */
	struct source_counts by_source; /* those of accept = yes by service and client address */
	ev_timer linger_look;           /* active while there are any: superd need not be the parent of those others */
	struct list forking;            /* of type = forking, whose daemon is not settled (engine/instance/forking) */
	struct list aux_commands;       /* commands beside a main process that run (engine/instance/aux_command) */
	struct list moved;              /* notices of those whose former group still has processes (engine/instance/main_pid) */
};

void instances_init(struct engine *engine, struct instances *instances);
bool instances_are_full(const struct engine *engine);   /* the limit is reached */

struct instance *instance_new(struct engine *engine, const struct service *service);    /* NULL: out of memory */

/* Counts it among the engine's instances, though its process may not run yet. */
void instance_enter(struct instance *instance);

/* Returns the number of its folders for private_tmp; from now on they are removed with it. 0: it has none. */
uint64_t instance_private_tmp(struct instance *instance);

/* The process runs since this loop time: superd sees its end from now on. false: out of memory, and it was killed. */
bool instance_begin(struct instance *instance, pid_t pid, double since);

/* Looks up the table, and performs what it says: nothing else changes the state. It may free the instance. */
void instance_event(struct instance *instance, enum instance_event event);

/* Returns the pid of the command that runs beside it; 0: none. */
pid_t instance_command(const struct instance *instance);

/* It is ready: its daemon is known, or it has said so. */
void instance_be_ready(struct instance *instance);

void instance_stop(struct instance *instance);  /* kill_signal as kill_mode says, then by timer SIGKILL */
void instance_kill(struct instance *instance);  /* SIGKILL to all of it */

/* Its time limit is over: stops it, or, if it is being stopped already, ends it as kill_mode says. */
void instance_expire(struct instance *instance);

/* Ends the instance by its status though its process lives, which is not its own any more. */
void instance_let_go(struct instance *instance);

/* Its main process has ended, with this status in it, and is not followed any more. */
void instance_take_end(struct instance *instance);

/* The timer of its time limit has gone off. */
void instance_time_out(struct instance *instance);

/* Its first process has ended and others of its group have not: it lives until they end. */
void instance_linger(struct instance *instance);

/* Ends lingering instances whose groups are gone; called after strangers were reaped. */
void instance_sweep(struct engine *engine);

void instance_free(struct instance *instance);

/* Its result, as far as it is known. */
enum result instance_result(const struct instance *instance);

/* Adds the end to the facts of an event. */
void instance_fill_event(const struct ending *ending, struct event *event);

/* Calls act for the instances of every service whose process lives or is looked for, those retired too. */
void instance_each(struct engine *engine, void (*act)(struct instance *instance));

/* Every instance of every service. */
void instance_stop_all(struct engine *engine);
void instance_kill_all(struct engine *engine);

/* ---- its processes and its time limit ---- */

/* Raises ON_TIMEOUT after so many microseconds; SCAN_INFINITY or 0: never. */
void instance_limit(struct instance *instance, int64_t microseconds);

/* Extends its time limit, if it has one, to so many microseconds from now, as far as its allowance goes. false: that is
 * less. */
bool instance_extend(struct instance *instance, int64_t microseconds);

/* Sets its group; 0: none. fd: a descriptor of the group, which it takes; -1: superd reaps a process of it. */
void instance_set_group(struct instance *instance, pid_t group, int fd);

/* Whether a process is left in its group; or in that, a former one, its control group, or by its parent. */
bool instance_has_group_left(const struct instance *instance);
bool instance_has_any_left(const struct instance *instance);

bool instance_has_group(const struct engine *engine, pid_t group);     /* whether this is the group of any instance */

/* Processes that its main process leaves will matter: superd looks at its group before it reaps that. */
void instance_see_end(struct instance *instance);

/* kill_mode and send_sigkill spare its processes: they run on when its time is over. */
bool instance_is_spared(const struct instance *instance);

/* Signals its main process alone. */
bool instance_signal_main(const struct instance *instance, int signal);

/* Signals all of it; group false: its main process alone. */
void instance_signal(struct instance *instance, int signal, bool group);

/* The signals of a stop, and its time limit; then final_kill_signal; then SIGKILL to its group and its
 * control group. */
void instance_signal_stop(struct instance *instance);
void instance_signal_final(struct instance *instance);
void instance_signal_kill(struct instance *instance);

/* SIGKILL is being sent: the last time limit begins, once. */
void instance_doom(struct instance *instance);

/* After a change of the main process: if the instance is being stopped, the new one gets the signal of the stop now,
 * once, and so does its group, if that is another one. */
void instance_signal_followed(struct instance *instance, bool has_other_group);
