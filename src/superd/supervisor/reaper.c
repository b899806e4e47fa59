/* How superd hears of the end of a process, and what follows.
 *
 * Each turn of the loop reaps one child, any one, by waitpid(-1), as libev does: as PID 1 or a subreaper superd also
 * reaps processes that it has not started. libev's own child watchers report an ended child only after its pid may have
 * been reused. So the loop is not the default loop, which handles SIGCHLD by itself (ev(3), ev_child).
 *
 * The guard has the children of superds before this one, and tells of their ends. A guard that is lost is replaced by
 * an upgrade to the program that runs: the process that is superd now becomes the guard, so its children are the
 * guard's, and a child of it becomes superd. */
#include "superd/supervisor/internal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/guard/guard_link.h"
#include "os/host/program.h"
#include "os/proc/pidfd.h"
#include "os/proc/process.h"
#include "superd/instance/instance.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/instance_cgroup.h"
#include "superd/loop/child_table.h"
#include "superd/start/spawn.h"
#include "superd/start/worker_process.h"
#include "superd/start/removal.h"

#define LOST_INTERVAL 1.                /* seconds between two looks at processes that nothing reports the end of */
#define CHANNEL_RETRY .1                /* seconds from a call on the guard's channel that has failed to the next */
#define GUARD_RETRY 10.                 /* seconds between two tries to start another guard */

/* A program of another build, or one that cannot be executed, does nothing, each time. */
static void log_unusable_program(struct engine *engine, enum program which, int status)
{
	struct buf why = { 0 };

	if (!WIFEXITED(status) || WEXITSTATUS(status) < PROGRAM_OTHER_BUILD || engine->told_unusable >> which & 1)
		return;
	engine->told_unusable |= 1u << which;
	if (WEXITSTATUS(status) == PROGRAM_OTHER_BUILD)
		program_describe_other(which, &why);
	else
		buf_addf(&why, "cannot execute %s: %s", program_known(which)->name,
			 strerror(WEXITSTATUS(status) - WORKER_NOT_EXECUTED));
	log_error(engine->log, "%s", buf_string(&why));
	buf_free(&why);
}

/* A filter kills only what tries to do what no process of superd's own does: an attack, or a fault in the filter. */
static void log_worker_end(struct engine *engine, pid_t pid, int status)
{
	const char *name = spawn_worker_name(pid);
	int program = spawn_program_of(pid);

	if (program >= 0)
		log_unusable_program(engine, (enum program)program, status);
	if (name && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		log_error(engine->log,
			  "%s, pid %ld: killed by the filter of system calls that superd gave it; the kernel's log "
			  "names the call: report it to superd's maintainers, it may be an attack",
			  name, (long)pid);
}

static void take_end(struct supervisor *supervisor, pid_t pid, int status, double cpu)
{
	struct engine *engine = &supervisor->engine;
	struct child *child = child_table_find(&engine->children, pid);
	struct buf left = { 0 };

	log_worker_end(engine, pid, status);
	engine->unsaved_engine |= removal_take_end(pid, status, &left);
	if (left.length)
		log_warn(engine->log, "what a service left is not removed: %s", buf_string(&left));
	buf_free(&left);
	spawn_reaped(pid);
	if (child) {
		child_table_remove(&engine->children, child);
		child->cpu = cpu;
		child->ended(child, status);
	} else {
		log_debug(engine->log, "reaped pid %ld, a stranger", (long)pid);
	}
	instance_sweep(engine);
	main_pid_sweep(engine);
	if (instance_cgroups_are_left(engine))
		instance_cgroups_sweep(engine);
	shutdown_check(supervisor);
}

static void start_timer(struct supervisor *supervisor, ev_timer *timer,
			void (*ended)(struct ev_loop *loop, ev_timer *timer, int events), double wait)
{
	ev_timer_stop(supervisor->engine.loop, timer);
	ev_timer_init(timer, ended, wait, 0.);
	timer->data = supervisor;
	ev_timer_start(supervisor->engine.loop, timer);
}

static void on_again(struct ev_loop *loop, ev_timer *timer, int events);

static void have_reaped(struct supervisor *supervisor, pid_t pid)
{
	struct reaper *reaper = &supervisor->reaper;

	reaper->unreaped = guard_reap(pid) ? 0 : pid;
	if (reaper->unreaped)
		start_timer(supervisor, &reaper->again, on_again, CHANNEL_RETRY);
}

static void on_again(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct supervisor *supervisor = timer->data;

	(void)events;
	ev_timer_stop(loop, timer);
	if (supervisor->reaper.unreaped)
		have_reaped(supervisor, supervisor->reaper.unreaped);
	if (guard_channel() >= 0)
		ev_io_start(loop, &supervisor->reaper.guard);
}

static void on_guard(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct supervisor *supervisor = watcher->data;
	struct guarded_end end;
	struct child *child;

	(void)events;
	if (!guard_next_end(&end)) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		ev_io_stop(loop, watcher);      /* the message is still there: the loop would report it at once */
		start_timer(supervisor, &supervisor->reaper.again, on_again, CHANNEL_RETRY);
		return;
	}
	child = child_table_find(&supervisor->engine.children, end.pid);
	if (child && child->ending)
		child->ending(child);
	have_reaped(supervisor, end.pid);
	take_end(supervisor, end.pid, end.status, end.cpu);
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
	reaper_take_lost(timer->data);
}

/* How they have ended is not known. */
void reaper_take_lost(struct supervisor *supervisor)
{
	bool unwatched = false;
	struct child *lost;

	if (guard_cause() == GUARD_FRESH)
		return;
	while ((lost = find_lost(&supervisor->engine, &unwatched))) {
		/* In front of a child of superd's own that has got its pid since. */
		child_table_remove(&supervisor->engine.children, lost);
		child_table_resume(&supervisor->engine.children, lost);
		take_end(supervisor, lost->pid, 0, 0.);
	}
	if (unwatched)
		start_timer(supervisor, &supervisor->reaper.look, on_look, LOST_INTERVAL);
}

static void on_replace(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)events;
	ev_timer_stop(loop, timer);
	reaper_look_at_guard(timer->data);
}

/* A success does not return, and a failure was logged. Until the next try nobody reports the ends of processes that
 * were the guard's. */
static void on_not_replaced(void *context, bool good, const char *why)
{
	struct supervisor *supervisor = context;

	(void)good, (void)why;
	start_timer(supervisor, &supervisor->reaper.look, on_look, LOST_INTERVAL);
	start_timer(supervisor, &supervisor->reaper.replace, on_replace, GUARD_RETRY);
}

void reaper_look_at_guard(struct supervisor *supervisor)
{
	struct reaper *reaper = &supervisor->reaper;

	if (!guard_is_lost() || supervisor->engine.stopping || ev_is_active(&reaper->replace))
		return;
	if (supervisor->upgrade.busy) {         /* it may fail, or only be a check */
		start_timer(supervisor, &reaper->replace, on_replace, LOST_INTERVAL);
		return;
	}
	if (!reaper->is_missed)
		log_warn(supervisor->engine.log, "the guard, pid %ld, has ended: superd starts another",
			 (long)guard_pid());
	reaper->is_missed = true;
	upgrade_renew_guard(&supervisor->upgrade, on_not_replaced, supervisor);
}

/* Reaps one child. Before that, while its pid is still valid, calls the owner of the child if it has asked for that. */
static pid_t reap_child(struct engine *engine, int *status, struct rusage *usage)
{
	siginfo_t ended = { 0 };
	struct child *child;

	if (!engine->children.seen)
		return wait4(-1, status, WNOHANG | WUNTRACED | WCONTINUED, usage);
	if (waitid(P_ALL, 0, &ended, WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) < 0 || ended.si_pid <= 0)
		return 0;
	child = child_table_find(&engine->children, ended.si_pid);
	if (child && child->ending && ended.si_code != CLD_STOPPED && ended.si_code != CLD_CONTINUED)
		child->ending(child);
	return wait4(ended.si_pid, status, WNOHANG | WUNTRACED | WCONTINUED, usage);
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void on_child(struct ev_loop *loop, ev_signal *watcher, int events)
{
	struct supervisor *supervisor = watcher->data;
	struct rusage usage = { 0 };
	int status;
	pid_t pid = reap_child(&supervisor->engine, &status, &usage);

	if (pid <= 0) {
		reaper_look_at_guard(supervisor);
		return;
	}
	ev_feed_event(loop, watcher, events);
	if (WIFSTOPPED(status) && pid == supervisor->command.child.pid)
		command_note_stop(&supervisor->command, WSTOPSIG(status));
	if (!WIFSTOPPED(status) && !WIFCONTINUED(status))
		take_end(supervisor, pid, status, seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
}

void reaper_begin(struct supervisor *supervisor)
{
	struct reaper *reaper = &supervisor->reaper;
	struct ev_loop *loop = supervisor->engine.loop;

	ev_signal_init(&reaper->children, on_child, SIGCHLD);
	ev_set_priority(&reaper->children, EV_MAXPRI);
	reaper->children.data = supervisor;
	signals_start(loop, &reaper->children);
	ev_feed_signal_event(loop, SIGCHLD);    /* for children that have ended before, as the table was read */
	ev_io_init(&reaper->guard, on_guard, guard_channel(), EV_READ);
	ev_set_priority(&reaper->guard, EV_MAXPRI);
	reaper->guard.data = supervisor;
	if (guard_channel() >= 0)
		ev_io_start(loop, &reaper->guard);
}
