/* The loop for those above the engine, who know nothing of libev: a descriptor they want to hear of, and a moment. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "engine/core/engine.h"

struct watch {
	ev_io io;                       /* io.fd is -1 while there is none; borrowed */
	struct engine *engine;
	void (*ready)(struct watch *watch, bool readable, bool writable);
};

void watch_init(struct watch *watch, struct engine *engine,
		void (*ready)(struct watch *watch, bool readable, bool writable));
void watch_set(struct watch *watch, int fd, bool reads, bool writes);   /* neither: not at all */
void watch_wake(struct watch *watch);           /* has ready called when the loop comes round, though nothing is */
void watch_wake_changes(struct engine *engine);  /* a service has changed: for who waits for that (engine.changes) */
void watch_stop(struct watch *watch);           /* before fd is closed; harmless when it was */

struct alarm {
	ev_timer timer;
	struct engine *engine;
	void (*rings)(struct alarm *alarm);
};

void alarm_init(struct alarm *alarm, struct engine *engine, void (*rings)(struct alarm *alarm));
void alarm_set(struct alarm *alarm, double seconds);    /* from now; once */
void alarm_stop(struct alarm *alarm);
bool alarm_is_set(struct alarm *alarm);
