/* One running backend: a process and its group. Started by engine/launch, ended by its own will or by a stop:
 * kill_signal to the group, timeout_stop, SIGKILL, and not over before the whole group is gone. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/list.h"
#include "engine/children.h"
#include "engine/engine.h"
#include "engine/gate.h"
#include "model/service.h"

struct channel;
struct kin;
struct listener;

/* How an instance ended, for its keeper. */
struct ending {
	int status;                     /* wait status of its first process */
	double lasted;                  /* seconds */
	bool stopped;                   /* we had told it to */
};

struct instance {
	struct list link;               /* in its keeper's list of instances, or of those retired */
	struct list linger;             /* in the engine's, when its first process is gone and its group is not */
	struct list seeking;            /* in the engine's starts, while its daemon is not settled */
	struct child child;
	struct engine *engine;
	const struct service *service;  /* the row it was started under, or the one adopted since */
	pid_t pid, group;               /* pid outlives child.pid, for the log */
	ev_timer timer;                 /* a limit of time: starting, running, or stopping */
	double since;                   /* loop time */
	bool starting;                  /* type = forking: its daemon is not known yet */
	bool stopping, killed, failed;  /* failed: it is stopped for a failure (a timeout), so its end is one too */
	bool retired;                   /* the keeper goes on without it */
	bool counted;                   /* source holds a count of the gate */
	unsigned char source[SOURCE_SIZE];
	const void *gate;               /* whose count that is */
	struct listener *busy;          /* the datagram listener it has, NULL: none */
	void (*give_back)(struct instance *instance);   /* what it had of its keeper, at its end; NULL: nothing */
	bool unread;                    /* it has left its datagram where it was */
	bool knows_head;                /* head is the datagram that stood first there (sys/backlog) */
	uint64_t head;
	int status;                     /* kept while it lingers */
	struct channel *channel;        /* to superd-builtin (engine/channel); NULL: none */
	void (*close_channel)(struct instance *instance);
	struct kin *kin;                /* type = forking, until its daemon is settled; NULL: it goes by its process alone */
	bool (*find_daemon)(struct instance *instance, int status);     /* who was followed ended: see engine/daemon */
	void (*forget_daemon)(struct instance *instance);               /* frees kin */
	void (*on_limit)(struct instance *instance);                            /* its timer */
	void (*on_ready)(struct instance *instance);                            /* type = forking: the daemon runs */
	void (*on_end)(struct instance *instance, const struct ending *ending); /* the last call; frees nothing itself */
	void *context;                  /* the keeper */
};

struct instance *instance_new(struct engine *engine, const struct service *service);    /* NULL: out of memory */

/* The process runs: from now on its end will be heard of. false: out of memory (it was killed). */
bool instance_begin(struct instance *instance, pid_t pid);

/* Calls on_limit after so many microseconds; SCAN_INFINITY or 0: never. */
void instance_limit(struct instance *instance, int64_t microseconds);

void instance_stop(struct instance *instance);  /* kill_signal as kill_mode says, then by timer SIGKILL */

/* The limit of time is over: stops it, and when that was done before, ends it as kill_mode says. */
void instance_expire(struct instance *instance);
void instance_kill(struct instance *instance);  /* SIGKILL to all of it */
void instance_free(struct instance *instance);

/* Every instance of every service, those retired too. */
void instance_stop_all(struct engine *engine);
void instance_kill_all(struct engine *engine);

bool instance_has_group(const struct engine *engine, pid_t group);     /* any of them: it is that one's group */

/* Looks which lingering groups are gone; after strangers were reaped. */
void instance_sweep(struct engine *engine);

/* "exit status 3", "signal TERM"; text of at least 48 bytes. */
void instance_describe_status(int status, char *text);
