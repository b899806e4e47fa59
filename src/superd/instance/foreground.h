/* A run in the foreground (superctl run): the next instance of a service has the streams of its client in place of its
 * own. superd neither reads nor writes them. All else about it is as with any other instance.
 *
 * It has two holders: the service (service_run.foreground), from the order to the end of the instance, and the client
 * that has ordered it. Each leaves when it is done, and the last one to leave frees it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "superd/loop/fd_watch.h"
#include "superd/instance/fd_map.h"
#include "superd/instance/runtime.h"
#include "superd/start/plan.h"

struct ending;
struct instance;
struct spawn_request;

enum foreground_stage {
	FOREGROUND_WAITS,               /* for its start; accept = yes: for the next client */
	FOREGROUND_STARTS,              /* an instance has it, whose program does not run yet */
	FOREGROUND_RUNS,
	FOREGROUND_ENDED,               /* with `status` */
	FOREGROUND_FAILED,              /* its program did not run, for the reason in `why` */
};

/* The client's order. */
struct foreground_order {
	int *streams;                   /* three descriptors; foreground_new takes them over, and leaves -1 in their places */
	bool is_terminal;
	const char *const *arguments;   /* for the program, after those of the table; borrowed */
	size_t argument_count;
	struct watch *news;             /* woken when the stage changes; borrowed until foreground_leave */
};

struct foreground {
	struct service_runtime *runtime; /* NULL: the service has left */
	struct watch *news;             /* of the client; NULL: it has left */
	struct console console;
	char **arguments;               /* owned, NULL-terminated; NULL: none */
	char **words;                   /* the same, as the start needs them; owned */
	struct plan_command command;    /* the main command with these words, for the start; argv owned */
	struct instance *instance;      /* in FOREGROUND_STARTS and FOREGROUND_RUNS */
	enum foreground_stage stage;
	pid_t pid;                      /* of the main process; 0: none yet */
	int status;                     /* wait status */
	struct buf why;
	struct alarm hangup;            /* after the client has left: the time until the instance is stopped */
};

/* Makes one for the service, which has none. NULL: that failed, for the reason in why. */
struct foreground *foreground_new(struct service_runtime *runtime, const struct foreground_order *order,
				  struct buf *why);

/* Whether the next instance of the service has to take its foreground. */
bool foreground_waits(const struct service_runtime *runtime);

/* The instance takes it, if it waits. */
void foreground_take(struct service_runtime *runtime, struct instance *instance);

/* The console of the instance; NULL: it has none. instance may be NULL. */
const struct console *foreground_console(const struct instance *instance);

/* Adds its arguments to the start of the instance's main process. The foreground must not be freed before the start.
 * false: out of memory. Does nothing for other instances. */
bool foreground_fill(const struct instance *instance, struct spawn_request *launch);

/* The instance's program runs; it has ended, or was left to itself; its program never ran. Nothing for others. */
void foreground_note_run(struct instance *instance);
void foreground_note_end(struct instance *instance, int status);
void foreground_note_failure(struct instance *instance, const char *why);

/* How the end of the instance counts for its service: as if the operator had stopped it, however it has ended. He is
 * there to see it, and ends it by his own keys. For others: as it was. */
struct ending foreground_ending(const struct instance *instance, const struct ending *ending);

/* The instance is freed: if its program has not run, the foreground waits for another one. */
void foreground_drop(struct instance *instance);

/* A start failed. true: it was, or would have been, the start of the service's foreground. */
bool foreground_fail_start(struct service_runtime *runtime, const char *why);

/* The service leaves: there is no instance for it any more. */
void foreground_forget(struct service_runtime *runtime, const char *why);

/* The client leaves. May free the foreground. */
void foreground_leave(struct foreground *foreground);
