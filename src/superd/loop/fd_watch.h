/* Watches of descriptors, and timers, for folders above the engine that do not use libev themselves. Both structs are
 * embedded in their owners. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "superd/loop/engine.h"

struct watch {
	ev_io io;                       /* watcher; its fd is borrowed; -1: none */
	struct engine *engine;
	void (*ready)(struct watch *watch, bool readable, bool writable);
};

void watch_init(struct watch *watch, struct engine *engine,
		void (*ready)(struct watch *watch, bool readable, bool writable));
void watch_set(struct watch *watch, int fd, bool reads, bool writes);   /* both false: stops watching */
void watch_wake(struct watch *watch);           /* makes the loop call ready, though the descriptor is not ready */
void watch_wake_changes(struct engine *engine); /* a service has changed: wakes engine->changes, if set */
void watch_stop(struct watch *watch);           /* call it before fd is closed; may be called again */

struct alarm {
	ev_timer timer;
	struct engine *engine;
	void (*rings)(struct alarm *alarm);
};

void alarm_init(struct alarm *alarm, struct engine *engine, void (*rings)(struct alarm *alarm));
void alarm_set(struct alarm *alarm, double seconds);    /* seconds from now; rings once */
void alarm_stop(struct alarm *alarm);
bool alarm_is_set(struct alarm *alarm);
