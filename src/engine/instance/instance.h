/* One running backend: a process and its group. Started by engine/launch/launch, ended by its own will or by a stop:
 * kill_signal to the group, timeout_stop, SIGKILL, and not over before the whole group is gone. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/list.h"
#include "base/log.h"
#include "config/option/service.h"
#include "engine/core/children.h"
#include "engine/core/engine.h"
#include "engine/core/gate.h"
#include "engine/core/result.h"
#include "engine/launch/groups.h"

struct channel;
struct clan;
struct course;
struct drain;
struct frost;
struct kin;
struct listener;
struct main_watch;
struct notice;
struct outdated;

/* How far a limit of time can be extended by the process that is under it: to ten times its length, or nothing that does not
 * want to end would ever have to. */
struct allowance {
	double since;                   /* loop time */
	double length;                  /* seconds; 0: there is no limit */
};

void allowance_begin(struct allowance *allowance, int64_t microseconds);

/* What is left of it, if the limit is to be over in so many microseconds; less than that where the allowance ends before. */
int64_t allowance_left(const struct allowance *allowance, int64_t microseconds);

/* How an instance ended, for its keeper. */
struct ending {
	int status;                     /* wait status of its first process */
	double lasted;                  /* seconds */
	double cpu;                     /* seconds of processor time: of its group, or of those it has waited for */
	bool stopped;                   /* we had told it to */
	enum result result;
	bool unready;                   /* type = notify: it never said READY=1 */
};

/* Somebody whose process has ended, while what that said last is still to be heard (engine/instance/hearing). */
struct last_words {
	struct list link;               /* in those that wait; removed, nobody waits any more */
	void (*heard)(struct last_words *last);        /* out of the list already; may free it */
};

struct instance {
	struct list link;               /* in its keeper's list of instances, or of those retired */
	struct list linger;             /* in the engine's, when its first process is gone and its group is not */
	struct list seeking;            /* in the engine's starts, while its daemon is not settled */
	struct child child;
	struct engine *engine;
	const struct service *service;  /* the row it was started under, or the one adopted since */
	uid_t user;                     /* whom it was started as */
	pid_t pid, group;               /* pid outlives child.pid, for the log */
	pid_t former_group;             /* before its main process was another's (engine/instance/main_process); 0: the same */
	int group_fd, former_fd;        /* os/proc/process_group, where no process of them is superd's to reap; -1 */
	struct main_watch *main_watch;  /* of a main process that is not our child (engine/instance/main_watch); NULL: it is */
	struct clan *escaped;           /* who has left its groups (engine/instance/escaped), from a stop on; NULL: nobody */
	pid_t control;                  /* of the command beside it that runs; 0: none */
	ev_timer timer;                 /* a limit of time: starting, running, or stopping */
	struct allowance allowance;     /* of that */
	double since;                   /* loop time */
	bool starting;                  /* type = forking: its daemon is not known yet; notify: it is not ready yet */
	bool doomed;                    /* SIGKILL was sent to all of it: its timer is for who does not end even so */
	unsigned char chances;          /* times that this was put off */
	bool stopping, killed, failed;  /* failed: it is stopped for a failure (a timeout), so its end is one too */
	bool told;                      /* the signals of its stop were sent */
	bool clears;                    /* kill_rest: its main process has ended by itself, what that left is being stopped */
	bool is_silent;                 /* its watchdog has not heard it, which is why it is stopped */
	int stop_signal;                /* of its stop, in place of kill_signal; 0: none */
	unsigned char result;           /* enum result, where something decided it; else by its status */
	bool retired;                   /* the keeper goes on without it */
	bool entered;                   /* it is counted among the engine's instances */
	bool counted;                   /* source holds a count of the gate */
	unsigned char source[SOURCE_SIZE];
	const void *gate;               /* whose count that is */
	struct listener *busy;          /* the datagram listener it has, NULL: none */
	void (*give_back)(struct instance *instance);   /* what it had of its keeper, at its end; NULL: nothing */
	bool unread;                    /* it has left its datagram where it was */
	char *peer;                     /* whom it is for, as text; NULL: nobody with an address */
	bool knows_head;                /* head is the datagram that stood first there (os/netdiag/backlog) */
	uint64_t head;
	int status;                     /* kept while it lingers */
	double gone;                    /* when it was, loop time; 0: its process lives, or there was none */
	struct channel *channel;        /* to superd-builtin (engine/accept/channel); NULL: none */
	void (*close_channel)(struct instance *instance);
	struct kin *kin;                /* type = forking, until its daemon is settled; NULL: it goes by its process alone */
	bool (*find_daemon)(struct instance *instance, int status);     /* who was followed ended: see engine/instance/daemon */
	void (*forget_daemon)(struct instance *instance);               /* frees kin */
	struct notice *notice;          /* what it says of itself (engine/launch/notify); NULL: it can't */
	/* What a process of it has said last, before its end counts. false: not all could be heard yet, and last->heard
	 * follows. */
	bool (*hear)(struct instance *instance, struct last_words *last);
	struct last_words last;        /* of the process that it goes by: while it waits, its child.pid is 0 */
	pid_t ended;                    /* and that process is this; 0: none waits, or another is followed by now */
	void (*leave)(struct instance *instance);       /* frees notice */
	void (*on_limit)(struct instance *instance);                            /* its timer */
	void (*on_ready)(struct instance *instance);                            /* it is not starting any more */
	void (*on_end)(struct instance *instance, const struct ending *ending); /* the last call; frees nothing itself */
	struct course *course;          /* what it goes through around its process (engine/instance/course); NULL: nothing */
	void (*wind_up)(struct instance *instance);     /* of its course: nobody of its process is left; instance_over follows */
	bool (*wind_down)(struct instance *instance);   /* and: it is to stop; true: without signals, or not yet */
	void (*leave_course)(struct instance *instance);                        /* frees it */
	struct drain *drain;            /* it ends when its clients are gone (engine/drain/drain); NULL: it does not */
	void (*forget_drain)(struct instance *instance);
	struct frost *frost;            /* its freezing (engine/freeze/frost); NULL: it never was */
	void (*thaw)(struct instance *instance);        /* what is frozen of it goes on */
	void (*forget_frost)(struct instance *instance);                        /* the same, and frees it */
	struct plan *plan;              /* of this connection alone; NULL: that of the service's means */
	uint64_t private_tmp;           /* the number of its own folders (exec/dirs/private_tmp); 0: it has none */
	struct group cgroup;            /* its control group, if it has one */
	struct outdated *outdated;      /* what it has of a row of before (engine/instance/outdated); NULL: it goes by that of now */
	void *context;                  /* the keeper */
};

/* Whom an instance of the service is started as. */
uid_t instance_user_of(const struct service *service);

struct instance *instance_new(struct engine *engine, const struct service *service);    /* NULL: out of memory */

/* It counts, though its process may not run yet. */
void instance_enter(struct instance *instance);

/* The number of its folders for private_tmp, for a start: from now on they are removed with it. 0: it has none. */
uint64_t instance_private_tmp(struct instance *instance);

/* The process runs, since a moment of loop time: from now on its end will be heard of. false: out of memory (it was killed). */
bool instance_begin(struct instance *instance, pid_t pid, double since);

/* What is frozen of it goes on: whatever it is told then, it can hear. */
static inline void instance_thaw(struct instance *instance)
{
	if (instance->frost)
		instance->thaw(instance);
}

static inline void instance_forget_frost(struct instance *instance)
{
	if (instance->frost)
		instance->forget_frost(instance);
}

/* Calls on_limit after so many microseconds; SCAN_INFINITY or 0: never. */
void instance_limit(struct instance *instance, int64_t microseconds);

/* Its limit, where it has one, is not over before so many microseconds from now, as far as its allowance goes. false: it goes
 * no further. */
bool instance_extend(struct instance *instance, int64_t microseconds);

/* Its group is another one now, 0: none. fd stands for it, or -1: a process of it is ours. */
void instance_set_group(struct instance *instance, pid_t group, int fd);

/* Whether anybody is left in a group of it. */
bool instance_has_group_left(const struct instance *instance);

/* To its main process alone. */
bool instance_signal_main(const struct instance *instance, int signal);

/* What its main process leaves behind will matter, so superd looks at it before that is reaped. */
void instance_see_end(struct instance *instance);

void instance_stop(struct instance *instance);  /* kill_signal as kill_mode says, then by timer SIGKILL */

static inline bool instance_is_unheard(const struct instance *instance)
{
	return !list_empty(&instance->last.link);
}

void instance_signal_stop(struct instance *instance);   /* for its course: the signals of instance_stop */

/* Its main process is another since: one that is named when it stops already hears of that now, once, and so do those of
 * a group of its own. */
void instance_signal_followed(struct instance *instance, bool has_other_group);

/* For its course: nothing of it is left. on_end is called, and frees it. */
void instance_over(struct instance *instance);

/* How it goes, or went. */
enum result instance_result(const struct instance *instance);

/* The limit of time is over: stops it, and when that was done before, ends it as kill_mode says. */
void instance_expire(struct instance *instance);
void instance_kill(struct instance *instance);  /* SIGKILL to all of it */
void instance_free(struct instance *instance);

/* It has ended, by its status, though its process has not: that is not its own any more. */
void instance_let_go(struct instance *instance);

/* Every instance of every service, those retired too. */
void instance_stop_all(struct engine *engine);
void instance_kill_all(struct engine *engine);

bool instance_has_group(const struct engine *engine, pid_t group);     /* any of them: it is that one's group */

/* Its first process has ended and others of its group have not: it lives until they have. */
void instance_linger(struct instance *instance);

/* Looks which lingering groups are gone; after strangers were reaped. */
void instance_sweep(struct engine *engine);

/* Adds to the event's facts how it ended. */
void instance_tell_ending(const struct ending *ending, struct event *event);

/* "exit status 3", "signal TERM"; text of at least 48 bytes. */
void instance_describe_status(int status, char *text);
