/* Stops superd. SIGTERM stops every service by its group, then all other processes below superd, before one
 * deadline. superd exits as soon as the last process has ended. SIGCHLD does not report all of them: a process that
 * was sent into the PID namespace (as by "docker exec") is not superd's child. So a timer checks, too. */
#include "superd/supervisor/internal.h"

#include <signal.h>
#include <unistd.h>

#include "lib/duration_text.h"
#include "superd/instance/aux_command.h"
#include "superd/instance/instance.h"
#include "superd/socket/rpcbind.h"

#define LAST_CALL_MOST 2.0              /* seconds; limit of the time reserved for strangers */
#define SWEEP_INTERVAL .05              /* seconds between two checks */
#define KILLS_MOST 20                   /* rounds of SIGKILL; a process that survives is another user's or stuck */

void supervisor_end(struct supervisor *supervisor)
{
	supervisor->over = true;
	ev_break(supervisor->engine.loop, EVBREAK_ALL);
}

static bool has_own_processes(struct supervisor *supervisor)
{
	struct engine *engine = &supervisor->engine;

	return engine->instances->count || supervisor->command.child.pid ||
	       !list_empty(&engine->instances->aux_commands) || !list_empty(&engine->instances->relays) ||
	       !list_empty(&engine->instances->shared) || rpc_owes(engine);
}

void shutdown_check(struct supervisor *supervisor)
{
	struct shutdown *shutdown = &supervisor->shutdown;

	if (!supervisor->engine.stopping || supervisor->over || has_own_processes(supervisor))
		return;
	shutdown->sweeping = true;
	if (shutdown->killing ? stray_processes_kill() : stray_processes_terminate(&shutdown->strays))
		ev_timer_again(supervisor->engine.loop, &shutdown->sweep);
	else
		supervisor_end(supervisor);
}

static void kill_all(struct supervisor *supervisor)
{
	instance_kill_all(&supervisor->engine);
	aux_command_kill_all(&supervisor->engine);
	command_signal(&supervisor->command, SIGKILL);
	stray_processes_kill();
}

/* Checks for processes that are left. Kills again, because one may have forked since the last round. */
static void on_sweep_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct supervisor *supervisor = timer->data;
	struct shutdown *shutdown = &supervisor->shutdown;

	(void)loop, (void)events;
	if (shutdown->killing && shutdown->kills++ == KILLS_MOST) {
		log_error(supervisor->engine.log, "some processes could not be killed: ending without them");
		supervisor_end(supervisor);
		return;
	}
	if (shutdown->killing)
		kill_all(supervisor);
	shutdown_check(supervisor);
}

static void on_wait_over(struct alarm *alarm)
{
	struct supervisor *supervisor = container_of(alarm, struct supervisor, shutdown.wait);

	if (!supervisor->engine.stopping) {
		shutdown_begin(supervisor, supervisor->shutdown.signal);
		return;
	}
	log_warn(supervisor->engine.log, "not everything has ended yet: killing the rest");
	supervisor->shutdown.killing = true;
	kill_all(supervisor);
	rpc_free(&supervisor->engine);
	ev_timer_again(supervisor->engine.loop, &supervisor->shutdown.sweep);
	shutdown_check(supervisor);
}

/* Whether superd already stops this process by other means: a child of superd, or a process in the group of one. */
static bool is_known(void *context, pid_t pid)
{
	const struct supervisor *supervisor = context;
	pid_t group = getpgid(pid);

	return child_table_find(&supervisor->engine.children, pid) || instance_has_group(&supervisor->engine, group) ||
	       (group > 1 && group == supervisor->command.child.pid);
}

static void on_last_call(struct alarm *alarm)
{
	struct supervisor *supervisor = container_of(alarm, struct supervisor, shutdown.last_call);

	if (!supervisor->shutdown.sweeping)
		stray_processes_terminate_unknown(&supervisor->shutdown.strays, is_known, supervisor);
}

static void on_failing(struct alarm *alarm)
{
	struct supervisor *supervisor = container_of(alarm, struct supervisor, shutdown.failing);

	if (!supervisor->engine.stopping)
		shutdown_begin(supervisor, SIGTERM);
}

void shutdown_init(struct supervisor *supervisor)
{
	struct shutdown *shutdown = &supervisor->shutdown;

	alarm_init(&shutdown->wait, &supervisor->engine, on_wait_over);
	alarm_init(&shutdown->last_call, &supervisor->engine, on_last_call);
	alarm_init(&shutdown->failing, &supervisor->engine, on_failing);
	ev_init(&shutdown->sweep, on_sweep_timer);
	shutdown->sweep.data = supervisor;
	shutdown->sweep.repeat = SWEEP_INTERVAL;
}

void shutdown_begin(struct supervisor *supervisor, int signal)
{
	struct engine *engine = &supervisor->engine;
	double seconds = supervisor->shutdown.timeout, reserve = seconds / 4;

	log_notice(engine->log, "stopping");
	persona_log_end(supervisor);
	sd_notify_stopping(&supervisor->sd_notify);
	engine->stop_ordered = engine->stopping = true;
	if (reserve > LAST_CALL_MOST)
		reserve = LAST_CALL_MOST;
	alarm_set(&supervisor->shutdown.wait, seconds);
	alarm_set(&supervisor->shutdown.last_call, seconds - reserve);
	command_signal(&supervisor->command, signal);
	for (size_t n = 0; n < supervisor->service_list.count; n++) {
		if (supervisor->service_list.runtimes[n])
			runtime_event(supervisor->service_list.runtimes[n], SHUTDOWN);
	}
	LIST_EACH(link, &engine->service_list->leaving)
		runtime_event(runtime_leaving(link), SHUTDOWN);
	rpc_go_on(engine);
	instance_stop_all(engine);
	shutdown_check(supervisor);
}

void supervisor_stop(struct supervisor *supervisor, int signal)
{
	struct shutdown *shutdown = &supervisor->shutdown;
	char delay[DURATION_MOST];

	if (supervisor->engine.stopping) {
		alarm_set(&shutdown->wait, 0.);
	} else if (shutdown->delay > 0 && !supervisor->engine.stop_ordered) {
		log_notice(supervisor->engine.log, "stop requested: stops in %s (stop_delay)",
			   duration_write(delay, shutdown->delay));
		supervisor->engine.stop_ordered = true;
		shutdown->signal = signal;
		alarm_set(&shutdown->wait, shutdown->delay);
	} else {
		shutdown_begin(supervisor, signal);
	}
}

void supervisor_fail(struct supervisor *supervisor, int status)
{
	struct shutdown *shutdown = &supervisor->shutdown;

	if (supervisor->engine.stopping || shutdown->has_cause)
		return;
	shutdown->has_cause = true;
	supervisor->exit_status = status;
	alarm_set(&shutdown->failing, 0.);
}

void shutdown_free(struct supervisor *supervisor)
{
	stray_processes_free(&supervisor->shutdown.strays);
}
