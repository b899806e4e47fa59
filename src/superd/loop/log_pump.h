/* Writes the queue of a log sink (lib/log/log_sink) as soon as the sink accepts it. One pump for each sink; no watcher
 * runs while the queue is empty. */
#pragma once

#include <ev.h>

#include "lib/log/log_sink.h"

struct log_pump {
	struct ev_loop *loop;           /* NULL: it is not attached */
	struct log_sink *sink;
	ev_io io;                       /* waits until the sink is writable, while it is full */
	ev_timer timer;                 /* next try, for conditions that poll(2) does not report */
	double pause;                   /* seconds until that try */
	void (*looked)(void *context, struct log_pump *pump);   /* called after each try; NULL: not called */
	void *context;
};

/* The caller owns pump and sink, and must not move them until log_pump_detach. */
void log_pump_attach(struct log_pump *pump, struct ev_loop *loop, struct log_sink *sink);
void log_pump_detach(struct log_pump *pump);
