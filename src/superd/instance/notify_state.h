/* The state of one instance by its sd_notify(3) messages: whether it is ready, reloads or stops, its status, its main
 * process, its watchdog. Each instance that may send owns one until it ends; superd/instance/notify reads the
 * messages. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/list.h"
#include "os/socket/notify_socket.h"
#include "superd/instance/instance.h"
#include "superd/instance/notify_message.h"
#include "superd/process/receive_async.h"

struct notify;

struct notify_state {
	struct {                        /* saved */
		unsigned access;        /* enum notify_access; NOTIFYACCESS= may change it until the instance ends */
		bool stopping;          /* true: it sent STOPPING=1, which is final */
		bool reloading;         /* true: it sent RELOADING=1, and no READY=1 since */
		unsigned reloads;       /* completed reloads */
		ev_timer limit;         /* time limit of reloading or stopping */
		ev_timer watchdog;      /* time limit until the next WATCHDOG=1 */
		double every;           /* seconds of that limit; 0: none; negative: the service's watchdog */
		bool watched;           /* true: it runs, so the limit counts */
		char status[NOTE_TEXT + 1]; /* STATUS=, printable; "": none */
		char bus_error[NOTE_TEXT + 1]; /* BUSERROR=, printable; "": none */
		char varlink_error[NOTE_TEXT + 1]; /* VARLINKERROR=, printable; "": none */
		int error;              /* ERRNO=; 0: none */
	};
	struct list link;               /* in notify->notices */
	struct list moved;              /* in engine->instances->moved, while its former group has processes */
	struct notify *notify;          /* notify socket of the service */
	struct instance *instance;
	struct last_words last;         /* end of the main process, delayed until its messages were read; meanwhile child.pid is 0 */
	pid_t ended;                    /* pid of that process; 0: none is delayed, or superd follows another one by now */
	pid_t sender;                   /* pid of the sender of the present message */
	struct allowance allowance;     /* how far that limit can be extended */
	bool extension_refused;         /* true: superd logged that it asks for more time than it may have */
	bool paused;                    /* true: it is frozen and cannot send */
};

/* ---- in notify_handle.c ---- */

/* NULL: out of memory. */
struct notify_state *notify_state_new(struct instance *instance, unsigned access);
void notify_state_free(struct notify_state *notice);

/* Returns the one, of those at a socket, whose instance has sent the message; NULL: none, or one that must not send, and
 * why. If the service has a single instance, a process that has ended, or that superd cannot assign, belongs to it if
 * its user is root or the instance's. */
struct notify_state *notify_state_find(const struct list *notices, const struct notification *sender, const char **why);

/* Acts on a message. received: its descriptors; NULL: none; the call takes out those that it keeps. by_root: root sent
 * the message. The notice outlives this call. */
void notify_state_take(struct notify_state *notice, const struct notify_message *message,
		       const struct notification *notification, struct received *received, bool by_root);

/* Starts the watchdog of an instance that runs, if it has one (WATCHDOG=1 of sd_notify(3)), with the service's time,
 * unless the instance has set one. If none is sent in time, superd stops the instance with watchdog_signal, and counts
 * a failure. */
void notify_state_watch(struct instance *instance);

/* Called after a child was reaped: forgets groups without processes, because the kernel may reuse their numbers. */
void main_pid_sweep(struct engine *engine);

/* ---- in notify_state.c ---- */

/* Logs a line about the instance. */
void notify_state_say(const struct notify_state *notice, enum level level, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Stops the instance, as failed, for this reason; stop_signal 0: kill_signal. */
void notify_state_fail(struct notify_state *notice, int stop_signal, const char *reason);

void watchdog_init(struct notify_state *notice);
void watchdog_start(struct notify_state *notice, double seconds);       /* anew, if it is to run at all */
void watchdog_pause(struct notify_state *notice, bool pauses);  /* while it is frozen; false starts its time again */
void watchdog_bark(struct notify_state *notice, const char *reason);    /* it has expired: fails the instance */
void watchdog_end(struct notify_state *notice);
