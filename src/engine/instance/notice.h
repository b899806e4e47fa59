/* What one instance says of itself, and what superd makes of it: that it is ready, reloads, goes, how it does, who
 * its main process is now, which descriptors are to be kept, that it is alive. One for each instance that may
 * speak, as long as it lives; engine/launch/notify hears it and tells whose word it is. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "engine/instance/instance.h"
#include "engine/launch/notify_message.h"
#include "os/socket/notify_socket.h"

struct notify;

struct notice {
	struct list link;               /* among those who speak at one socket */
	struct list moved;              /* in the engine's, while its former group holds somebody */
	struct notify *notify;
	struct instance *instance;
	pid_t speaker;                  /* who says what is being heard */
	unsigned access;                /* enum notify_access; NOTIFYACCESS= may change it until the instance ends */
	bool stopping;                  /* it said so, and that is final */
	bool reloading;
	unsigned reloads;               /* it has said to be done with */
	ev_timer patience;              /* how long either may take */
	struct allowance allowance;     /* of that */
	bool refused;                   /* that it asks for more time than it may have was logged */
	ev_timer watchdog;              /* how long it may be silent (engine/instance/watchdog) */
	double every;                   /* seconds of that; 0: for ever; below: as its service says */
	bool watched;                   /* it runs, so that counts */
	bool rests;                     /* it is frozen, and can't say anything */
	char status[NOTE_TEXT + 1];     /* printable; "": nothing */
	char bus_error[NOTE_TEXT + 1], varlink_error[NOTE_TEXT + 1];
	int error;                      /* errno; 0: none */
};

/* A log line of it. */
void notice_say(const struct notice *notice, enum level level, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The instance ends for this reason, which is a failure; stop_signal 0: kill_signal. */
void notice_fail(struct notice *notice, int stop_signal, const char *reason);
