/* libev compares the two clocks, and asks each periodic watcher for its next time when the wall clock was set. A
 * timerfd (TFD_TIMER_CANCEL_ON_SET) wakes it for that. Without any periodic watcher libev has no timerfd: it would wake
 * once a minute to compare the clocks, and an idle superd must not wake. */
#include "superd/loop/clock_jump.h"

#include "lib/clock.h"

#define NEVER 1e9                       /* seconds: thirty years ahead, wherever the clock is set to */
#define SOON 1e-2                       /* seconds; libev wants a time that is not over yet */

/* libev calls this when the watcher starts, when the clock was set, and before on_jump; other watchers must be left
 * alone here. */
static ev_tstamp next_time(ev_periodic *watch, ev_tstamp now)
{
	return now + (ev_is_active(watch) ? SOON : NEVER);
}

static void on_jump(struct ev_loop *loop, ev_periodic *watch, int events)
{
	struct clock_jump *jump = watch->data;
	double ahead = clock_wall() - clock_now(), seconds = ahead - jump->ahead;

	(void)events;
	jump->ahead = ahead;
	ev_ref(loop);
	ev_periodic_stop(loop, watch);
	ev_periodic_start(loop, watch);
	ev_unref(loop);
	jump->jumped(jump, seconds);
}

void clock_jump_begin(struct clock_jump *jump, struct ev_loop *loop,
		      void (*jumped)(struct clock_jump *jump, double seconds))
{
	jump->ahead = clock_wall() - clock_now();
	jump->jumped = jumped;
	ev_periodic_init(&jump->watch, on_jump, 0., 0., next_time);
	jump->watch.data = jump;
	ev_periodic_start(loop, &jump->watch);
	ev_unref(loop);                 /* it is no reason to go on */
}
