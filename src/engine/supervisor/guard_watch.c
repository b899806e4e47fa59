/* A guard that is lost is replaced by an upgrade to superd's own program: the process that is superd now becomes the
 * guard, so its children are the guard's, and a child of it becomes superd. */
#include "engine/supervisor/guard_watch.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "engine/instance/instance.h"
#include "engine/instance/main_watch.h"
#include "engine/supervisor/supervisor.h"
#include "os/guard/guard_link.h"
#include "os/proc/pidfd.h"
#include "os/proc/process.h"

#define LOST_INTERVAL 1.                /* seconds between two looks at processes that nothing reports the end of */
#define GUARD_RETRY 10.                 /* seconds between two tries to start another guard */

static void start_timer(struct guard_watch *watch, double wait);

static struct supervisor *supervisor_of(struct guard_watch *watch)
{
	return container_of(watch, struct supervisor, guard);
}

/* The guard has the children of superds before this one. */
static void on_guard(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct supervisor *supervisor = supervisor_of(watcher->data);
	struct guarded_end end;
	struct child *child;

	(void)loop, (void)events;
	if (!guard_next_end(&end))
		return;
	child = child_table_find(&supervisor->engine.children, end.pid);
	if (child && child->ending)
		child->ending(child);
	guard_reap(end.pid);
	supervisor_take_end(supervisor, end.pid, end.status, end.cpu);
}

/* Whether this superd or the guard reaps the process, or superd watches it in another way. */
static bool is_followed(struct child *child)
{
	struct process process;

	if (child->is_main && container_of(child, struct instance, child)->main_watch)
		return true;
	return process_read(child->pid, &process) &&
	       (process.parent == getpid() || process.parent == guard_pid());
}

static bool follow_by_pidfd(struct engine *engine, struct child *child)
{
	int fd = child->is_main ? pidfd_of(child->pid) : -1;

	return fd >= 0 && main_watch_begin(&container_of(child, struct instance, child)->main_watch, engine, child, fd);
}

/* Returns a process that has ended unheard. unwatched: set if one lives that superd can only look at again. */
static struct child *find_lost(struct engine *engine, bool *unwatched)
{
	for (size_t n = 0; n < engine->children.size; n++) {
		for (struct child *child = engine->children.buckets[n]; child; child = child->next) {
			if (is_followed(child))
				continue;
			if (kill(child->pid, 0) < 0 && errno == ESRCH)
				return child;
			*unwatched |= !follow_by_pidfd(engine, child);
		}
	}
	return NULL;
}

/* How they have ended is not known. */
void guard_watch_take_lost(struct guard_watch *watch)
{
	struct supervisor *supervisor = supervisor_of(watch);
	bool unwatched = false;
	struct child *lost;

	if (guard_cause() == GUARD_FRESH)
		return;
	while ((lost = find_lost(&supervisor->engine, &unwatched)))
		supervisor_take_end(supervisor, lost->pid, 0, 0.);
	if (unwatched)
		start_timer(watch, LOST_INTERVAL);
}

/* A success does not return, and a failure was logged. */
static void on_not_replaced(void *context, bool good, const char *why)
{
	(void)good, (void)why;
	start_timer(context, GUARD_RETRY);
}

void guard_watch_look(struct guard_watch *watch)
{
	struct supervisor *supervisor = supervisor_of(watch);

	if (!guard_is_lost() || supervisor->engine.stopping || supervisor->upgrade.busy || ev_is_active(&watch->timer))
		return;
	if (!watch->is_missed)
		log_warn(supervisor->engine.log, "the guard, pid %ld, has ended: superd goes on, and starts another",
			 (long)guard_pid());
	watch->is_missed = true;
	upgrade_begin(&supervisor->upgrade, false, on_not_replaced, watch);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct guard_watch *watch = timer->data;

	(void)events;
	ev_timer_stop(loop, timer);
	guard_watch_take_lost(watch);
	guard_watch_look(watch);
}

static void start_timer(struct guard_watch *watch, double wait)
{
	struct ev_loop *loop = supervisor_of(watch)->engine.loop;

	ev_timer_stop(loop, &watch->timer);
	ev_timer_init(&watch->timer, on_timer, wait, 0.);
	watch->timer.data = watch;
	ev_timer_start(loop, &watch->timer);
}

void guard_watch_begin(struct guard_watch *watch)
{
	ev_io_init(&watch->io, on_guard, guard_channel(), EV_READ);
	ev_set_priority(&watch->io, EV_MAXPRI);
	watch->io.data = watch;
	if (guard_channel() >= 0)
		ev_io_start(supervisor_of(watch)->engine.loop, &watch->io);
	guard_watch_look(watch);        /* it may have ended before superd heard of that */
}
