/* Reports to the service manager that started superd (NOTIFY_SOCKET of sd_notify(3)): superd is ready, reloads, stops,
 * and is alive (WATCHDOG_USEC). superd repeats a state that it cannot send for lack of room or descriptors, because a
 * manager that never receives READY=1 kills superd. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "superd/loop/engine.h"
#include "superd/runtime/service_list.h"

enum { SD_NOTIFY_TEXT = 160 }; /* bytes: the longest state */

struct sd_notify {
	const char *socket; /* value of NOTIFY_SOCKET at superd's start; NULL: none; borrowed */
	int sender;	    /* kept, so that a superd without free descriptors is not taken for dead; -1: none yet */
	ev_timer watchdog;
	struct engine *engine;
	char unsent[SD_NOTIFY_TEXT]; /* the last state, which retry sends */
	ev_timer retry;		     /* runs while the state must be sent again */
	bool is_logged;		     /* that it cannot be sent was logged */
	const struct service_list *service_list;
	bool stopping;
};

/* Called when the loop and the environment exist. */
void sd_notify_begin(struct sd_notify *sd_notify, struct engine *engine, const struct service_list *service_list);

void sd_notify_ready(struct sd_notify *sd_notify); /* after superd has tried every socket, and after a reload */
void sd_notify_reloading(struct sd_notify *sd_notify);
void sd_notify_stopping(struct sd_notify *sd_notify);
void sd_notify_end(struct sd_notify *sd_notify, int exit_status);
