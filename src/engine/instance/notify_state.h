/* The state of one instance by its messages (sd_notify(3)): whether it is ready, reloads or stops, its status, its main
 * process, the descriptors it stores, its watchdog. There is one for each instance that may send, as long as it lives;
 * engine/instance/notify_receive reads the messages. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "engine/instance/instance.h"
#include "engine/launch/notify_message.h"
#include "os/socket/notify_socket.h"

struct notify;

struct notify_state {
	struct list link;               /* in notify->notices */
	struct list moved;              /* in engine->instances->moved, while its former group has processes */
	struct notify *notify;
	struct instance *instance;
	struct last_words last;         /* the end of its process waits for messages; meanwhile child.pid is 0 */
	pid_t ended;                    /* pid of that process; 0: none waits, or another one is followed by now */
	pid_t sender;                   /* sender of the message that is being taken */
	unsigned access;                /* enum notify_access; NOTIFYACCESS= may change it until the instance ends */
	bool stopping;                  /* it sent STOPPING=1, which is final */
	bool reloading;
	unsigned reloads;               /* reloads that it has completed */
	ev_timer limit;                 /* time limit of reloading or stopping */
	struct allowance allowance;     /* how far that limit can be extended */
	bool extension_refused;         /* it was logged that it asks for more time than it may have */
	ev_timer watchdog;              /* time limit of its silence (engine/instance/watchdog) */
	double every;                   /* seconds of that limit; 0: none; negative: as in its row */
	bool watched;                   /* it runs, so the limit counts */
	bool paused;                    /* it is frozen and cannot send anything */
	char status[NOTE_TEXT + 1];     /* STATUS=, printable; "": none */
	char bus_error[NOTE_TEXT + 1], varlink_error[NOTE_TEXT + 1];
	int error;                      /* errno; 0: none */
};

/* Logs a line about the instance. */
void notify_state_say(const struct notify_state *notice, enum level level, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Stops the instance, as failed, for this reason; stop_signal 0: kill_signal. */
void notify_state_fail(struct notify_state *notice, int stop_signal, const char *reason);
