/* A guard that is lost is replaced by an upgrade to the program that runs: the process that is superd now becomes the
 * guard, so its children are the guard's, and a child of it becomes superd. */
#include "superd/supervisor/guard_watch.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "os/guard/guard_link.h"
#include "os/proc/pidfd.h"
#include "os/proc/process.h"
#include "superd/instance/instance.h"
#include "superd/supervisor/supervisor.h"

#define LOST_INTERVAL 1.                /* seconds between two looks at processes that nothing reports the end of */
#define CHANNEL_RETRY .1                /* seconds from a call on the guard's channel that has failed to the next */
#define GUARD_RETRY 10.                 /* seconds between two tries to start another guard */

static struct supervisor *supervisor_of(struct guard_watch *watch)
{
	return container_of(watch, struct supervisor, guard);
}

static void start_timer(struct guard_watch *watch, ev_timer *timer,
			void (*ended)(struct ev_loop *loop, ev_timer *timer, int events), double wait)
{
	struct ev_loop *loop = supervisor_of(watch)->engine.loop;

	ev_timer_stop(loop, timer);
	ev_timer_init(timer, ended, wait, 0.);
	timer->data = watch;
	ev_timer_start(loop, timer);
}

static void on_again(struct ev_loop *loop, ev_timer *timer, int events);

static void reap(struct guard_watch *watch, pid_t pid)
{
	watch->unreaped = guard_reap(pid) ? 0 : pid;
	if (watch->unreaped)
		start_timer(watch, &watch->again, on_again, CHANNEL_RETRY);
}

static void on_again(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct guard_watch *watch = timer->data;

	(void)events;
	ev_timer_stop(loop, timer);
	if (watch->unreaped)
		reap(watch, watch->unreaped);
	if (guard_channel() >= 0)
		ev_io_start(loop, &watch->io);
}

/* The message is still there, so the loop would report it again at once. */
static void rest_after_failure(struct guard_watch *watch)
{
	if (errno == EAGAIN || errno == EINTR)
		return;
	ev_io_stop(supervisor_of(watch)->engine.loop, &watch->io);
	start_timer(watch, &watch->again, on_again, CHANNEL_RETRY);
}

/* The guard has the children of superds before this one. */
static void on_guard(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct supervisor *supervisor = supervisor_of(watcher->data);
	struct guarded_end end;
	struct child *child;

	(void)loop, (void)events;
	if (!guard_next_end(&end)) {
		rest_after_failure(watcher->data);
		return;
	}
	child = child_table_find(&supervisor->engine.children, end.pid);
	if (child && child->ending)
		child->ending(child);
	reap(watcher->data, end.pid);
	supervisor_take_end(supervisor, end.pid, end.status, end.cpu);
}

static bool follow_by_pidfd(struct engine *engine, struct child *child)
{
	int fd = child->is_main ? pidfd_of(child->pid) : -1;

	return fd >= 0 && main_watch_begin(&container_of(child, struct instance, child)->main_watch, engine, child, fd);
}

/* Returns a process that has ended unheard, and whose pid may be another's by now. unwatched: set if one lives that
 * superd can only look at again. */
static struct child *find_lost(struct engine *engine, bool *unwatched)
{
	for (size_t n = 0; n < child_table_chains(&engine->children); n++) {
		for (struct child *child = child_table_chain(&engine->children, n); child; child = child->next) {
			struct process process;
			bool is_read;

			if (child->is_main && container_of(child, struct instance, child)->main_watch)
				continue;
			is_read = process_read(child->pid, &process);
			if (is_read ? process.start_time > child->born : kill(child->pid, 0) < 0 && errno == ESRCH)
				return child;
			if (is_read && guard_or_superd_is(process.parent))
				continue;       /* this superd or the guard reaps it */
			*unwatched |= !follow_by_pidfd(engine, child);
		}
	}
	return NULL;
}

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)events;
	ev_timer_stop(loop, timer);
	guard_watch_take_lost(timer->data);
}

/* How they have ended is not known. */
void guard_watch_take_lost(struct guard_watch *watch)
{
	struct supervisor *supervisor = supervisor_of(watch);
	bool unwatched = false;
	struct child *lost;

	if (guard_cause() == GUARD_FRESH)
		return;
	while ((lost = find_lost(&supervisor->engine, &unwatched))) {
		/* In front of a child of superd's own that has got its pid since. */
		child_table_remove(&supervisor->engine.children, lost);
		child_table_resume(&supervisor->engine.children, lost);
		supervisor_take_end(supervisor, lost->pid, 0, 0.);
	}
	if (unwatched)
		start_timer(watch, &watch->look, on_look, LOST_INTERVAL);
}

static void on_replace(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)events;
	ev_timer_stop(loop, timer);
	guard_watch_look(timer->data);
}

/* A success does not return, and a failure was logged. Until the next try nobody reports the ends of processes that
 * were the guard's. */
static void on_not_replaced(void *context, bool good, const char *why)
{
	struct guard_watch *watch = context;

	(void)good, (void)why;
	start_timer(watch, &watch->look, on_look, LOST_INTERVAL);
	start_timer(watch, &watch->replace, on_replace, GUARD_RETRY);
}

void guard_watch_look(struct guard_watch *watch)
{
	struct supervisor *supervisor = supervisor_of(watch);

	if (!guard_is_lost() || supervisor->engine.stopping || ev_is_active(&watch->replace))
		return;
	if (supervisor->upgrade.busy) {         /* it may fail, or only be a check */
		start_timer(watch, &watch->replace, on_replace, LOST_INTERVAL);
		return;
	}
	if (!watch->is_missed)
		log_warn(supervisor->engine.log, "the guard, pid %ld, has ended: superd starts another",
			 (long)guard_pid());
	watch->is_missed = true;
	upgrade_renew_guard(&supervisor->upgrade, on_not_replaced, watch);
}

void guard_watch_begin(struct guard_watch *watch)
{
	ev_io_init(&watch->io, on_guard, guard_channel(), EV_READ);
	ev_set_priority(&watch->io, EV_MAXPRI);
	watch->io.data = watch;
	if (guard_channel() >= 0)
		ev_io_start(supervisor_of(watch)->engine.loop, &watch->io);
}
