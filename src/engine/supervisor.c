/* The loop and its end. The hard thing is to leave neither early nor late: TERM ends every service by its group,
 * then whatever else is left under us, all under one deadline, and superd goes the moment the last process has
 * gone.
 *
 * libev reaps in a loop over waitpid(-1) after any SIGCHLD, so strangers are reaped as well; one watcher for all
 * pids looks up whose child it was. */
#include "engine/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "engine/admission.h"
#include "engine/listing.h"
#include "engine/mux.h"
#include "engine/record.h"
#include "engine/refuse.h"
#include "engine/rpc.h"
#include "engine/run.h"
#include "engine/serve.h"
#include "sys/built_with.h"
#include "sys/memory.h"
#include "sys/spawn.h"

void supervisor_end(struct supervisor *supervisor)
{
	supervisor->over = true;
	ev_break(supervisor->engine.loop, EVBREAK_ALL);
}

static void end_if_over(struct supervisor *supervisor)
{
	if (!supervisor->engine.stopping || supervisor->engine.instances || supervisor->command.child.pid ||
	    rpc_is_busy(&supervisor->engine))
		return;
	supervisor->sweeping = true;
	if (!init_signal_rest(SIGTERM))
		supervisor_end(supervisor);
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct supervisor *supervisor = timer->data;

	(void)events;
	log_warn(supervisor->engine.log, "not everything has ended in time: killing the rest");
	instance_kill_all(&supervisor->engine);
	command_signal(&supervisor->command, SIGKILL);
	rpc_free(&supervisor->engine);
	if (!init_signal_rest(SIGKILL) && supervisor->sweeping)
		supervisor_end(supervisor);
	ev_timer_set(timer, 1., 0.);    /* what was forked meanwhile */
	ev_timer_start(loop, timer);
}

static void set_deadline(struct supervisor *supervisor, double seconds)
{
	ev_timer_stop(supervisor->engine.loop, &supervisor->deadline);
	ev_timer_set(&supervisor->deadline, seconds, 0.);
	ev_timer_start(supervisor->engine.loop, &supervisor->deadline);
}

void supervisor_stop(struct supervisor *supervisor, int signal)
{
	if (supervisor->engine.stopping) {
		set_deadline(supervisor, 0.);   /* asked twice: at once */
		return;
	}
	log_notice(supervisor->engine.log, "stopping");
	habits_say_end(&supervisor->habits);
	supervisor->engine.stopping = true;
	set_deadline(supervisor, supervisor->stop_timeout);
	command_signal(&supervisor->command, signal);
	for (size_t n = 0; n < supervisor->roster.count; n++) {
		if (supervisor->roster.keepers[n])
			keeper_event(supervisor->roster.keepers[n], DISABLE);
	}
	instance_stop_all(&supervisor->engine);
	end_if_over(supervisor);
}

/* The log has a word of its own for warnings, none for errors. */
static void say_diag(struct log *log, const struct diag *diag)
{
	static const enum level levels[] = {
		[SEVERITY_NOTE] = LEVEL_INFO, [SEVERITY_WARNING] = LEVEL_WARNING, [SEVERITY_ERROR] = LEVEL_ERROR,
	};
	bool is_error = diag->severity == SEVERITY_ERROR;
	struct buf line = { 0 };

	diag_place(diag, &line);
	if (diag->file)
		buf_text(&line, ": ");
	if (is_error)
		buf_addf(&line, "%s: ", severity_name(diag->severity));
	buf_text(&line, diag->message);
	if (diag->hint)
		buf_addf(&line, ": %s", diag->hint);
	log_say(log, levels[diag->severity], "%s", buf_string(&line));
	buf_free(&line);
}

void supervisor_say(struct log *log, const struct diags *diags)
{
	for (size_t n = 0; n < diags->count; n++)
		say_diag(log, &diags->list[n]);
}

static void on_loaded(struct loader *loader, struct table *table, struct diags *diags)
{
	struct supervisor *supervisor = container_of(loader, struct supervisor, loader);
	struct log *log = supervisor->engine.log;
	struct reload_counts counts;
	bool reloaded = false;

	supervisor_say(log, diags);
	if (supervisor->engine.stopping) {
		table_free(table);
	} else if (!table || diags->errors) {
		log_error(log, "not reloaded: %zu error%s: the table of before goes on", diags->errors,
			  diags->errors == 1 ? "" : "s");
		table_free(table);
	} else if (!roster_reload(&supervisor->roster, &supervisor->engine, supervisor->table, table, &counts)) {
		log_error(log, "not reloaded: out of memory: the table of before goes on");
		table_free(table);
	} else {
		reloaded = true;
		table->users++;
		table_release(supervisor->table);
		supervisor->table = table;
		memory_give_back();
		log_notice(log, "reloaded: %zu unchanged, %zu changed, %zu added, %zu removed", counts.unchanged,
			   counts.changed, counts.added, counts.removed);
	}
	if (!supervisor->engine.stopping)
		habits_say_reloaded(&supervisor->habits, reloaded ? &counts : NULL);
}

static void on_child(struct ev_loop *loop, ev_child *watcher, int events)
{
	struct supervisor *supervisor = watcher->data;
	struct engine *engine = &supervisor->engine;
	struct child *child = children_find(&engine->children, watcher->rpid);

	(void)loop, (void)events;
	if (WIFSTOPPED(watcher->rstatus) || WIFCONTINUED(watcher->rstatus))
		return;
	if (child) {
		children_remove(&engine->children, child);
		child->ended(child, watcher->rstatus);
	} else {
		log_debug(engine->log, "reaped pid %ld, a stranger", (long)watcher->rpid);
	}
	if (!list_empty(&engine->lingering))
		instance_sweep(engine);
	end_if_over(supervisor);
}

static void on_gone(struct engine *engine, struct keeper *keeper)
{
	if (keeper->removed)
		keeper_free(keeper);
	else
		end_if_over(engine->context);
}

static void on_withdrawn(struct engine *engine)
{
	end_if_over(engine->context);
}

static void on_starved(struct engine *engine)
{
	struct supervisor *supervisor = engine->context;

	if (!ev_is_active(&supervisor->starved))
		ev_timer_again(engine->loop, &supervisor->starved);
}

static void on_starved_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct supervisor *supervisor = timer->data;

	(void)events;
	ev_timer_stop(loop, timer);
	for (size_t n = 0; n < supervisor->roster.count; n++) {
		struct keeper *keeper = supervisor->roster.keepers[n];

		if (keeper && !keeper->activity && (keeper->state == BINDING || keeper->state == BACKOFF))
			keeper_event(keeper, TIMER);
	}
}

static void on_fatal(struct engine *engine, struct keeper *keeper, int status)
{
	struct supervisor *supervisor = engine->context;

	log_error(engine->log, "%s: on_failure = exit: leaving", keeper->service->name);
	supervisor->exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
		: WEXITSTATUS(status)		      ? WEXITSTATUS(status)
						      : 1;
	ev_feed_signal_event(engine->loop, SIGTERM);    /* not from within the keeper's own event */
}

static void on_command_ended(struct command *command)
{
	struct supervisor *supervisor = command->engine->context;

	supervisor->exit_status = command->exit_status;
	log_info(command->engine->log, "the main command has ended with status %d", command->exit_status);
	if (!supervisor->engine.stopping)
		supervisor_stop(supervisor, SIGTERM);
	else
		end_if_over(supervisor);
}

static const struct backend_actions actions = {
	.spawn = run_spawn, .serve = serve_ready, .note = run_note, .stop = run_stop, .kill = run_kill,
	.retire = run_retire, .abandon = run_abandon, .serve_client = serve_client,
};

static void on_never(struct ev_loop *loop, ev_periodic *watcher, int events)
{
	(void)loop, (void)watcher, (void)events;
}

/* libev looks at the wall clock once a minute, in case it was set, unless a timerfd tells it; it makes one when
 * the first periodic watcher starts. An idle superd must not wake. */
static void sleep_long(struct ev_loop *loop)
{
	ev_periodic never;

	ev_periodic_init(&never, on_never, ev_now(loop) + 1e9, 0., NULL);
	ev_periodic_start(loop, &never);
	ev_periodic_stop(loop, &never);
}

bool supervisor_init(struct supervisor *supervisor, const char **failed)
{
	struct engine *engine = &supervisor->engine;

	engine->loop =
		ev_default_loop(EVFLAG_NOENV | EVFLAG_SIGNALFD); /* no handlers, so nothing for children to undo */
	*failed = "make the loop of events";
	if (!engine->loop)
		return false;
	sleep_long(engine->loop);
	engine->context = supervisor;
	engine->roster = &supervisor->roster;
	engine->actions = &actions;
	engine->on_fatal = on_fatal;
	engine->on_gone = on_gone;
	engine->on_starved = on_starved;
	engine->list_loops = listing_loops;
	engine->send_away = refuse_parked;
	engine->on_withdrawn = on_withdrawn;
	engine->syslog = (struct syslog)SYSLOG_INIT;
	*failed = "open /dev/null";
	engine->null_input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	engine->null_output = engine->null_input < 0 ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (engine->null_output < 0)
		return false;
	for (int n = 0; n < ENGINE_SPARE; n++)
		engine->spare[n] = -1;
	engine->chance = (uint64_t)getpid() << 32 ^ (uint64_t)(ev_now(engine->loop) * 1e6);
	list_init(&engine->none);
	list_init(&engine->released);
	list_init(&engine->resting);
	list_init(&engine->lingering);
	list_init(&engine->starts);
	admission_init(engine);
	records_init(engine);
	engine_keep_spare(engine);
	habits_begin(&supervisor->habits, engine, &supervisor->roster, &supervisor->table);
	supervisor->loader.loaded = on_loaded;
	loader_init(&supervisor->loader, engine->loop);
	ev_child_init(&supervisor->reaper, on_child, 0, 0);
	supervisor->reaper.data = supervisor;
	ev_child_start(engine->loop, &supervisor->reaper);
	ev_init(&supervisor->starved, on_starved_timer);
	supervisor->starved.repeat = 1.;
	supervisor->starved.data = supervisor;
	ev_init(&supervisor->deadline, on_deadline);
	supervisor->deadline.data = supervisor;
	return true;
}

int supervisor_run(struct supervisor *supervisor, struct table *table, char *const *argv)
{
	table->users++;
	supervisor->table = table;
	if (!roster_build(&supervisor->roster, &supervisor->engine, table)) {
		log_error(supervisor->engine.log, "cannot start: out of memory");
		return 2;
	}
	init_close_sockets(&supervisor->engine.inheritance);
	if (argv) {
		supervisor->command.ended = on_command_ended;
		if (!command_start(&supervisor->command, &supervisor->engine, argv)) {
			supervisor->exit_status = supervisor->command.exit_status;
			supervisor_stop(supervisor, SIGTERM);
		}
	}
	habits_say_started(&supervisor->habits, "superd " PACKAGE_VERSION, built_with);
	if (supervisor->started)
		supervisor->started(supervisor->started_context);
	if (!supervisor->over)
		ev_run(supervisor->engine.loop, 0);
	return supervisor->exit_status;
}

void supervisor_free(struct supervisor *supervisor)
{
	struct engine *engine = &supervisor->engine;

	rpc_free(engine);               /* with QUIT instances run on, and rpcbind goes on to know of them */
	roster_free(&supervisor->roster);
	mux_free(engine);
	if (supervisor->command.engine)
		command_free(&supervisor->command);
	if (supervisor->table)
		table_release(supervisor->table);
	means_end_all(engine);
	children_free(&engine->children);
	admission_free(engine);
	records_free(engine);
	syslog_close(&engine->syslog);
	fd_close(&engine->null_input);
	fd_close(&engine->null_output);
	engine_drop_spare(engine);
	spawn_end();
}
