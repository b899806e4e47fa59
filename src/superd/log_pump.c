/* Decides when to write to a log sink again. A datagram socket is writable when the daemon's queue has room (Linux
 * 4.4), a pipe when it has room itself. A full disk, a daemon that is gone and a kernel without memory cause no
 * event, so a timer runs beside the descriptor. Its pause doubles while nothing moves: an idle superd whose log
 * nobody reads wakes about once a minute. */
#include "superd/daemon.h"

#define FULL_PAUSE .1
#define AWAY_PAUSE 1. /* /dev/log is connected to once a second at most */
#define LONGEST_PAUSE 64.

static void stop_watching(struct log_pump *pump)
{
	ev_io_stop(pump->loop, &pump->io);
	ev_timer_stop(pump->loop, &pump->timer);
}

static void start_watching(struct log_pump *pump, bool by_descriptor)
{
	struct ev_loop *loop = pump->loop;
	int fd = pump->sink->fd;

	if (by_descriptor && fd >= 0) {
		ev_io_set(&pump->io, fd, EV_WRITE);
		ev_io_start(loop, &pump->io);
	}
	ev_timer_set(&pump->timer, pump->pause, 0.);
	ev_timer_start(loop, &pump->timer);
}

static void on_wait(struct log_sink *sink)
{
	struct log_pump *pump = sink->waiter;

	stop_watching(pump);
	pump->pause = sink->state == LOG_SINK_FULL ? FULL_PAUSE : AWAY_PAUSE;
	if (sink->state != LOG_SINK_READY)
		start_watching(pump, sink->state == LOG_SINK_FULL);
}

/* A descriptor that is writable, and of which nothing is taken all the same, is left to the timer. */
static void flush_sink(struct log_pump *pump, bool by_descriptor)
{
	struct log_sink *sink = pump->sink;
	size_t left = sink->queue.length - sink->done;
	bool moved;

	stop_watching(pump);
	sink->wait = NULL;
	log_sink_flush(sink);
	sink->wait = on_wait;
	moved = sink->queue.length - sink->done != left;
	if (sink->state == LOG_SINK_FULL && moved)
		pump->pause = FULL_PAUSE;
	else if (pump->pause < LONGEST_PAUSE)
		pump->pause = sink->state == LOG_SINK_AWAY && pump->pause < AWAY_PAUSE ? AWAY_PAUSE : 2 * pump->pause;
	if (sink->state != LOG_SINK_READY)
		start_watching(pump, sink->state == LOG_SINK_FULL && (moved || !by_descriptor));
	if (pump->looked)
		pump->looked(pump->context, pump);
}

static void on_writable(struct ev_loop *loop, ev_io *io, int events)
{
	struct log_pump *pump = io->data;

	(void)loop, (void)events;
	flush_sink(pump, true);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct log_pump *pump = timer->data;

	(void)loop, (void)events;
	flush_sink(pump, false);
}

void log_pump_attach(struct log_pump *pump, struct ev_loop *loop, struct log_sink *sink)
{
	pump->loop = loop;
	pump->sink = sink;
	ev_init(&pump->io, on_writable);
	ev_init(&pump->timer, on_timer);
	pump->io.data = pump->timer.data = pump;
	sink->waiter = pump;
	sink->wait = on_wait;
	on_wait(sink);
}

void log_pump_detach(struct log_pump *pump)
{
	if (!pump->loop)
		return;
	stop_watching(pump);
	pump->sink->wait = NULL;
	pump->loop = NULL;
}
