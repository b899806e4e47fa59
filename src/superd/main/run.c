/* Runs superd: opens the log, loads the table, claims the pid file, goes to the background, and runs the supervisor.
 *
 * Until superd has tried all sockets, an error goes to stderr and the exit status, even for a daemon. It also goes to
 * the log, because at boot no one reads stderr. Later errors go to the log alone. */
#include "superd/main/run.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/build_id.h"
#include "lib/duration_text.h"
#include "lib/log/log.h"
#include "lib/thread.h"
#include "lib/wait_note.h"
#include "os/guard/guard_link.h"
#include "os/host/memory_trim.h"
#include "os/host/program.h"
#include "os/host/self_exe.h"
#include "os/host/signals.h"
#include "superd/control/server.h"
#include "superd/control/show.h"
#include "superd/log/xinetd_log_file.h"
#include "superd/main/daemonize.h"
#include "superd/main/load.h"
#include "superd/main/pid_file.h"
#include "superd/main/settings.h"
#include "superd/main/takeover.h"
#include "superd/process/pid1.h"
#include "superd/reload/left_fds.h"
#include "superd/reload/load.h"
#include "superd/supervisor/supervisor.h"
#include "table/services/left_out.h"

#define LATE 3                          /* seconds until it is named, and doubled each time */
#define TABLES_NAMED 4                  /* names of tables in the line that logs a start */

extern char **environ;

/* Names the file or server that delays superd's start, and ends superd at a signal to stop meanwhile, because nothing
 * else runs yet that could. A thread looks at the note of what the reading waits for, and for orders to stop, again and
 * again. */
struct load_watch {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool runs, is_over;
	struct log *log;
};

static void name_it(struct load_watch *load_watch, double least)
{
	char what[WAIT_NOTE_MOST], span[DURATION_MOST];
	double seconds;

	if (wait_note_read(what, &seconds) && seconds >= least)
		log_warn(load_watch->log, "not started yet: %s has not answered for %s", what,
			 duration_write_whole(span, seconds));
}

/* A signal to stop that is blocked until superd serves, as the kernel would drop it for process 1
 * (superd/process/pid1); 0: there is none. */
static int find_order(void)
{
	sigset_t pending;

	sigpending(&pending);
	for (size_t n = 0; signals_handled(n); n++) {
		if (signal_is_stop(signals_handled(n)) && sigismember(&pending, signals_handled(n)) == 1)
			return signals_handled(n);
	}
	return 0;
}

/* What a superd before has started runs on. */
static void end_if_ordered(struct log *log)
{
	int order = find_order();

	if (!order)
		return;
	log_notice(log, "stop requested before the configuration was read: ending");
	log_finish(log);
	_exit(128 + order);
}

/* Looks once a second. */
static void *watch_load(void *context)
{
	struct load_watch *load_watch = context;
	int seconds = 0, pause = LATE;
	bool was_ordered = false;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	pthread_mutex_lock(&load_watch->lock);
	while (!load_watch->is_over) {
		until.tv_sec++;
		while (!load_watch->is_over &&
		       pthread_cond_timedwait(&load_watch->ended, &load_watch->lock, &until) == 0)
			;
		if (load_watch->is_over)
			break;
		if (was_ordered)        /* it waits since the last look */
			end_if_ordered(load_watch->log);
		was_ordered = find_order();
		if (++seconds < pause)
			continue;
		name_it(load_watch, LATE / 2.);
		seconds = 0;
		pause *= 2;
	}
	pthread_mutex_unlock(&load_watch->lock);
	return NULL;
}

/* Between the two calls the calling thread reads a table, and no other thread logs. */
static void load_watch_begin(struct load_watch *load_watch, struct log *log)
{
	pthread_condattr_t attributes;

	*load_watch = (struct load_watch){ .log = log };
	wait_note_follow(true);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&load_watch->lock, NULL);
	pthread_cond_init(&load_watch->ended, &attributes);
	pthread_condattr_destroy(&attributes);
	load_watch->runs = thread_start(&load_watch->thread, 0, watch_load, load_watch) == 0;
}

static void load_watch_end(struct load_watch *load_watch)
{
	wait_note_follow(false);
	pthread_mutex_lock(&load_watch->lock);
	load_watch->is_over = true;
	pthread_cond_signal(&load_watch->ended);
	pthread_mutex_unlock(&load_watch->lock);
	if (load_watch->runs)
		pthread_join(load_watch->thread, NULL);
	pthread_cond_destroy(&load_watch->ended);
	pthread_mutex_destroy(&load_watch->lock);
}

/* The callback config_loader.load. */
static struct table *load_in_turn(struct config_loader *loader, struct diags *diags)
{
	const struct load_before before = {
		*loader->before, loader->task == LOAD_TABLE && loader->allows_empty
	};
	struct options *options = loader->load_context;
	char *answer = loader->answer;
	struct table *table;

	if (loader->task == LOAD_PREVIEW)
		return load_to_compare(options, &before, diags);
	loader->answer = NULL;
	if (loader->task == LOAD_RETURNED)
		return load_returned(options, answer, loader->answer_length, before.table, diags);
	table = load_again(options, &before, diags);
	control_setup_find_group(options, diags->errors ? NULL : table, table ? table->lookups : NULL, diags);
	memory_trim();
	return table;
}

/* What on_started needs once the sockets are bound. */
struct superd_run {
	struct options *options;
	struct supervisor *supervisor;
	struct pid_file pid_file;
	char *program;                  /* path of superd's executable, owned; NULL: unknown */
	struct server server;           /* the control socket, if has_control */
	bool has_control;
};

static void on_started(void *context)
{
	struct superd_run *run = context;
	const struct options *options = run->options;
	bool had_kept = false;

	if (run->pid_file.fd >= 0 && (!run->supervisor->before || guard_cause() == GUARD_SUCCEEDS) &&
	    !pid_file_write(&run->pid_file)) {
		log_error(run->supervisor->engine.log, "cannot write the pid file %s: %s", options->settings.pid_file,
			  strerror(errno));
		supervisor_fail(run->supervisor, EXIT_START);   /* an orderly end: services may run already */
		return;
	}
	if (run->has_control)
		control_setup_open(&run->server, options);
	log_echo(run->supervisor->engine.log, false);
	if (run->supervisor->before) {
		had_kept = load_had_kept(run->supervisor->before);
		takeover_free(run->supervisor->before);
		run->supervisor->before = NULL;
	} else if (options->daemon) {
		if (log_setup_is_stderr(options) && !options->given.log)
			log_notice(run->supervisor->engine.log,
				   "the log stays at this shell's standard error: --log takes it to syslog or "
				   "file:PATH");
		daemonize_ready(log_setup_is_stderr(options));
	}
	if (had_kept)
		signals_reload(run->supervisor, false); /* the new rows of these services did not come over */
}

static void set_stop_times(struct supervisor *supervisor, const struct options *options)
{
	supervisor->shutdown.timeout = (double)options->settings.stop_timeout / 1e6;
	supervisor->shutdown.delay = (double)options->settings.stop_delay / 1e6;
}

static void on_table_taken(void *context, const struct table *table)
{
	struct superd_run *run = context;
	struct log *log = run->supervisor->engine.log;

	settings_log_changes(run->options, table, log);
	settings_apply(run->options, table, log);
	set_stop_times(run->supervisor, run->options);
	run->options->control_gid = run->options->next_control_gid;
	load_take_noted(run->options);
}

/* Sets the persona of the program that superd was called as. */
static void set_persona(struct supervisor *supervisor, const struct options *options)
{
	static const enum persona personas[] = { [AS_INETD] = PERSONA_INETD, [AS_XINETD] = PERSONA_XINETD };

	supervisor->persona = personas[options->invoked_as];
	supervisor->instances.limit = (size_t)options->process_limit;
	supervisor->admission.ident_limit = (size_t)options->ident_limit;
}

/* Logs the version and the tables, so that the log shows each start. Only the warnings of the table stand before it. */
static void log_version(const struct options *options, struct log *log, const struct table *table)
{
	const struct event event = { .name = "version" };
	size_t count = table->count - left_out_count(table);
	struct buf text = { 0 };

	if (options->invoked_as == AS_XINETD)
		return;
	for (size_t n = 0; n < options->sources.count && n < TABLES_NAMED; n++)
		buf_addf(&text, "%s%s", n ? ", " : "", options->sources.list[n]);
	if (options->sources.count > TABLES_NAMED)
		buf_text(&text, ", ...");
	if (!options->sources.count)
		buf_text(&text, options->endpoints.count ? "the command line" : SYSCONFDIR "/superd.conf");
	log_event(log, LEVEL_NOTICE, &event, "version %s: %s, %zu service%s", build_version(), buf_string(&text), count,
		  count == 1 ? "" : "s");
	buf_free(&text);
}

static int run_supervisor(struct superd_run *run, struct options *options, struct table *table)
{
	char **command = options->endpoints.count ? NULL : options->command;
	struct supervisor *supervisor = run->supervisor;
	const char *failed;
	int status;

	supervisor->engine.takes_over = options->takes_over;
	supervisor->loader.load = load_in_turn;
	supervisor->loader.load_context = options;
	supervisor->left_out_check.write = load_write_left_out;
	supervisor->upgrade.source.save_table = load_save_table;
	supervisor->upgrade.source.table_context = options;
	supervisor->started = on_started;
	supervisor->started_context = run;
	supervisor->service_list.describe = show_for_dump;
	supervisor->table_taken = on_table_taken;
	supervisor->table_taken_context = run;
	set_stop_times(supervisor, options);
	supervisor->max_starting = options->given.max_starting;
	supervisor->fdstore = options->settings.fdstore;
	supervisor->engine.defaults.environment = environ;
	load_bases(&supervisor->engine.defaults, &options->settings);
	set_persona(supervisor, options);
	supervisor->has_command = command;
	supervisor->upgrade.program = run->program;
	supervisor->upgrade.arguments = options->arguments;
	supervisor->upgrade.source.program = run->program;
	supervisor->upgrade.source.pid_file = run->pid_file.fd;
	if (!pid1_adopt_orphans())
		log_warn(supervisor->engine.log, "daemons that fork cannot be followed to their end: %s",
			 strerror(errno));
	if (!supervisor->before)
		log_version(options, supervisor->engine.log, table);
	log_echo(supervisor->engine.log, !supervisor->before);
	if (supervisor_init(supervisor, &failed)) {
		signals_watch(supervisor);
		run->has_control = control_setup_create(&run->server, supervisor, options, table->lookups);
		status = supervisor_run(supervisor, table, command);
		if (run->has_control)   /* before the supervisor is freed */
			server_close(&run->server);
		if (options->invoked_as != AS_XINETD)   /* it has a line of its own (superd/supervisor/persona) */
			log_event(supervisor->engine.log, LEVEL_NOTICE, &(struct event){ .name = "ended" },
				  "ended with status %d", status);
	} else {
		log_echo(supervisor->engine.log, false);
		log_setup_error(options, supervisor->engine.log, "cannot start: cannot %s: %s", failed,
				strerror(errno));
		table_free(table);
		status = EXIT_START;
	}
	pid_file_remove(&run->pid_file);
	if (supervisor->loader.worker.busy) {
		records_finish(&supervisor->engine);
		log_finish(supervisor->engine.log);
		_exit(status);          /* a look-up may take for ever, so superd does not wait for it */
	}
	supervisor_free(supervisor);
	return status;
}

/* Writes diagnostics in the form of diags_print, but through the log, which never waits for a reader. */
static void log_as_printed(struct log *log, const struct diags *diags)
{
	const struct event event = { .name = "message", .is_alone = true };
	char *text = NULL, *at;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out) {
		diags_print(diags, stderr);
		return;
	}
	diags_print(diags, out);
	if (fclose(out) != 0 || !text) {         /* glibc reports success where its last realloc fails */
		diags_print(diags, stderr);
	} else {
		for (char *line = strtok_r(text, "\n", &at); line; line = strtok_r(NULL, "\n", &at))
			log_event(log, LEVEL_ERROR, &event, "%s", line);
	}
	free(text);
}

/* Loads the table of a start, and puts its settings of superd itself in force. Errors go to stderr and to the log,
 * other diagnostics to the log alone. NULL: *status is superd's exit status. */
static struct table *load_first(struct options *options, struct log *log, int *status)
{
	struct diags diags = { 0 };
	struct load_watch load_watch;
	struct table *table;

	load_watch_begin(&load_watch, log);
	table = load_to_run(options, &diags);
	load_watch_end(&load_watch);
	memory_trim();
	*status = EXIT_TABLE;
	if (table && !diags.errors && !settings_start(options, table, log)) {
		*status = EXIT_START;
		table_free(table);
		table = NULL;
	} else if (!table || diags.errors) {
		diags_print(&diags, stderr);
		if (!log_setup_is_stderr(options))
			supervisor_log_diags(log, &diags);
		log_setup_error(options, log, "not started: %zu error%s%s", diags.errors, diags.errors == 1 ? "" : "s",
				options->keep_going || options->endpoints.count || !table || !table->count
					? "" : "; --keep-going runs the services without errors");
		table_free(table);
		table = NULL;
	} else if (options->settings.log_format == LOG_FORMAT_JSON || !log_setup_is_stderr(options)) {
		supervisor_log_diags(log, &diags);
		if (options->daemon && (options->invoked_as != AS_SUPERD || options->keep_going))
			diags_print(&diags, stderr); /* the caller of an init script reads stderr, not the log */
	} else {
		log_as_printed(log, &diags);
	}
	diags_free(&diags);
	return table;
}

/* Claims the pid file before anything else, so that a second superd fails without having changed anything. If the
 * default pid file of inetd cannot be written, superd runs without one. */
static bool claim_pid_file(struct superd_run *run, const struct options *options)
{
	struct buf why = { 0 };
	bool ok = !options->settings.pid_file || pid_file_claim(&run->pid_file, options->settings.pid_file, &why);

	if (!ok && options->pid_file_optional && !run->pid_file.is_taken) {
		log_warn(run->supervisor->engine.log, "no pid file %s: %s", options->settings.pid_file,
			 buf_string(&why));
		ok = true;
	} else if (!ok) {
		log_setup_error(options, run->supervisor->engine.log, "pid file %s: %s", options->settings.pid_file,
				buf_string(&why));
	}
	buf_free(&why);
	return ok;
}

/* Goes to the background. Called as inetd or xinetd, superd changes to /, so that it keeps no file system busy. All its
 * paths are absolute then. */
static bool enter_background(const struct options *options, struct log *log, struct listen_fds *listen_fds)
{
	if (!options->daemon)
		return true;
	if ((options->guarded || daemonize_enter() == 0) && (options->invoked_as == AS_SUPERD || chdir("/") == 0)) {
		listen_fds_close_others(listen_fds);
		return true;
	}
	log_setup_error(options, log, "cannot go to the background: %s", strerror(errno));
	return false;
}

/* That of the superd before, as this one may be another file: a superd that was started anew, or has renewed its guard,
 * while another program was at the path already. */
static char *find_program(const struct options *options, struct state_stream *before)
{
	const char *path = before ? load_program(before) : NULL;

	return path && access(path, X_OK) == 0 ? strdup(path) : self_exe_path(options->arguments[0]);
}

static int start_table(struct supervisor *supervisor, struct options *options, struct table *table)
{
	struct superd_run run = {
		.options = options, .supervisor = supervisor, .pid_file = { .fd = -1 },
		.program = find_program(options, supervisor->before),
	};
	int status = EXIT_START;

	if (supervisor->before) {
		run.pid_file.path = options->settings.pid_file;
		run.pid_file.fd = load_pid_file(supervisor->before);
		status = run_supervisor(&run, options, table);
	} else if (!claim_pid_file(&run, options)) {
		table_free(table);
	} else if ((guard_cause() == GUARD_FRESH && !control_setup_is_free(options, supervisor->engine.log)) ||
		   !enter_background(options, supervisor->engine.log, &supervisor->engine.listen_fds)) {
		pid_file_remove(&run.pid_file);
		table_free(table);
	} else {
		status = run_supervisor(&run, options, table);
	}
	free(run.program);
	return status;
}

static bool is_enabled(const struct table *table)
{
	for (size_t n = 0; n < table->count; n++) {
		if (!service_is_off(&table->services[n]))
			return true;
	}
	return false;
}

/* Without services xinetd exits, unless -stayalive is set. superd does so if it is called as xinetd. */
static bool has_work(const struct options *options, struct log *log, const struct table *table)
{
	if (options->invoked_as != AS_XINETD || options->stays_without_services || is_enabled(table))
		return true;
	log_setup_error(options, log,
			"no services: exiting; with -stayalive superd would wait for a reload");
	return false;
}

/* The table that the superd before had: nobody has asked for another one. There is no way back, and clients wait until
 * superd has it: it is in the state, so only memory can lack. */
static struct table *load_before(struct options *options, struct log *log, struct state_stream *before)
{
	struct diags diags = { 0 };
	struct load_watch load_watch;
	struct table *table;

	for (;;) {
		load_watch_begin(&load_watch, log);
		table = load_previous(options, before, &diags);
		load_watch_end(&load_watch);
		if (table)
			break;
		diags_free(&diags);
		diags = (struct diags){ 0 };
		end_if_ordered(log);
		log_error(log, "the configuration of the previous superd cannot be loaded: out of memory: superd tries "
			       "again in a second");
		nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
	}
	supervisor_log_diags(log, &diags);
	diags_free(&diags);
	memory_trim();
	return table;
}

int run_superd(struct options *options)
{
	struct buf why = { 0 };
	struct supervisor supervisor = { .before = takeover_read(options, &why) };
	struct table *table;
	int status = EXIT_TABLE;

	programs_open(NULL);
	memory_trim_set_up();
	if (options->process_name && !guard_pid())      /* else the guard alone has it: a search finds one process */
		self_exe_set_name(options->process_name);
	if (supervisor.before)
		pid1_enter_again(&supervisor.engine.defaults);
	else
		pid1_enter(&supervisor.engine.defaults);
	listen_fds_take(&supervisor.engine.listen_fds);
	if (guard_cause() == GUARD_RESTARTS)
		left_fds_offer(&supervisor.engine.listen_fds, supervisor.before);
	if (options->daemon && !supervisor.before)
		listen_fds_note_others(&supervisor.engine.listen_fds);
	if (supervisor.before)
		settings_restore(options, supervisor.before);
	supervisor.engine.log = log_setup_open(options, supervisor.before);
	if (!supervisor.engine.log)
		return EXIT_START;
	if (why.length)
		log_error(supervisor.engine.log, "cannot continue from the state of the previous superd: %s: starting "
						 "without it",
			  buf_string(&why));
	buf_free(&why);
	table = supervisor.before ? load_before(options, supervisor.engine.log, supervisor.before)
				  : load_first(options, supervisor.engine.log, &status);
	if (table && supervisor.before)
		settings_apply(options, table, supervisor.engine.log);
	if (table && (supervisor.before || has_work(options, supervisor.engine.log, table)))
		status = start_table(&supervisor, options, table);
	else
		table_free(table);
	takeover_free(supervisor.before);
	log_close(supervisor.engine.log);
	if (supervisor.boot_locks.worker.busy)
		_exit(status);          /* a disk may hold its thread up, which works in this function's variables */
	return status;
}
