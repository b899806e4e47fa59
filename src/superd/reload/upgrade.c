/* Performs an upgrade, from the order to the exec. An exec would lose events that the loop has read and not handled
 * yet, above all the end of a child that was reaped. So the last step has the lowest priority of all and runs when
 * nothing else is pending. It waits for nothing between the first line of the state and the exec. */
#include "superd/reload/upgrade.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "lib/fd.h"
#include "lib/list.h"
#include "lib/log/log_sink.h"
#include "os/fs/memory_file.h"
#include "os/guard/guard.h"
#include "os/guard/guard_link.h"
#include "os/host/program.h"
#include "os/host/self_exe.h"
#include "superd/service/admission_state.h"
#include "superd/service/handover.h"
#include "superd/service/lookup.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/instance.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/ready.h"
#include "superd/instance/warm_pool.h"
#include "superd/instance/notify.h"
#include "superd/socket/restore.h"
#include "superd/socket/rpcbind.h"
#include "superd/socket/socket_condition.h"
#include "superd/socket/socket_store.h"
#include "superd/log/xinetd_log_file.h"
#include "superd/loop/close_socket.h"
#include "superd/loop/fd_watch.h"
#include "superd/loop/unreaped.h"
#include "superd/instance/service_list.h"
#include "superd/instance/start_queue.h"
#include "superd/service/runtime_event.h"
#include "superd/service/service_drain.h"
#include "superd/service/service_reload.h"
#include "superd/service/socket_commands.h"
#include "superd/start/spawn.h"
#include "superd/stop/freeze.h"
#include "superd/stop/idle.h"
#include "superd/stop/stop.h"

#define QUIESCE_TIMEOUT 10.             /* seconds for all operations under way */
#define LOOKUP_TIMEOUT 1.               /* seconds for lookups and rpcbind */
#define CHECK_INTERVAL .005             /* seconds between two checks */
#define PROBE_TIMEOUT 15.               /* seconds; the new program reads the table, and may look up names */
#define READ_MOST 4000                  /* bytes that superd reads; warnings may precede the answer */
#define ANSWER_MOST 400                 /* bytes that superd quotes in the message of a failure */

char **upgrade_arguments(const struct upgrade *upgrade, const char *flag, int fd)
{
	char *const *own = upgrade->arguments;
	struct buf first = { 0 };
	size_t count = 0;
	char **arguments;

	while (own[count])
		count++;
	arguments = calloc(count + 2, sizeof(*arguments));
	buf_addf(&first, "%s%d", flag, fd);
	if (!arguments || first.failed) {
		free(arguments);
		buf_free(&first);
		return NULL;
	}
	arguments[0] = own[0];
	arguments[1] = buf_take(&first);
	for (size_t n = 1; n < count; n++)
		arguments[n + 1] = own[n];
	return arguments;
}

void upgrade_free_arguments(char **arguments)
{
	if (arguments)
		free(arguments[1]);
	free(arguments);
}

/* The path of the file that this superd runs. */
static const char *running_program(const struct upgrade *upgrade)
{
	const char *running = self_exe_running();

	return running ? running : upgrade->program;
}

bool upgrade_start_program(struct upgrade *upgrade, char **arguments, const int wanted[UPGRADE_FD + 1],
			   struct child *child, struct buf *why)
{
	const char *program = child == &upgrade->probe ? upgrade->program : running_program(upgrade);
	struct engine *engine = upgrade->engine;
	struct plan *plan = plan_command(arguments, &engine->defaults);
	struct spawn_request request = {
		.plan = plan, .wanted = wanted, .wanted_count = UPGRADE_FD + 1, .remote_port = -1
	};

	if (!plan) {
		buf_text(why, "out of memory");
		return false;
	}
	plan->foreground = false;
	plan->main.program = program;
	plan->ambient = engine->defaults.ambient;       /* the new superd will have the same capabilities */
	unreaped_start(engine, &request);
	plan_free(plan);
	if (request.pid < 0) {
		buf_addf(why, "cannot start %s: %s: %s", program, stage_name(request.fault.stage),
			 strerror(request.fault.error));
		return false;
	}
	child->pid = request.pid;
	child_table_add(&engine->children, child);
	return true;
}

static void cancel_lookups(struct upgrade *upgrade)
{
	struct engine *engine = upgrade->engine;
	const struct service_list *service_list = engine->service_list;

	for (size_t n = 0; n < service_list->count; n++) {
		if (service_list->runtimes[n] && !list_empty(&engine->admission->lookups))
			lookup_cancel(service_list->runtimes[n]);
	}
	rpc_set_aside(engine);
}

static bool report_busy(struct buf *why, const struct service_runtime *runtime, const char *what)
{
	buf_addf(why, "%s: %s", runtime->service->name, what);
	return false;
}

static bool runtime_is_at_rest(struct service_runtime *runtime, struct buf *why)
{
	if (!socket_commands_is_at_rest(runtime))
		return report_busy(why, runtime, "a command around its sockets is being started");
	if (runtime->run && condition_query_is_under_way(runtime->run->conditions))
		return report_busy(why, runtime, "the conditions of its sockets are being checked");
	if (!service_reload_is_at_rest(runtime))
		return report_busy(why, runtime, "a command of exec_reload is being started");
	if (runtime->run && runtime->run->activator_query)
		return report_busy(why, runtime, "a lookup about its client is under way");
	if (runtime->run && notify_is_receiving(runtime->run->kit.notify))
		return report_busy(why, runtime, "descriptors are being received");
	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (instance->notice &&
		    (!list_empty(&instance->notice->last.link) || notify_is_receiving(instance->notice->notify)))
			return report_busy(why, runtime, "descriptors are being received");
		if (stop_is_counting(instance))
			return report_busy(why, runtime, "clients are being counted");
		if (instance->sequence && !exec_sequence_is_at_rest(instance->sequence))
			return report_busy(why, runtime, "its program, or a command beside it, is being started");
	}
	return true;
}

static bool services_are_at_rest(struct engine *engine, struct buf *why)
{
	const struct service_list *service_list = engine->service_list;

	for (size_t n = 0; n < service_list->count; n++) {
		if (service_list->runtimes[n] && !runtime_is_at_rest(service_list->runtimes[n], why))
			return false;
	}
	LIST_EACH(link, &engine->service_list->leaving) {
		if (!runtime_is_at_rest(runtime_leaving(link), why))
			return false;
	}
	return true;
}

/* Whether superd is stopping, or is about to. */
static bool is_too_late(const struct upgrade *upgrade)
{
	return upgrade->engine->stop_ordered || upgrade->engine->events.failed || alarm_is_set(upgrade->failing);
}

/* Whether nothing is under way that cannot be saved; else why gets it: "web: descriptors are being received". */
static bool is_at_rest(struct upgrade *upgrade, struct buf *why)
{
	struct engine *engine = upgrade->engine;

	if (is_too_late(upgrade))
		buf_text(why, "superd is stopping");
	else if (config_loader_is_busy(upgrade->loader))
		buf_text(why, "a reload is under way");
	else if (restore_is_accepting(engine))
		buf_text(why, "a client is being accepted");
	else if (!list_empty(&engine->admission->lookups))
		buf_text(why, "lookups about clients are under way");
	else if (!list_empty(&engine->admission->slot_waits))
		buf_text(why, "clients wait for room");
	else if (rpc_is_busy(engine))
		buf_text(why, "rpcbind is being updated");
	else
		services_are_at_rest(engine, why);
	return !why->length;
}

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

/* Thaws frozen processes for the moment of the exec, because only the superd that has frozen them can thaw them. That
 * counts as no thaw. */
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
		idle_forget(runtime);   /* the next superd would not know the command of idle_unless */
		runtime->refreeze = freeze_is_operators(runtime);
		service_thaw(runtime);
	}
}

void upgrade_freeze_again(struct service_runtime *runtime)
{
	struct event event = { .name = "upgraded", .service = runtime->service->name };
	struct buf why = { 0 };

	if (runtime->refreeze && runtime_state(runtime) == RUNNING && !freeze_hold(runtime, &why))
		log_event(runtime->engine->log, LEVEL_WARNING, &event, "it is not frozen any more: %s",
			  buf_string(&why));
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

/* Serves parked clients, and does starts that were put off. */
static void undo_quiesce(struct upgrade *upgrade, struct buf *why)
{
	struct engine *engine = upgrade->engine;
	const struct service_list *service_list = engine->service_list;

	engine->quiet = false;
	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];

		if (!runtime)
			continue;
		runtime_rewatch(runtime);
		if (runtime_state(runtime) == LISTENING)
			runtime_event(runtime, ENABLE);
		runtime_post(runtime, RESTORED);        /* no more than was asked for before */
		if (!runtime->service->exec->accept)
			idle_follow(runtime);
	}
	start_queue_offer(engine);
	rpc_go_on(engine);
	socket_store_go_on(engine);
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
	const char *program = leads ? running_program(upgrade) : upgrade->program;
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
	bool is_quiet = is_at_rest(upgrade, &busy);

	(void)events;
	/* A reload may take any time, and may be ordered again and again, so an upgrade does not wait for it. */
	if (!is_quiet && !is_too_late(upgrade) && !config_loader_is_busy(upgrade->loader) &&
	    clock_now() < upgrade->deadline) {
		if (clock_now() - upgrade->source.quiet_since > LOOKUP_TIMEOUT)
			cancel_lookups(upgrade);
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
	const struct service_list *service_list = upgrade->engine->service_list;

	upgrade->source.quiet_since = clock_now();
	upgrade->deadline = upgrade->source.quiet_since + QUIESCE_TIMEOUT;
	upgrade->engine->quiet = true;
	for (size_t n = 0; n < service_list->count; n++) {
		if (service_list->runtimes[n])
			runtime_rewatch(service_list->runtimes[n]);
	}
	ev_timer_init(&upgrade->timer, on_quiesce_timer, 0., CHECK_INTERVAL);
	ev_set_priority(&upgrade->timer, EV_MINPRI);
	upgrade->timer.data = upgrade;
	ev_timer_start(loop, &upgrade->timer);
}

/* The probe. Any file may be at the path by now: an older superd, another program, one that hangs, or
 * none. So superd accepts only the one sentence that a superd prints when it has read the state, and only within a
 * time limit. The loop goes on in the meantime. */

/* Finds the version in the answer of a superd that can take over. */
static void find_version(const char *text, struct buf *version)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, UPGRADE_CAN, strlen(UPGRADE_CAN)) != 0)
			continue;
		line += strlen(UPGRADE_CAN);
		buf_visible(version, line, strcspn(line, "\n"));
		return;
	}
}

/* Returns 0, or the error of the reading. */
static int read_answer(struct upgrade *upgrade, struct buf *printed, struct buf *version)
{
	char bytes[READ_MOST + 1];
	ssize_t got = read(upgrade->answer, bytes, READ_MOST);
	int error = got < 0 ? errno : 0;

	bytes[got > 0 ? got : 0] = '\0';
	find_version(bytes, version);
	if (got > ANSWER_MOST)
		got = ANSWER_MOST;
	while (got > 0 && bytes[got - 1] == '\n')
		got--;
	for (ssize_t n = 0; n < got; n++) {
		if (bytes[n] == '\n')
			bytes[n] = ' ';
	}
	if (got > 0)
		buf_visible(printed, bytes, (size_t)got);
	fd_close(&upgrade->answer);
	return error || !(version->failed || printed->failed) ? error : ENOMEM;
}

/* The probe has ended with this status. Whether the program can take over; text gets its answer, or the reason why
 * not. */
static bool take_answer(struct upgrade *upgrade, int status, struct buf *text)
{
	struct buf printed = { 0 }, version = { 0 };
	char how[48], limit[DURATION_MOST];
	int error;
	bool can;

	upgrade->probe.pid = 0;
	ev_timer_stop(upgrade->engine->loop, &upgrade->timer);
	error = read_answer(upgrade, &printed, &version);
	can = !status && version.length;
	status_describe(status, how);
	if (can)
		buf_addf(text, "superd %s can take over", buf_string(&version));
	else if (upgrade->probe_timed_out)
		buf_addf(text, "%s has not answered within %s whether it can take over", upgrade->program,
			 duration_write(limit, PROBE_TIMEOUT));
	else if (error)
		buf_addf(text, "%s: its answer cannot be read: %s", upgrade->program, strerror(error));
	else if (!status)
		buf_addf(text,
			 "%s is no superd that can take over: called with " UPGRADE_CHECK ", it printed '%s', not '"
			 UPGRADE_CAN "VERSION'",
			 upgrade->program, buf_string(&printed));
	else
		buf_addf(text, "%s cannot take over: %s%s%s", upgrade->program, buf_string(&printed),
			 printed.length ? ", " : "", how);
	buf_free(&printed);
	buf_free(&version);
	return can && !text->failed;
}

static void on_probe_timeout(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct upgrade *upgrade = timer->data;

	(void)loop, (void)events;
	upgrade->probe_timed_out = true;
	kill(-upgrade->probe.pid, SIGKILL);
	kill(upgrade->probe.pid, SIGKILL);
}

static void on_probe_ended(struct child *child, int status)
{
	struct upgrade *upgrade = container_of(child, struct upgrade, probe);
	struct buf text = { 0 };
	bool can = take_answer(upgrade, status, &text);

	if (is_too_late(upgrade)) {
		fail_upgrade(upgrade, "busy: superd is stopping");
	} else if (!can) {
		fail_upgrade(upgrade, buf_string(&text));
	} else if (upgrade->check_only) {
		upgrade->busy = false;
		call_done(upgrade, true, buf_string(&text));
	} else if (config_loader_is_busy(upgrade->loader)) {
		fail_upgrade(upgrade, "busy: a reload is under way");
	} else {
		begin_quiesce(upgrade);
	}
	buf_free(&text);
}

/* Starts the probe. It gets standard input, because it may have to read the table from there. */
static bool begin_probe(struct upgrade *upgrade, struct buf *why)
{
	struct engine *engine = upgrade->engine;
	char **arguments = upgrade_arguments(upgrade, UPGRADE_CHECK, UPGRADE_FD);
	struct state_saver saver;
	int state = -1, ends[2] = { -1, -1 };
	bool good = save_write(&saver, engine, &upgrade->source), started = false;

	if (good)
		state = state_file_make(saver.text.data, saver.text.length, engine->defaults.runtime_directory);
	if (state < 0)
		buf_addf(why, "cannot write the state: %s", good ? strerror(errno) : "out of memory");
	save_free(&saver);
	if (state >= 0 && (!arguments || fd_pipe(ends) < 0)) {
		buf_text(why, arguments ? strerror(errno) : "out of memory");
	} else if (state >= 0) {
		upgrade->probe = (struct child){ .ended = on_probe_ended };
		started = upgrade_start_program(upgrade, arguments,
						(const int[]){ STDIN_FILENO, ends[1], ends[1], state },
						&upgrade->probe, why);
	}
	upgrade_free_arguments(arguments);
	fd_close(&state);
	fd_close(&ends[1]);
	if (!started) {
		fd_close(&ends[0]);
		return false;
	}
	upgrade->answer = fd_raise(ends[0], FD_HIGH);
	upgrade->probe_timed_out = false;
	ev_timer_init(&upgrade->timer, on_probe_timeout, PROBE_TIMEOUT, 0.);
	upgrade->timer.data = upgrade;
	ev_timer_start(engine->loop, &upgrade->timer);
	return true;
}

static bool may_begin(const struct upgrade *upgrade, struct buf *why)
{
	if (is_too_late(upgrade))
		buf_text(why, "busy: superd is stopping");
	else if (config_loader_is_busy(upgrade->loader))
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
	upgrade->busy = may_begin(upgrade, &why) && begin_probe(upgrade, &why);
	if (!upgrade->busy)
		fail_upgrade(upgrade, buf_string(&why));
	buf_free(&why);
}

void upgrade_renew_guard(struct upgrade *upgrade, void (*done)(void *context, bool good, const char *text),
			 void *context)
{
	struct buf why = { 0 };

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
	if (!upgrade->probe.pid)
		return;
	kill(-upgrade->probe.pid, SIGKILL);
	child_table_remove(&upgrade->engine->children, &upgrade->probe);
	upgrade->probe.pid = 0;
	fd_close(&upgrade->answer);
}
