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
#include "engine/launch/instance_cgroup.h"
#include "engine/limits/source_count.h"

struct builtin_channel;
struct process_tree;
struct exec_sequence;
struct drain;
struct freeze;
struct fork_match;
struct listener;
struct main_watch;
struct notify_state;
struct outdated;

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
	bool unready;                   /* type = notify: it never said READY=1 */
};

/* The end of a process that waits until its last messages were read (engine/instance/notify_receive). */
struct last_words {
	struct list link;               /* in notify->unheard; removed: the wait is over */
	void (*heard)(struct last_words *last);        /* called out of the list; may free it */
};

struct instance {
	struct list link;               /* in the runtime's list of instances */
	struct list linger;             /* in engine->instances->lingering, while its first process is gone and its group is not */
	struct list seeking;            /* in engine->instances->forking, while its daemon is not settled */
	struct child child;
	struct engine *engine;
	const struct service *service;  /* the row it was started under, or a later one */
	uid_t user;                     /* the user it was started as */
	pid_t pid, group;               /* pid outlives child.pid, for the log */
	pid_t former_group;             /* group of an earlier main process (engine/instance/main_pid); 0: none */
	int group_fd, former_fd;        /* their descriptors (os/proc/process_group), if superd reaps none of their processes; -1: none */
	struct main_watch *main_watch;  /* watches a main process that is not superd's child (engine/instance/main_watch); NULL: it is */
	struct process_tree *escaped;   /* processes that have left its groups (engine/instance/escaped), from a stop on; NULL: none */
	pid_t control;                  /* pid of the command that runs beside it; 0: none */
	ev_timer timer;                 /* time limit of the start, the run or the stop */
	struct allowance allowance;     /* how far that limit can be extended */
	double since;                   /* loop time */
	bool starting;                  /* type = forking: its daemon is unknown yet; notify: it is not ready yet */
	bool doomed;                    /* SIGKILL was sent to all of it; its timer ends the wait for processes that hang even so */
	unsigned char chances;          /* times that the end of this wait was put off */
	bool stopping, killed, failed;  /* failed: it is stopped for a failure, as a timeout, so its end is one, too */
	bool told;                      /* the signals of its stop were sent */
	bool clears;                    /* kill_rest: its main process has ended by itself, and the processes it left are being stopped */
	bool is_silent;                 /* it is stopped because its watchdog has expired */
	int stop_signal;                /* signal of its stop in place of kill_signal; 0: kill_signal */
	unsigned char result;           /* enum result, if something decided it; 0: its status decides */
	bool retired;                   /* the runtime goes on without it */
	bool entered;                   /* it is counted among the engine's instances */
	bool counted;                   /* source holds a count of the gate */
	unsigned char source[SOURCE_SIZE];
	const void *gate;               /* the runtime that the count is for */
	struct listener *busy;          /* the datagram listener it has; NULL: none */
	void (*give_back)(struct instance *instance);   /* gives back what it had of its runtime, at its end; NULL: nothing */
	bool unread;                    /* it has left its datagram in the queue */
	char *peer;                     /* address of its client; NULL: none */
	bool knows_head;                /* head identifies the datagram that was first there (os/netdiag/queue_ids) */
	uint64_t head;
	int status;                     /* wait status of its main process, kept while it lingers */
	double gone;                    /* loop time of the end of its process; 0: it lives, or there was none */
	struct builtin_channel *channel; /* to superd-builtin (engine/accept/builtin_channel); NULL: none */
	void (*close_channel)(struct instance *instance);
	struct fork_match *kin;         /* type = forking, until its daemon is settled; NULL: it has its process alone */
	bool (*find_daemon)(struct instance *instance, int status);     /* the followed process has ended: see engine/instance/forking */
	void (*forget_daemon)(struct instance *instance);               /* frees kin */
	struct notify_state *notice;    /* its messages and their effect (engine/instance/notify_state); NULL: it has no notify socket */
	/* Reads the last messages of a process before its end counts. false: not all could be read yet, and last->heard
	 * follows. */
	bool (*hear)(struct instance *instance, struct last_words *last);
	struct last_words last;        /* the end of its process waits for messages; meanwhile child.pid is 0 */
	pid_t ended;                    /* pid of that process; 0: none waits, or another one is followed by now */
	void (*leave)(struct instance *instance);       /* frees notice */
	void (*on_limit)(struct instance *instance);                            /* its time limit is over */
	void (*on_ready)(struct instance *instance);                            /* it has started */
	void (*on_end)(struct instance *instance, const struct ending *ending); /* the last call, which may free it */
	struct exec_sequence *sequence; /* steps around its process (engine/instance/exec_sequence); NULL: none */
	void (*wind_up)(struct instance *instance);     /* for its course: no process of it is left; instance_over follows */
	bool (*wind_down)(struct instance *instance);   /* for its course: it has to stop. true: without signals, or not yet */
	void (*leave_course)(struct instance *instance);                        /* frees it */
	struct drain *drain;            /* its drain: it ends when its clients are gone (engine/drain/drain); NULL: none */
	struct freeze *freeze;          /* its freezing (engine/freeze/freeze); NULL: it was never frozen */
	void (*thaw)(struct instance *instance);        /* thaws its processes */
	struct plan *plan;              /* plan of this connection alone; NULL: that of the service's means */
	uint64_t private_tmp;           /* number of its own folders (exec/dirs/private_tmp); 0: none */
	struct instance_cgroup cgroup;  /* its control group; path NULL: none */
	struct outdated *outdated;      /* what it has of an earlier row (engine/instance/outdated); NULL: nothing */
	void *context;                  /* the runtime */
};

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

/* Thaws its processes, so that they can react to signals. */
static inline void instance_thaw(struct instance *instance)
{
	if (instance->freeze)
		instance->thaw(instance);
}

/* Calls on_limit after so many microseconds; SCAN_INFINITY or 0: never. */
void instance_limit(struct instance *instance, int64_t microseconds);

/* Extends its time limit, if it has one, to so many microseconds from now, as far as its allowance goes. false: that is
 * less. */
bool instance_extend(struct instance *instance, int64_t microseconds);

/* Sets its group; 0: none. fd: a descriptor of the group, which it takes; -1: superd reaps a process of it. */
void instance_set_group(struct instance *instance, pid_t group, int fd);

/* Whether a process is left in its group. */
bool instance_has_group_left(const struct instance *instance);

/* Signals its main process alone. */
bool instance_signal_main(const struct instance *instance, int signal);

/* Processes that its main process leaves will matter: superd looks at its group before it reaps that. */
void instance_see_end(struct instance *instance);

void instance_stop(struct instance *instance);  /* kill_signal as kill_mode says, then by timer SIGKILL */

static inline bool instance_is_unheard(const struct instance *instance)
{
	return !list_empty(&instance->last.link);
}

void instance_signal_stop(struct instance *instance);   /* for its course: the signals of instance_stop */

/* After a change of the main process: if the instance is being stopped, the new one gets the signal of the stop now,
 * once, and so does its group, if that is another one. */
void instance_signal_followed(struct instance *instance, bool has_other_group);

/* For its course: nothing of it is left. Calls on_end, which frees it. */
void instance_over(struct instance *instance);

/* Its result, as far as it is known. */
enum result instance_result(const struct instance *instance);

/* Its time limit is over: stops it, or, if it is being stopped already, ends it as kill_mode says. */
void instance_expire(struct instance *instance);
void instance_kill(struct instance *instance);  /* SIGKILL to all of it */
void instance_free(struct instance *instance);

/* Ends the instance by its status though its process lives, which is not its own any more. */
void instance_let_go(struct instance *instance);

/* Every instance of every service, those retired too. */
void instance_stop_all(struct engine *engine);
void instance_kill_all(struct engine *engine);

bool instance_has_group(const struct engine *engine, pid_t group);     /* whether this is the group of any instance */

/* Its first process has ended and others of its group have not: it lives until they end. */
void instance_linger(struct instance *instance);

/* Ends lingering instances whose groups are gone; called after strangers were reaped. */
void instance_sweep(struct engine *engine);

/* Adds the end to the facts of an event. */
void instance_tell_ending(const struct ending *ending, struct event *event);
