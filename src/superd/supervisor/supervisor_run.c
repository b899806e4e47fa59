/* Runs the loop, and connects the parts of superd. */
#include "superd/supervisor/internal.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/answer.h"
#include "lib/buf.h"
#include "lib/build_info.h"
#include "lib/clock.h"
#include "lib/duration_text.h"
#include "lib/fd.h"
#include "lib/patience.h"
#include "os/guard/guard_link.h"
#include "os/host/memory_trim.h"
#include "os/proc/process.h"
#include "os/rights/capability.h"
#include "os/rights/own_privileges.h"
#include "os/rights/required_caps.h"
#include "os/socket/bind.h"
#include "os/socket/socket_origin.h"
#include "superd/service/accept.h"
#include "superd/service/admission.h"
#include "superd/service/limit_pause.h"
#include "superd/service/tcpmux.h"
#include "superd/service/xinetd_record.h"
#include "superd/stop/close_events.h"
#include "superd/stop/conn_query.h"
#include "superd/instance/aux_command.h"
#include "superd/instance/cleanup.h"
#include "superd/instance/instance_cgroup.h"
#include "superd/socket/restore.h"
#include "superd/socket/rpcbind.h"
#include "superd/socket/socket_condition.h"
#include "superd/socket/socket_path_watch.h"
#include "superd/socket/socket_store.h"
#include "superd/loop/close_socket.h"
#include "superd/loop/events.h"
#include "superd/loop/loop_room.h"
#include "superd/loop/unreaped.h"
#include "superd/reload/load.h"
#include "superd/reload/reload.h"
#include "superd/reload/saved_state.h"
#include "superd/reload/upgrade.h"
#include "superd/service/service_reload.h"
#include "superd/service/shared_run.h"
#include "superd/service/socket_commands.h"
#include "superd/start/spawn.h"
#include "superd/start/worker_process.h"
#include "superd/start/directories.h"
#include "superd/start/removal.h"
#include "superd/stop/freeze.h"
#include "superd/stop/idle.h"
#include "superd/stop/standby_socket.h"
#include "superd/process/output_reader.h"
#include "table/services/left_out.h"

#define LOOP_DESCRIPTORS 4
#define LOGGED_JUMP 1.                  /* seconds */
#define NEVER 1e9                       /* seconds: thirty years ahead, wherever the clock is set to */
#define SOON 1e-2                       /* seconds; libev wants a time that is not over yet */

/* The log marks warnings by itself, but not errors. */
static void log_diag(struct log *log, const struct diag *diag)
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

void supervisor_log_diags(struct log *log, const struct diags *diags)
{
	for (size_t n = 0; n < diags->count; n++)
		log_diag(log, &diags->list[n]);
}

/* Keeps only the capabilities that the services need, including removed services of which something still runs. */
static void use_required_caps(struct supervisor *supervisor)
{
	const struct service_list *service_list = &supervisor->service_list;
	uint64_t required = required_caps_always();
	int port_start = capability_port_start();

	for (size_t n = 0; n < service_list->count; n++) {
		if (service_list->runtimes[n])
			required |= required_caps_of(service_list->runtimes[n]->service, port_start);
	}
	LIST_EACH(link, &supervisor->service_list.leaving)
		required |= required_caps_of(runtime_leaving(link)->service, port_start);
	own_privileges_use(required);
}

/* Drops the locks of services that are no longer configured. A removed service keeps its lock until it has ended. */
static void drop_locks(struct supervisor *supervisor)
{
	struct engine *engine = &supervisor->engine;
	struct locks *locks = &supervisor->locks;

	for (size_t n = locks->count; n-- > 0;) {
		const char *name = locks->list[n].name;

		if (!service_list_find(engine->service_list, supervisor->table, name) &&
		    !table_find(supervisor->table, name) && !service_list_find_leaving(engine->service_list, name))
			locks_drop(engine, name);
	}
}

/* Handles posted events: first those of services, then those of superd as a whole. */
static void handle_events(struct supervisor *supervisor)
{
	struct engine *engine = &supervisor->engine;
	struct event_queue *events = &engine->events;

	if (events->paths_touched)
		service_list_repair_paths(engine->service_list);
	events->paths_touched = false;
	runtimes_hear(engine);
	if (events->failed)
		supervisor_fail(supervisor, events->exit_status);
	events->failed = false;
	if (events->starved && !ev_is_active(&supervisor->starved))
		ev_timer_again(engine->loop, &supervisor->starved);
	events->starved = false;
	config_loader_go_on(&supervisor->loader);
	if (!events->ended)
		return;
	events->ended = false;
	if (list_empty(&supervisor->service_list.leaving) && !config_loader_is_busy(&supervisor->loader) &&
	    !engine->stopping)
		use_required_caps(supervisor);
	shutdown_check(supervisor);
}

/* Sets how many starts may be under way at once: the command line overrides the table. */
static void limit_starts(struct supervisor *supervisor, const struct table *table)
{
	struct start_queue *queue = &supervisor->start_queue;

	if (supervisor->max_starting >= 0) {
		queue->most = (unsigned)supervisor->max_starting;
		queue->limit = START_LIMIT_COMMAND_LINE;
	} else if (table->globals.max_starting >= 0) {
		queue->most = (unsigned)table->globals.max_starting;
		queue->limit = START_LIMIT_TABLE;
	} else {
		queue->most = start_queue_default();
		queue->limit = START_LIMIT_DEFAULT;
	}
}

/* Whether a service opens a listener later that this socket of a store is for: commands run before. */
static bool is_awaited(const struct service_list *service_list, const struct listen_fd *inherited)
{
	for (size_t n = 0; n < service_list->count; n++) {
		const struct service_runtime *runtime = service_list->runtimes[n];

		if (!runtime || runtime_state(runtime) != BINDING)
			continue;
		for (unsigned i = 0; i < runtime->listener_count; i++) {
			if (!listener_is_open(&runtime->listeners[i]) &&
			    bind_matches(inherited->fd, runtime->listeners[i].listen))
				return true;
		}
	}
	return false;
}

/* Whether a row that is left out, and may return, is for this socket. */
static bool is_kept_for_row(const struct table *table, const struct listen_fd *inherited)
{
	for (const struct left_out *entry = left_out_next(table, 0); entry;
	     entry = left_out_next(table, (size_t)(entry - table->left_out) + 1)) {
		const struct service *row = &table->services[entry->row];

		for (size_t n = 0; !entry->is_kept && n < row->socket_count; n++) {
			if (bind_matches(inherited->fd, &row->sockets[n]))
				return true;
		}
	}
	return false;
}

/* Whether a socket is not what its name says; then adds why. What superd has stored is its own user's, and of its
 * network.
 *
 * A store gives any name, though, and systemd passes what is in it behind the sockets of its socket units, which it
 * makes as root, or as the user whose manager it is. So where there is a store, root's pass for activated: nobody else
 * could have stored them. Their network is not asked for: with PrivateNetwork= superd gets sockets of the machine's.
 * Where there is no store, whoever starts superd may pass what he likes, as a container engine does whose users have
 * other numbers here. */
static bool is_foreign(const struct listen_fd *inherited, bool has_store, struct buf *why)
{
	uid_t uid;
	enum socket_origin origin = socket_origin(inherited->fd, &uid);

	if (origin == ORIGIN_USER && (inherited->is_stored || (has_store && uid != 0)))
		buf_addf(why, "user %lu has made it, not superd's user, %lu", (unsigned long)uid,
			 (unsigned long)geteuid());
	else if (origin == ORIGIN_NETWORK && inherited->is_stored)
		buf_addf(why, "it is of another network namespace than superd");
	return why->length;
}

static void refuse(struct engine *engine, struct listen_fd *inherited, const char *why)
{
	struct event event = { .name = "store_refused" };
	struct buf text = { 0 };

	listener_mark_held(inherited->fd);
	listen_fd_describe(inherited, &text);
	log_event(engine->log, LEVEL_WARNING, &event,
		  "a socket from the store (%s) is refused and closed, as something other than superd has stored it: "
		  "%s; see NotifyAccess= in superd's unit",
		  buf_string(&text), why);
	buf_free(&text);
	if (inherited->name)
		socket_store_note(engine, -1, inherited->name);
	close_socket_fd(engine, NULL, &inherited->fd);
}

/* Closes sockets of a store that something else has put there, as a program that could speak for superd. */
static void refuse_foreign(struct engine *engine)
{
	for (size_t n = 0; n < engine->listen_fds.count; n++) {
		struct listen_fd *inherited = &engine->listen_fds.list[n];
		bool is_left = inherited->is_own && !inherited->is_stored;      /* by a superd before, not by a store */
		struct buf why = { 0 };

		if (inherited->fd >= 0 && !is_left && is_foreign(inherited, socket_store_is_there(engine), &why))
			refuse(engine, inherited, buf_string(&why));
		buf_free(&why);
	}
}

/* Closes sockets that superd was given and that no service has. This is logged, because whoever gave them expects
 * them to be served. */
static void close_unclaimed(struct supervisor *supervisor)
{
	struct engine *engine = &supervisor->engine;

	for (size_t n = 0; n < engine->listen_fds.count; n++) {
		struct listen_fd *inherited = &engine->listen_fds.list[n];
		struct buf text = { 0 };

		if (inherited->fd < 0)
			continue;
		if (inherited->is_stored)
			listener_mark_held(inherited->fd);
		if ((inherited->is_stored && is_awaited(&supervisor->service_list, inherited)) ||
		    is_kept_for_row(supervisor->table, inherited))
			continue;
		listen_fd_describe(inherited, &text);
		if (inherited->is_stored) {
			log_notice(engine->log, "a socket from the store (%s) belongs to no service any more: closed",
				   buf_string(&text));
			socket_store_note(engine, -1, inherited->name);
		} else if (!inherited->is_own) {
			log_warn(engine->log,
				 "inherited socket (%s) belongs to no endpoint of the configuration: closed",
				 buf_string(&text));
		}
		buf_free(&text);
		close_socket_fd(engine, NULL, &inherited->fd);
	}
}

static bool take_table(struct supervisor *supervisor, struct table *table, struct reload_counts *counts)
{
	const struct start_queue *queue = &supervisor->start_queue;
	unsigned most = queue->most;

	limit_starts(supervisor, table);
	if (!service_list_reload(&supervisor->service_list, &supervisor->engine, supervisor->table, table, counts)) {
		limit_starts(supervisor, supervisor->table);
		log_error(supervisor->engine.log, "not reloaded: out of memory: the previous configuration stays in "
						  "effect");
		table_free(table);
		return false;
	}
	table->users++;
	if (supervisor->table_taken)
		supervisor->table_taken(supervisor->table_taken_context, table);
	table_release(supervisor->table);
	supervisor->table = table;
	supervisor->engine.unsaved_all = true;
	supervisor->loaded = clock_now();
	if (queue->most != most)
		log_notice(supervisor->engine.log, "max_starting is %u now, and was %u", queue->most, most);
	start_queue_offer(&supervisor->engine);
	memory_pressure_follow(&supervisor->engine, table);
	drop_locks(supervisor);
	close_unclaimed(supervisor);
	handle_events(supervisor);      /* frees removed services, so that their capabilities do not count */
	memory_trim();
	left_out_check_begin(&supervisor->left_out_check);
	return true;
}

/* Rows that were left out are good now: as a reload, with the same table. */
static void take_returned(struct supervisor *supervisor, struct table *found)
{
	struct table *table = supervisor->table;
	struct reload_counts counts;

	if (!left_out_check_take(&supervisor->left_out_check, found))
		return;
	if (!service_list_reload(&supervisor->service_list, &supervisor->engine, table, table, &counts))
		events_starve(&supervisor->engine);
	memory_pressure_follow(&supervisor->engine, table);
	handle_events(supervisor);
}

/* Notes the first error, for superctl health. Without one, memory was short. */
static void note_refused(struct service_list *service_list, const struct diags *diags)
{
	struct buf text = { 0 };

	for (size_t n = 0; n < diags->count && !text.length; n++) {
		if (diags->list[n].severity != SEVERITY_ERROR)
			continue;
		diag_place(&diags->list[n], &text);
		buf_addf(&text, "%s%s", text.length ? ": " : "", diags->list[n].message);
	}
	if (text.length && diags->errors > 1)
		buf_addf(&text, "; and %zu more error%s", diags->errors - 1, diags->errors == 2 ? "" : "s");
	snprintf(service_list->refused, sizeof(service_list->refused), "%s",
		 text.length ? buf_string(&text) : "out of memory");
	buf_free(&text);
}

static void take_reloaded(struct supervisor *supervisor, struct table *table, const struct diags *diags)
{
	struct log *log = supervisor->engine.log;
	struct reload_counts counts = { 0 };
	char summary[DIAGS_SUMMARY_MOST], wrong[40];
	bool reloaded = false;

	supervisor_log_diags(log, diags);
	if (supervisor->engine.stopping) {
		table_free(table);
	} else if (!table || diags->errors) {
		log_error(log, "not reloaded: %s: the previous configuration stays in "
			       "effect", diags_summarize(diags, summary));
		table_free(table);
	} else if (take_table(supervisor, table, &counts)) {
		reloaded = true;
		if (supervisor->engine.save_changes)    /* the next superd must have the table that the log reports */
			supervisor->engine.save_changes(&supervisor->engine);
		snprintf(wrong, sizeof(wrong), ", %zu with errors", counts.wrong);
		log_notice(log, "reloaded: %zu unchanged, %zu changed, %zu added, %zu removed%s", counts.unchanged,
			   counts.changed, counts.added, counts.removed, counts.wrong ? wrong : "");
	}
	*supervisor->service_list.refused = '\0';
	if (!reloaded)
		note_refused(&supervisor->service_list, diags);
	if (!supervisor->engine.stopping)
		persona_log_reloaded(supervisor, reloaded ? &counts : NULL);
	if (!config_loader_is_busy(&supervisor->loader))
		use_required_caps(supervisor);
	sd_notify_ready(&supervisor->sd_notify);
	if (supervisor->reloaded)
		supervisor->reloaded(supervisor->reloaded_context, reloaded, diags, &counts);
}

static void on_loaded(struct config_loader *loader, enum load_task task, struct table *table, struct diags *diags)
{
	struct supervisor *supervisor = container_of(loader, struct supervisor, loader);

	if (task == LOAD_TABLE)
		take_reloaded(supervisor, table, diags);
	else if (task == LOAD_RETURNED)
		take_returned(supervisor, table);
	if (task != LOAD_TABLE && !loader->again)
		use_required_caps(supervisor);
	if (task == LOAD_PREVIEW)
		supervisor->previewed(supervisor->reloaded_context, table, diags);
	memory_trim();
}

static void on_starved_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct supervisor *supervisor = timer->data;

	(void)events;
	ev_timer_stop(loop, timer);
	if (!supervisor->engine.stopping && service_list_lacks(&supervisor->service_list, supervisor->table)) {
		own_privileges_use_all();       /* a new service may need more than the others do */
		service_list_complete(&supervisor->service_list, &supervisor->engine, supervisor->table);
		if (!config_loader_is_busy(&supervisor->loader))
			use_required_caps(supervisor);
	}
	for (size_t n = 0; n < supervisor->service_list.count; n++) {
		struct service_runtime *runtime = supervisor->service_list.runtimes[n];

		if (runtime && !runtime->run && (runtime_state(runtime) == BINDING ||
			runtime_state(runtime) == BACKOFF))
			runtime_event(runtime, TIMER);
		else if (runtime && !runtime->service->exec->accept)
			idle_follow(runtime);
	}
}

static void on_command_ended(struct main_command *command)
{
	struct supervisor *supervisor = container_of(command, struct supervisor, command);

	if (!supervisor->shutdown.has_cause)
		supervisor->exit_status = command->exit_status;
	supervisor->engine.unsaved_engine = true;
	if (supervisor->engine.save_changes)    /* it is reaped: nothing else has its status any more */
		supervisor->engine.save_changes(&supervisor->engine);
	log_info(command->engine->log, "the main command has ended with status %d", command->exit_status);
	if (!supervisor->engine.stopping)
		shutdown_begin(supervisor, SIGTERM);
	else
		shutdown_check(supervisor);
}

/* Limits and pauses go by the monotonic clock; this is for all that goes by the time of day.
 *
 * libev compares the two clocks, and asks each periodic watcher for its next time when the wall clock was set. A
 * timerfd (TFD_TIMER_CANCEL_ON_SET) wakes it for that. Without any periodic watcher libev has no timerfd: it would wake
 * once a minute to compare the clocks, and an idle superd must not wake.
 *
 * libev calls this when the watcher starts, when the clock was set, and before on_clock_jump; other watchers must be
 * left alone here. */
static ev_tstamp next_clock_jump(ev_periodic *watch, ev_tstamp now)
{
	return now + (ev_is_active(watch) ? SOON : NEVER);
}

/* A time service may set the clock by some milliseconds, again and again: no line for that. */
static void on_clock_jump(struct ev_loop *loop, ev_periodic *watch, int events)
{
	struct supervisor *supervisor = watch->data;
	const struct event event = { .name = "clock" };
	double ahead = clock_wall() - clock_now(), seconds = ahead - supervisor->clock_ahead;
	char span[DURATION_MOST];

	(void)events;
	supervisor->clock_ahead = ahead;
	ev_ref(loop);
	ev_periodic_stop(loop, watch);
	ev_periodic_start(loop, watch);
	ev_unref(loop);
	if (fabs(seconds) >= LOGGED_JUMP)
		log_event(supervisor->engine.log, LEVEL_NOTICE, &event,
			  "the wall clock jumped %s by %s: it was set, or the machine was suspended",
			  seconds < 0 ? "back" : "forward", duration_write(span, fabs(seconds)));
	for (size_t n = 0; n < supervisor->service_list.count; n++) {
		if (supervisor->service_list.runtimes[n])
			limit_pause_follow_clock(supervisor->service_list.runtimes[n]);
	}
}

static void on_posted(struct ev_loop *loop, ev_prepare *watcher, int events)
{
	struct engine *engine = watcher->data;

	(void)loop, (void)events;
	handle_events(container_of(engine, struct supervisor, engine));
}

/* superd has ended such a process as soon as it read its answer; its end may come earlier, or never. */
static void log_refused_answers(struct ev_loop *loop, ev_prepare *watcher, int events)
{
	struct supervisor *supervisor = container_of(watcher, struct supervisor, turn);
	struct answer_fault fault;

	(void)loop, (void)events;
	while (answer_take_fault(&fault))
		log_error(supervisor->engine.log,
			  "%s, pid %ld: ended by superd, because its answer is impossible (%s): report it to "
			  "superd's maintainers, it may be an attack",
			  fault.process, (long)fault.pid, fault.flaw);
}

/* Initialises all that supervisor_free frees, so that it may be called at any time. */
static void init_empty(struct supervisor *supervisor)
{
	struct engine *engine = &supervisor->engine;

	engine->null_input = engine->null_output = -1;
	supervisor->control = -1;
	terminal_init(&supervisor->terminal);
	list_init(&supervisor->service_list.leaving);
	list_init(&supervisor->service_list.wanting);
	listeners_init(&supervisor->listeners, runtime_on_ready, runtime_on_restored);
	engine->listeners = &supervisor->listeners;
	list_init(&engine->unreaped);
	records_init(engine, &supervisor->log_files);
	start_resources_init(engine, &supervisor->launch);
	instances_init(engine, &supervisor->instances);
	bind_strays_init(engine, &supervisor->bind_strays);
	freezes_init(engine, &supervisor->freezes);
	engine->random_state = (uint64_t)getpid() << 32 ^ (uint64_t)(ev_time() * 1e6);
	engine->number_mask = engine->random_state;
	start_queue_init(engine, &supervisor->start_queue);
	memory_pressure_init(engine, &supervisor->memory_pressure);
	admission_init(engine, &supervisor->admission);
	tcpmux_init(engine, &supervisor->tcpmux);
}

/* Whether the descriptors that libev needs are available: those of epoll, of signals, of an eventfd and of a
 * timerfd. libev calls abort(3) without them. */
static bool has_descriptors(const struct engine *engine)
{
	int tried[LOOP_DESCRIPTORS], count = 0, error;

	while (count < LOOP_DESCRIPTORS && (tried[count] = fcntl(engine->null_input, F_DUPFD_CLOEXEC, 3)) >= 0)
		count++;
	error = errno;
	for (int n = 0; n < count; n++)
		close(tried[n]);
	errno = error;
	return count == LOOP_DESCRIPTORS;
}

/* Reserves memory for the loop and opens descriptors of superd itself. false with errno, and in *failed what failed. */
static bool open_own(struct engine *engine, const char **failed)
{
	*failed = "get memory for its event loop";
	if (!loop_room_reserve())
		return false;
	fd_close(&engine->null_input);
	*failed = "open /dev/null";
	engine->null_input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	engine->null_output = engine->null_input < 0 ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (engine->null_output < 0)
		return false;
	*failed = "open the descriptors of its event loop";
	if (listeners_open(engine->listeners) && has_descriptors(engine))
		return true;
	fd_close(&engine->null_output);
	return false;
}

/* The same after an upgrade, which cannot go back to the old superd, while every service is at stake. The old superd
 * had all of these, so whatever fails may work in a moment. */
static bool open_own_patiently(struct engine *engine, const char **failed)
{
	unsigned tries = 0;
	bool good;

	while (!(good = open_own(engine, failed)) && patience_wait(&tries))
		continue;
	return good;
}

bool supervisor_init(struct supervisor *supervisor, const char **failed)
{
	struct engine *engine = &supervisor->engine;

	init_empty(supervisor);
	events_init(engine, on_posted);
	engine->service_list = &supervisor->service_list;
	engine->started = clock_now();
	if (!(supervisor->before ? open_own_patiently : open_own)(engine, failed))
		return false;
	engine->loop =
		/* No signal handlers, so that children have nothing to undo. */
		ev_loop_new(EVFLAG_NOENV | EVFLAG_SIGNALFD);
	if (!engine->loop)
		return false;
	supervisor->clock_ahead = clock_wall() - clock_now();
	ev_periodic_init(&supervisor->clock_jump, on_clock_jump, 0., 0., next_clock_jump);
	supervisor->clock_jump.data = supervisor;
	ev_periodic_start(engine->loop, &supervisor->clock_jump);
	ev_unref(engine->loop);         /* it is no reason to go on */
	loop_room_begin(engine);
	ev_io_start(engine->loop, &supervisor->listeners.watched);
	records_attach(engine);
	if (engine->log)
		log_pump_attach(&supervisor->log_pump, engine->loop, log_sink(engine->log));
	supervisor->loader.loaded = on_loaded;
	supervisor->loader.service_list = &supervisor->service_list;
	supervisor->loader.log = engine->log;
	supervisor->loader.before = &supervisor->table;
	config_loader_init(&supervisor->loader, engine->loop);
	reaper_begin(supervisor);
	ev_prepare_init(&supervisor->turn, log_refused_answers);
	ev_prepare_start(engine->loop, &supervisor->turn);
	ev_unref(engine->loop);
	ev_init(&supervisor->starved, on_starved_timer);
	supervisor->starved.repeat = 1.;
	supervisor->starved.data = supervisor;
	shutdown_init(supervisor);
	locks_init(&supervisor->locks, engine);
	boot_locks_init(&supervisor->boot_locks, engine);
	upgrade_init(&supervisor->upgrade);
	supervisor->upgrade.engine = engine;
	supervisor->upgrade.loader = &supervisor->loader;
	supervisor->upgrade.failing = &supervisor->shutdown.failing;
	supervisor->upgrade.source.command = &supervisor->command.child;
	supervisor->upgrade.source.command_group = &supervisor->command.group;
	supervisor->upgrade.source.command_is_due = &supervisor->command.is_due;
	supervisor->upgrade.source.exit_status = &supervisor->exit_status;
	supervisor->upgrade.source.control = &supervisor->control;
	left_out_check_init(&supervisor->left_out_check, supervisor);
	return true;
}

static bool resume_state(struct supervisor *supervisor, struct table *table)
{
	struct engine *engine = &supervisor->engine;
	struct load_result result = { .exit_status = supervisor->exit_status, .control = -1 };
	struct state_loader loader = { .engine = engine, .stream = supervisor->before, .result = &result };

	if (!load_all(&loader, table))
		return false;
	supervisor->exit_status = result.exit_status;
	if (result.control >= 0)
		supervisor->control = result.control;
	supervisor->command.is_due |= result.command_is_due;
	if (result.command.pid)
		command_resume(&supervisor->command, engine, &result.command, result.command_group);
	load_begin(&loader);
	if (guard_cause() != GUARD_RESTARTS)
		snprintf(supervisor->upgraded_from, sizeof(supervisor->upgraded_from), "%s", loader.version);
	return true;
}

/* Builds the services: from the table alone, or from the state of a superd before. */
static bool build_services(struct supervisor *supervisor, struct table *table)
{
	if (!supervisor->before)
		return service_list_build(&supervisor->service_list, &supervisor->engine, table);
	if (!resume_state(supervisor, table))
		return false;
	reaper_take_lost(supervisor);
	return true;
}

void supervisor_impose_locks(struct supervisor *supervisor)
{
	const struct locks *locks = &supervisor->locks;

	drop_locks(supervisor);
	for (size_t n = 0; n < locks->count; n++) {
		struct service_runtime *runtime =
			service_list_find(&supervisor->service_list, supervisor->table, locks->list[n].name);

		if (runtime)
			locks_impose(runtime);
	}
}

/* Not if superd was started with SIGHUP ignored, as by nohup(1): the first superd decides. */
static void follow_terminal(struct supervisor *supervisor)
{
	struct engine *engine = &supervisor->engine;

	if (supervisor->before ? !engine->has_terminal : engine->defaults.ignores_hangup)
		return;
	terminal_open(&supervisor->terminal, engine->loop,
		      engine->has_terminal && guard_cause() == GUARD_RESTARTS);
	if (supervisor->terminal.fd >= 0)
		engine->has_terminal = true;
}

/* Starts the main command, unless a superd before has done so: that may have died before it saved that. */
static void begin_command(struct supervisor *supervisor, char *const *argv)
{
	pid_t pid = guard_command();
	bool is_due = supervisor->command.is_due;

	if (supervisor->command.child.pid || supervisor->engine.stopping)
		return;
	supervisor->command.is_due = false;
	if (!is_due) {                  /* it has ended, and the superd before was stopping */
		shutdown_begin(supervisor, SIGTERM);
	} else if (pid) {
		command_resume(&supervisor->command, &supervisor->engine,
			       &(struct child){ .pid = pid, .born = process_now() }, pid);
		reaper_take_lost(supervisor);
	} else if (!command_start(&supervisor->command, &supervisor->engine, argv)) {
		supervisor->exit_status = supervisor->command.exit_status;
		shutdown_begin(supervisor, SIGTERM);
	}
}

bool supervisor_preview(struct supervisor *supervisor)
{
	if (supervisor->engine.stopping)
		return false;
	if (config_loader_preview(&supervisor->loader))
		return true;
	if (!config_loader_is_busy(&supervisor->loader))
		use_required_caps(supervisor);
	return false;
}

static void save_now(struct engine *engine)
{
	engine->unsaved_engine = true;
	if (engine->save_changes)
		engine->save_changes(engine);
}

int supervisor_run(struct supervisor *supervisor, struct table *table, char *const *argv)
{
	struct buf left = { 0 };

	table->users++;
	supervisor->table = table;
	supervisor->loaded = clock_now();
	limit_starts(supervisor, table);
	directories_sweep(supervisor->engine.defaults.runtime_directory, &left);
	if (left.length)
		log_warn(supervisor->engine.log, "what an earlier superd left is not removed: %s", buf_string(&left));
	buf_free(&left);
	memory_pressure_follow(&supervisor->engine, table);
	socket_store_begin(&supervisor->engine, supervisor->fdstore);
	refuse_foreign(&supervisor->engine);
	saved_state_begin(&supervisor->engine, &supervisor->upgrade.source);
	supervisor->command.ended = on_command_ended;
	supervisor->command.is_due = argv && !supervisor->before;
	if (!build_services(supervisor, table)) {
		log_error(supervisor->engine.log, "cannot start: out of memory");
		return 2;
	}
	follow_terminal(supervisor);
	drop_locks(supervisor);
	boot_locks_log_unknown(&supervisor->engine, table);
	save_now(&supervisor->engine);          /* before the main command, and before there is a control socket */
	condition_queries_finish(&supervisor->engine);  /* nobody waits yet, and ready means that sockets are open */
	close_unclaimed(supervisor);            /* one with conditions has claimed its socket by then */
	runtimes_hear(&supervisor->engine);     /* logs failed starts to standard error, too */
	if (argv)
		begin_command(supervisor, argv);
	if (!supervisor->before)
		persona_log_started(supervisor);
	if (supervisor->started)
		supervisor->started(supervisor->started_context);
	socket_store_flush(&supervisor->engine);
	save_now(&supervisor->engine);
	sd_notify_begin(&supervisor->sd_notify, &supervisor->engine, &supervisor->service_list);
	sd_notify_ready(&supervisor->sd_notify);
	use_required_caps(supervisor);
	left_out_check_begin(&supervisor->left_out_check);
	reaper_look_at_guard(supervisor);
	handle_events(supervisor);
	if (!supervisor->over)
		ev_run(supervisor->engine.loop, 0);
	locks_settle(&supervisor->engine);
	own_privileges_use_all();       /* superd may have to remove files of its own anywhere */
	sd_notify_end(&supervisor->sd_notify, supervisor->exit_status);
	return supervisor->exit_status;
}

void supervisor_free(struct supervisor *supervisor)
{
	struct engine *engine = &supervisor->engine;
	struct buf left = { 0 };

	saved_state_end(engine);
	config_loader_end(&supervisor->loader);
	socket_store_keep(engine);
	rpc_free(engine);               /* after SIGQUIT instances run on, and rpcbind keeps them */
	service_list_free(&supervisor->service_list);
	socket_store_free(engine);
	socket_path_watch_free(engine);
	close_events_free(engine);
	conn_queries_end(engine);
	tcpmux_free(engine);
	if (supervisor->command.engine)
		command_free(&supervisor->command);
	if (supervisor->table)
		table_release(supervisor->table);
	loop_room_end(engine);
	start_kit_end_all(engine);
	output_reader_end();
	instance_cgroups_end(engine);
	restore_free(engine);
	close_socket_free(engine);
	unreaped_free(engine);
	child_table_free(&engine->children);
	memory_pressure_free(engine);
	start_queue_free(engine);
	admission_free(engine);
	records_finish(engine);
	records_free(engine);
	log_pump_detach(&supervisor->log_pump);
	listeners_close(&supervisor->listeners, engine->loop);
	fd_close(&engine->null_input);
	fd_close(&engine->null_output);
	listen_fds_close(&engine->listen_fds);
	boot_locks_end(&supervisor->boot_locks);
	locks_free(&supervisor->locks);
	terminal_close(&supervisor->terminal, engine->loop);
	upgrade_free(&supervisor->upgrade);
	left_out_check_end(&supervisor->left_out_check);
	shutdown_free(supervisor);
	bind_strays_leave(engine);      /* after all that frees descriptors */
	spawn_end();
	removal_end(&left);
	if (left.length)
		log_warn(engine->log, "what services left is not removed: %s", buf_string(&left));
	buf_free(&left);
}
