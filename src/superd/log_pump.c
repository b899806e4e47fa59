/* Decides when to write to a log sink again. A datagram socket is writable when the daemon's queue has room (Linux
 * 4.4), a pipe when it has room itself. A full disk, a daemon that is gone and a kernel without memory cause no
 * event, so a timer runs beside the descriptor, whose pauses grow while nothing moves (log_sink_pause). */
#include "superd/daemon.h"

static void stop_watching(struct log_pump *pump)
{
	io_stop(&pump->io);
	ev_timer_stop(superd.loop, &pump->timer);
}

/* The first lines wait, or the sink has another descriptor. */
static void on_wait(struct log_sink *sink)
{
	struct log_pump *pump = sink->waiter;

	stop_watching(pump);
	if (sink->state == LOG_SINK_FULL && sink->fd >= 0) {
		pump->io.fd = sink->fd;
		io_watch(&pump->io, EV_WRITE);
	}
	if (sink->state != LOG_SINK_READY)
		timer_begin(&pump->timer, log_sink_pause(sink));
}

/* A descriptor that is writable, and of which nothing is taken all the same, is left to the timer. */
static void try_again(struct log_pump *pump, bool by_descriptor)
{
	struct log_sink *sink = pump->sink;
	size_t left = sink->queue.length - sink->done;

	stop_watching(pump);
	sink->wait = NULL;
	log_sink_flush(sink);
	sink->wait = on_wait;
	on_wait(sink);
	if (by_descriptor && sink->queue.length - sink->done == left)
		io_stop(&pump->io);
}

static void on_writable(struct io *io)
{
	try_again(io->data, true);
}

static void on_pause_over(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	try_again(timer->data, false);
}

void log_pump_attach(struct log_pump *pump, struct log_sink *sink)
{
	pump->sink = sink;
	io_init(&pump->io, -1, on_writable, pump);
	ev_init(&pump->timer, on_pause_over);
	pump->timer.data = pump;
	sink->waiter = pump;
	sink->wait = on_wait;
	on_wait(sink);
}

void log_pump_detach(struct log_pump *pump)
{
	if (!pump->sink)
		return;
	stop_watching(pump);
	pump->sink->wait = NULL;
	pump->sink = NULL;
}
