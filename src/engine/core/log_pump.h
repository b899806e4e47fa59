/* Writes what waits in a sink (base/log/log_sink) as soon as the sink takes it. One for each sink; nothing of it runs while
 * nothing waits. */
#pragma once

#include <ev.h>

#include "base/log/log_sink.h"

struct log_pump {
	struct ev_loop *loop;           /* NULL: it is not attached */
	struct log_sink *sink;
	ev_io io;                       /* while the sink is full: it can be polled */
	ev_timer timer;                 /* tries again where polling tells nothing */
	double pause;                   /* seconds until it does */
	void (*looked)(void *context, struct log_pump *pump);   /* it has tried; NULL: nobody asks */
	void *context;
};

/* Both are the caller's, and stay where they are until it is detached. */
void log_pump_attach(struct log_pump *pump, struct ev_loop *loop, struct log_sink *sink);
void log_pump_detach(struct log_pump *pump);
