/* Performs an upgrade, from the order to the exec. An exec would lose events that the loop has read and not handled
 * yet, above all the end of a child that was reaped. So the last step has the lowest priority of all and runs when
 * nothing else is pending. It waits for nothing between the first line of the state and the exec. */
#include "superd/reload/upgrade.h"

#include <errno.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/list.h"
#include "lib/log/log_sink.h"
#include "os/fs/memory_file.h"
#include "os/guard/guard.h"
#include "os/guard/guard_link.h"
#include "os/host/program.h"
#include "os/host/self_exe.h"
#include "superd/accept/handover.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/ready.h"
#include "superd/instance/warm_pool.h"
#include "superd/log/xinetd_log_file.h"
#include "superd/loop/close_socket.h"
#include "superd/runtime/service_list.h"
#include "superd/service/runtime_event.h"
#include "superd/service/service_thaw.h"
#include "superd/spawn/spawn.h"
#include "superd/stop/freeze.h"
#include "superd/stop/idle.h"

#define QUIESCE_TIMEOUT 10.             /* seconds for all operations under way */
#define LOOKUP_TIMEOUT 1.               /* seconds for lookups and rpcbind */
#define CHECK_INTERVAL .005             /* seconds between two checks */

void upgrade_init(struct upgrade *upgrade)
{
	upgrade->answer = -1;
	ev_init(&upgrade->timer, NULL);
}

static void call_done(struct upgrade *upgrade, bool good, const char *text)
{
	void (*done)(void *, bool, const char *) = upgrade->done;

	upgrade->done = NULL;
	if (done)
		done(upgrade->context, good, text);
}

static void fail_upgrade(struct upgrade *upgrade, const char *why)
{
	log_error(upgrade->engine->log, "%s: %s", upgrade->check_only ? "an upgrade would fail" : "not upgraded", why);
	upgrade->busy = false;
	call_done(upgrade, false, why);
}

/* Notes the bind that a worker is at. */
static void settle_binds(struct service_runtime *runtime)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (instance->bind_calls)
			bind_calls_settle(instance->bind_calls);
	}
}

/* Thaws frozen processes for the moment of the exec, because only the superd that has frozen them can thaw them. */
static void set_aside(struct service_list *service_list)
{
	LIST_EACH(link, &service_list->leaving)
		settle_binds(runtime_leaving(link));
	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];

		if (!runtime || runtime->service->exec->accept)
			continue;
		if (runtime_current(runtime))
			ready_set_aside(runtime_current(runtime));
		settle_binds(runtime);
		idle_set_aside(runtime);
		service_freeze_set_aside(runtime);
	}
}

void upgrade_freeze_again(struct service_runtime *runtime)
{
	struct event event = { .name = "upgraded", .service = runtime->service->name };
	struct buf why = { 0 };

	if (runtime->refreeze && runtime_state(runtime) == RUNNING && !freeze_hold(runtime, &why))
		log_event(runtime->engine->log, LEVEL_WARNING, &event, "it is not frozen any more: %s",
			  buf_string(&why));
	if (!runtime->refreeze && runtime->run && !runtime->run->idle)
		freeze_stay_awake(runtime);     /* it has no idle_timeout any more */
	runtime->refreeze = false;
	buf_free(&why);
}

/* Writes what the reader takes, and counts the rest. */
static void leave_lines(void *context, struct log_sink *sink)
{
	struct log_losses *left = context;
	uint64_t taken;

	do {
		taken = sink->queue.taken;
		log_sink_flush(sink);
	} while (!log_queue_is_empty(&sink->queue) && sink->queue.taken != taken);
	LIST_EACH(link, &sink->queue.lines) {
		left->all++;
		left->of_clients += container_of(link, struct log_line, link)->of_client;
	}
}

/* The next superd gets no lines that wait for a slow reader. */
static struct log_losses leave_log(struct engine *engine)
{
	struct log_losses left = { 0 };

	if (log_sink(engine->log))
		leave_lines(&left, log_sink(engine->log));
	records_each(engine, leave_lines, &left);
	return left;
}

static void undo_quiesce(struct upgrade *upgrade, struct buf *why)
{
	struct service_list *service_list = upgrade->engine->service_list;

	upgrade_unquiesce(upgrade);
	for (size_t n = 0; n < service_list->count; n++) {
		if (service_list->runtimes[n])
			upgrade_freeze_again(service_list->runtimes[n]);
	}
	fail_upgrade(upgrade, buf_string(why));
	buf_free(why);
}

/* Executes the new program. Returns only on failure. Where the guard is lost, the new program becomes the guard, which
 * starts superd as its child; superd's children are the guard's then. */
static void exec_program(struct upgrade *upgrade, struct state_saver *saver, int state, struct buf *why)
{
	bool leads = upgrade->renews_guard;
	const char *program = leads ? upgrade_running_program(upgrade) : upgrade->program;
	char **arguments;
	struct engine *engine = upgrade->engine;

	if (!leads && guard_is_lost()) {
		buf_text(why, "the guard has ended, and superd starts another first: try again");
		return;
	}
	arguments = leads ? upgrade_arguments(upgrade, GUARD_AGAIN, guard_hand_on(state))
			  : upgrade_arguments(upgrade, UPGRADE_TAKE, state);
	save_fd(saver, "state", state);         /* after the last line: only keeps the descriptor open */
	if (guard_pid())
		save_fd(saver, "guard", guard_page_fd());
	if (!arguments || saver->failed) {
		upgrade_free_arguments(arguments);
		if (leads)
			guard_take_back();
		buf_text(why, "out of memory");
		return;
	}
	spawn_end();                    /* its helper processes are idle, and would be lost */
	if (guard_pid() && !leads) {
		upgrade_free_arguments(arguments);
		self_exe_pass(saver->fds, saver->count, true);
		buf_addf(why, "the guard cannot become %s: %s", upgrade->program,
			 guard_upgrade(upgrade->program, state));
		self_exe_pass(saver->fds, saver->count, false);
		return;
	}
	programs_pass(leads);           /* to the same superd again, which another may have replaced at its path */
	self_exe_exec(program, arguments, engine->defaults.environment, saver->fds, saver->count);
	buf_addf(why, "cannot become %s: %s", program, strerror(errno));
	programs_pass(false);
	if (leads)
		guard_take_back();
	upgrade_free_arguments(arguments);
}

static void replace_program(struct upgrade *upgrade)
{
	struct engine *engine = upgrade->engine;
	struct buf why = { 0 };
	struct log_losses *lost = log_losses(engine->log), left;
	struct state_saver saver;
	int state = -1;

	set_aside(engine->service_list);
	handover_settle(engine, NULL);
	warm_pools_abandon(engine);
	runtimes_hear(engine);           /* posted events are not saved */
	if (upgrade->renews_guard)
		log_notice(engine->log, "upgrading: becoming the guard of another superd, by the program that runs");
	else
		log_notice(engine->log, "upgrading: becoming %s", upgrade->program);
	close_socket_leave();
	left = leave_log(engine);
	lost->all += left.all;
	lost->of_clients += left.of_clients;
	if (!save_write(&saver, engine, &upgrade->source))
		buf_text(&why, "cannot write the state: out of memory");
	else
		state = state_file_make(saver.text.data, saver.text.length, engine->defaults.runtime_directory);
	if (state >= 0)
		exec_program(upgrade, &saver, state, &why);
	else if (!why.length)
		buf_addf(&why, "cannot write the state: %s", strerror(errno));
	fd_close(&state);
	save_free(&saver);
	lost->all -= left.all;
	lost->of_clients -= left.of_clients;
	undo_quiesce(upgrade, &why);
}

static void on_quiesce_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct upgrade *upgrade = timer->data;
	struct buf busy = { 0 }, why = { 0 };
	bool is_quiet = upgrade_is_at_rest(upgrade, &busy);

	(void)events;
	if (!is_quiet && upgrade_may_wait(upgrade) && clock_now() < upgrade->deadline) {
		if (clock_now() - upgrade->source.quiet_since > LOOKUP_TIMEOUT)
			upgrade_cancel_lookups(upgrade);
		buf_free(&busy);
		return;
	}
	ev_timer_stop(loop, timer);
	if (is_quiet) {
		replace_program(upgrade);
	} else {
		buf_addf(&why, "busy: %s", buf_string(&busy));
		undo_quiesce(upgrade, &why);
	}
	buf_free(&busy);
}

static void begin_quiesce(struct upgrade *upgrade)
{
	struct ev_loop *loop = upgrade->engine->loop;

	upgrade->source.quiet_since = clock_now();
	upgrade->deadline = upgrade->source.quiet_since + QUIESCE_TIMEOUT;
	upgrade_quiesce(upgrade);
	ev_timer_init(&upgrade->timer, on_quiesce_timer, 0., CHECK_INTERVAL);
	ev_set_priority(&upgrade->timer, EV_MINPRI);
	upgrade->timer.data = upgrade;
	ev_timer_start(loop, &upgrade->timer);
}

static void handle_answer(struct upgrade *upgrade, bool good, const char *text)
{
	if (upgrade_is_too_late(upgrade)) {
		fail_upgrade(upgrade, "busy: superd is stopping");
	} else if (!good) {
		fail_upgrade(upgrade, text);
	} else if (upgrade->check_only) {
		upgrade->busy = false;
		call_done(upgrade, true, text);
	} else if (upgrade->loader->worker.busy) {
		fail_upgrade(upgrade, "busy: a reload is under way");
	} else {
		begin_quiesce(upgrade);
	}
}

static void on_probe_ended(struct child *child, int status)
{
	struct upgrade *upgrade = container_of(child, struct upgrade, probe);
	struct buf text = { 0 };
	bool can = upgrade_probe_result(upgrade, status, &text);

	handle_answer(upgrade, can, buf_string(&text));
	buf_free(&text);
}

static bool may_begin(const struct upgrade *upgrade, struct buf *why)
{
	if (upgrade_is_too_late(upgrade))
		buf_text(why, "busy: superd is stopping");
	else if (upgrade->loader->worker.busy)
		buf_text(why, "busy: a reload is under way");
	else if (!upgrade->program || !upgrade->arguments)
		buf_text(why, "superd does not know its own path: neither its name nor /proc has it");
	return !why->length;
}

void upgrade_begin(struct upgrade *upgrade, bool check_only,
		   void (*done)(void *context, bool good, const char *text), void *context)
{
	static const char under_way[] = "busy: an upgrade is under way";
	struct buf why = { 0 };

	if (upgrade->busy) {
		if (done)
			done(context, false, under_way);
		else
			log_error(upgrade->engine->log, "not upgraded: %s", under_way);
		return;
	}
	upgrade->check_only = check_only;
	upgrade->renews_guard = false;
	upgrade->done = done;
	upgrade->context = context;
	upgrade->busy = may_begin(upgrade, &why) && upgrade_probe_begin(upgrade, on_probe_ended, &why);
	if (!upgrade->busy)
		fail_upgrade(upgrade, buf_string(&why));
	buf_free(&why);
}

void upgrade_renew_guard(struct upgrade *upgrade, void (*done)(void *context, bool good, const char *text),
			 void *context)
{
	struct buf why = { 0 };

	if (upgrade->program && upgrade->arguments)
		guard_standby_begin(upgrade_running_program(upgrade), upgrade->arguments,
				    upgrade->engine->defaults.environment);
	upgrade->check_only = false;
	upgrade->renews_guard = true;
	upgrade->done = done;
	upgrade->context = context;
	upgrade->busy = may_begin(upgrade, &why);
	if (upgrade->busy)
		begin_quiesce(upgrade);
	else
		fail_upgrade(upgrade, buf_string(&why));
	buf_free(&why);
}

void upgrade_free(struct upgrade *upgrade)
{
	if (!upgrade->engine)
		return;
	ev_timer_stop(upgrade->engine->loop, &upgrade->timer);
	upgrade_probe_cancel(upgrade);
}
