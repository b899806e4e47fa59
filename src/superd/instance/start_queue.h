/* The line of starts. If many services are requested at once, and all backends start together, all are ready late. So
 * superd starts only a few at a time (max_starting), and the other services wait in line. A start lasts until the
 * backend is ready: it has reported that, or has accepted its first client. A start whose processes need no processor
 * waits for something else, maybe for a service in line; then its place goes to another service.
 *
 * A service with accept = yes has no start of this kind: `instances`, cps and max_load bound its backends. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"
#include "superd/loop/fd_watch.h"
#include "superd/instance/runtime.h"
#include "superd/saved/state_field.h"

#define START_LONGEST 30.               /* seconds for which a start is under way, at most */
#define START_UNSEEN 1.                 /* the same once the program runs, if superd cannot see it accept a client */
#define START_LOOK .02                  /* seconds between two checks of the present starts, while a service waits */
#define START_LOOKS_MOST 8              /* starts that one check covers, the oldest ones */
#define START_BUSY .1                   /* part of the time for which a busy start needs a processor, at least */
#define START_PLACE_MOST 1000           /* places in line that are counted, at most */

/* The source of the limit of simultaneous starts. */
enum start_limit { START_LIMIT_DEFAULT, START_LIMIT_TABLE, START_LIMIT_COMMAND_LINE };

/* Owner: struct supervisor. */
struct start_queue {
	struct {                        /* saved */
		uint64_t delayed;       /* number of starts that had to wait */
	};
	unsigned most;                  /* starts under way at once; 0: any number */
	enum start_limit limit;         /* the source of `most` */
	unsigned running_count, waiting_count;
	unsigned ahead_count;           /* programs that are being started ahead (superd/instance/warm_pool) */
	bool held;                      /* true: no start may begin (start_queue_hold) */
	struct list line;               /* services that wait, the first first */
	struct list running;            /* starts under way, the oldest first */
	struct alarm alarm;             /* next check of the present starts; set only while a service waits */
	uint64_t last_number;
};

/* The caller sets `most` before the first start. It may change it later, and then calls start_queue_offer. */
void start_queue_init(struct engine *engine, struct start_queue *queue);
void start_queue_free(struct engine *engine);

/* Returns twice the number of processors that superd may use. */
unsigned start_queue_default(void);

/* true: the service may start now, and its start is under way. false: it waits in line, and ROOM follows; the second
 * call after ROOM does not count as another arrival. The service has a struct service_run. */
bool start_queue_take(struct service_runtime *runtime);

void start_queue_note_run(struct service_runtime *runtime, pid_t pid);  /* its program runs */

/* Its program runs, but superd will not see when it is ready. */
void start_queue_settle(struct service_runtime *runtime);

/* The start is over, or the service leaves the line. Harmless if there is neither. */
void start_queue_leave(struct service_runtime *runtime);

/* Called after each transition: leaves if the state is not one of a start any more. */
void start_queue_follow(struct service_runtime *runtime);

/* Posts ROOM to the services that may start now. */
void start_queue_offer(struct engine *engine);

/* Lets all further starts wait in line, as memory is short; or ends that. */
void start_queue_hold(struct engine *engine, bool held);

/* Whether a program may be started ahead of its client. Such starts have the places that others leave, while no service
 * waits for one; no other start waits for them. superd/instance/warm_pool counts them in ahead_count. */
bool start_queue_has_room(const struct engine *engine);

bool start_queue_waits(const struct service_runtime *runtime);  /* whether it is in line */

/* Returns its place in line, 1 for the first; 0: not in line, or behind START_PLACE_MOST others. */
unsigned start_queue_place(const struct service_runtime *runtime);

/* For an upgrade: the ticket was loaded, without its link. Puts the service into the line or among the starts under
 * way. Call it once its state is loaded. */
void start_queue_load(struct service_runtime *runtime);
extern const struct field_table start_queue_state;
