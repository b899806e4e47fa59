/* libev's watchers under names of superd's own, for folders that do not know libev. Setting a watcher again costs a
 * system call, so watch_set does nothing where nothing has changed. */
#include "superd/loop/fd_watch.h"

static void on_io(struct ev_loop *loop, ev_io *io, int events)
{
	struct watch *watch = io->data;

	(void)loop;
	watch->ready(watch, events & EV_READ, events & EV_WRITE);
}

void watch_init(struct watch *watch, struct engine *engine,
		void (*ready)(struct watch *watch, bool readable, bool writable))
{
	watch->engine = engine;
	watch->ready = ready;
	ev_io_init(&watch->io, on_io, -1, 0);
	watch->io.data = watch;
}

void watch_set(struct watch *watch, int fd, bool reads, bool writes)
{
	int events = (reads ? EV_READ : 0) | (writes ? EV_WRITE : 0);

	if (ev_is_active(&watch->io) && watch->io.fd == fd && (watch->io.events & (EV_READ | EV_WRITE)) == events)
		return;
	watch_stop(watch);
	if (!events)
		return;
	ev_io_set(&watch->io, fd, events);
	ev_io_start(watch->engine->loop, &watch->io);
}

void watch_wake(struct watch *watch)
{
	ev_feed_event(watch->engine->loop, &watch->io, EV_CUSTOM);
}

void watch_wake_changes(struct engine *engine)
{
	if (engine->changes)
		watch_wake(engine->changes);
}

void watch_stop(struct watch *watch)
{
	ev_io_stop(watch->engine->loop, &watch->io);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct alarm *alarm = timer->data;

	(void)loop, (void)events;
	alarm->rings(alarm);
}

void alarm_init(struct alarm *alarm, struct engine *engine, void (*rings)(struct alarm *alarm))
{
	alarm->engine = engine;
	alarm->rings = rings;
	ev_init(&alarm->timer, on_timer);
	alarm->timer.data = alarm;
}

void alarm_set(struct alarm *alarm, double seconds)
{
	alarm_stop(alarm);
	ev_now_update(alarm->engine->loop);
	ev_timer_set(&alarm->timer, seconds, 0.);
	ev_timer_start(alarm->engine->loop, &alarm->timer);
}

void alarm_stop(struct alarm *alarm)
{
	ev_timer_stop(alarm->engine->loop, &alarm->timer);
}

bool alarm_is_set(struct alarm *alarm)
{
	return ev_is_active(&alarm->timer);
}
