/* pass = bind: the program's own bind(2) is answered with the service's listeners. A filter in the instance's processes
 * stops bind, listen and unlink (os/proc/bind_filter); superd keeps the filter's descriptor, and a worker process
 * (superd/process/bind_worker) answers while calls come. Here are the filter, the worker's life, and the program's
 * requests. The instance owns the struct, as instance->bind_calls. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "superd/process/bind_worker.h"
#include "superd/loop/fd_watch.h"
#include "superd/saved/state_field.h"
#include "superd/start/worker_process.h"

struct fd_map;
struct instance;
struct service_runtime;
struct spawn_request;

#define BIND_OTHERS_MOST 8              /* foreign addresses to remember */

/* The program's calls for one listener. */
struct bind_use {
	struct {                        /* saved */
		bool given;             /* true: it has bound the listener's address, and has the listener */
		bool as_ipv4;           /* true: it requested an IPv4 socket, and has one for both IP versions */
		bool ipv4_alone;        /* true: and it never requested an IPv6 one */
		char asked[BIND_TEXT];  /* the address that it bound */
	};
	bool told_ipv4;                 /* true: superd has logged what that means */
};

struct bind_calls {
	struct {                        /* saved */
		int notif;              /* the filter's descriptor; -1: none, or no process has the filter any more */
		uint64_t left_call;     /* call that the worker of the superd before this one was at; 0: none */
	};
	bool told_hidden;               /* true: superd has logged that it cannot inspect the program */
	bool told_missing;              /* true: superd has logged that it has bound something else */
	struct instance *instance;
	struct service_runtime *runtime; /* its service */
	int channel;                    /* receives the filter's descriptor from the child; -1: received, or not opened yet */
	int spare;                      /* holds a place for the filter's descriptor until that comes; -1: none */
	struct watch channel_watch, notif_watch, report_watch;
	struct alarm alarm;             /* next look whether the worker hangs, or end of a pause */
	struct bind_worker worker;
	struct alarm left;              /* that worker is gone for certain, and the kernel carries the call out */
	double begun;                   /* loop time at which the worker was started */
	bool renews;                    /* true: the worker ends soon, for one that knows the new listeners */
	unsigned hung;                  /* workers in a row that hung, were killed, or could not be started */
	bool told_hung;                 /* true: superd has logged that one hung */
	bool told_scarce;               /* true: superd has logged that one could not be started */
	struct alarm quiet;             /* superd checks the program's binds when no new call has come for a while */
	struct bind_use *uses;          /* for each listener of the service */
	size_t count;                   /* of uses */
	char others[BIND_OTHERS_MOST][BIND_TEXT];       /* foreign addresses that it requested */
	unsigned other_count;
	char stranger[96];              /* a caller that is none of the service's own; "": none was seen */
};

/* For an upgrade: section [bind_calls], and behind it a section [bind_use] for each listener that it has. */
extern const struct field_table bind_calls_state, bind_use_state;

/* Makes instance->bind_calls, for an instance of this service. false: out of memory. */
bool bind_calls_make(struct instance *instance, struct service_runtime *runtime);

/* Adds the channel for the filter's descriptor to a start, behind all other descriptors. false and errno. */
bool bind_calls_add_channel(struct bind_calls *calls, struct fd_map *fd_map, struct spawn_request *launch);

/* Called when its program runs: answers its binds. */
void bind_calls_begin(struct bind_calls *calls);

/* Called when the main process has ended: reads what it has bound, as the report may still be on its way. */
void bind_calls_take_last(struct instance *instance);

/* The instance is ready, or its main process is another one. */
void bind_calls_note(struct instance *instance);

/* The listeners, or the addresses that mean them, have changed. */
void bind_calls_renew(struct instance *instance);

/* Whether the program has bound something, nothing new for 3 s, and not every listener that is open. */
bool bind_calls_miss(const struct instance *instance);

/* Adds the listeners that the program has not bound, and the addresses that it requested instead, as the kernel may
 * have refused them: "it has not bound tcp:6379; it has asked for tcp:0.0.0.0:6380". Adds nothing if all is as it
 * should be. */
void bind_calls_describe(const struct instance *instance, struct buf *out);

/* Returns the bind by which the program has the nth listener of its service, and adds what that means for IPv4 clients,
 * if it means anything. NULL: it does not have that listener. */
const struct bind_use *bind_calls_given(const struct instance *instance, size_t n, struct buf *note);

/* For an upgrade: receives the filter's descriptor, if the program runs and it was not received yet, and notes the
 * call that the worker is at. */
void bind_calls_settle(struct bind_calls *calls);

/* After an upgrade: continues with the loaded descriptor and call. */
void bind_calls_resume(struct instance *instance);

void bind_calls_free(struct instance *instance);        /* accepts an instance without them */

/* Filters whose instance has ended, while processes that it has left still have them: such as the sessions of an sshd
 * that is restarted. superd keeps the filter's descriptor, as the kernel answers ENOSYS without it, and one superd-bind
 * passes the calls of all on to the kernel, also when superd has ended. */
struct bind_stray {
	struct {                        /* saved */
		int notif;              /* the filter's descriptor */
	};
	struct list link;               /* in engine->bind_strays->list */
};

extern const struct field_table bind_stray_state;      /* for an upgrade */

/* As engine->bind_strays. */
struct bind_strays {
	struct list list;
	struct worker_process process;  /* passes on the calls of those in the list; channel -1: there is none */
	struct watch watch;             /* of its channel */
	struct alarm start;             /* for a process that has all of the list */
};

void bind_strays_init(struct engine *engine, struct bind_strays *strays);

/* Keeps the descriptor, until no process has the filter any more; it is superd's from now on. */
void bind_stray_keep(struct engine *engine, int notif);

/* For superd's end: the process goes on by itself. */
void bind_strays_leave(struct engine *engine);
