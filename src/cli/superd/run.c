/* Runs superd: opens the log, loads the table, claims the pid file, goes to the background, and runs the supervisor.
 *
 * Until superd has tried all sockets, an error goes to stderr and the exit status, even for a daemon. It also goes to
 * the log, because at boot no one reads stderr. Later errors go to the log alone. */
#include "cli/superd/run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/build_id.h"
#include "base/log/log_sink.h"
#include "cli/superd/control_setup.h"
#include "cli/superd/daemonize.h"
#include "cli/superd/identity.h"
#include "cli/superd/load.h"
#include "cli/superd/pid_file.h"
#include "cli/superd/upgrade_receive.h"
#include "engine/log/xinetd_log_file.h"
#include "engine/supervisor/signals.h"
#include "engine/supervisor/supervisor.h"
#include "engine/upgrade/left_fds.h"
#include "engine/upgrade/load.h"
#include "exec/processes/pid1.h"
#include "os/foreign/foreign_path.h"
#include "os/guard/guard_link.h"
#include "os/host/memory_trim.h"
#include "os/host/self_exe.h"

#define TABLES_NAMED 4                  /* names of tables in the line that logs a start */

extern char **environ;

static bool logs_to_stderr(const struct options *options)
{
	return !strcmp(options->log_destination, "stderr");
}

/* Prints an error to stderr and, unless `log` is NULL or stderr itself, logs it. */
__attribute__((format(printf, 3, 4))) static void report_error(const struct options *options, struct log *log,
							       const char *format, ...)
{
	struct buf text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buf_vaddf(&text, format, arguments);
	va_end(arguments);
	fprintf(stderr, "%s: %s\n", options_name(options), buf_string(&text));
	if (log && !logs_to_stderr(options))
		log_error(log, "%s", buf_string(&text));
	buf_free(&text);
}

static struct table *reload_table(void *context, struct diags *diags)
{
	struct table *table = load_again(context, diags);

	control_setup_find_group(context, diags);
	memory_trim();
	return table;
}

/* What on_started needs once the sockets are bound. */
struct superd_run {
	const struct options *options;
	struct supervisor *supervisor;
	struct pid_file pid_file;
	char *program;                  /* path of superd's executable, owned; NULL: unknown */
	struct server *server;          /* the control socket; NULL: none */
	bool is_saved_table;            /* the table of the superd before is in use, as the sources do not fit */
};

static void on_started(void *context)
{
	struct superd_run *run = context;
	const struct options *options = run->options;

	if (run->pid_file.fd >= 0 && (!run->supervisor->before || guard_cause() == GUARD_SUCCEEDS) &&
	    !pid_file_write(&run->pid_file)) {
		log_error(run->supervisor->engine.log, "cannot write the pid file %s: %s", options->pid_file,
			  strerror(errno));
		supervisor_fail(run->supervisor, EXIT_START);   /* an orderly end: services may run already */
		return;
	}
	control_setup_open(run->server, options);
	log_echo(run->supervisor->engine.log, false);
	if (run->supervisor->before) {
		upgrade_receive_free(run->supervisor->before);
		run->supervisor->before = NULL;
	} else if (options->daemon) {
		daemonize_ready(logs_to_stderr(options));
	}
	if (run->is_saved_table)
		signals_reload(run->supervisor);        /* it reports what is wrong, or brings what is new */
}

/* Sets the persona of the program that superd was called as. */
static void set_persona(struct supervisor *supervisor, const struct options *options)
{
	supervisor->persona = (struct persona){
		.alarm_retries = options->invoked_as == AS_INETD,
		.usr2_reloads = options->invoked_as == AS_XINETD,
		.abort_checks = options->invoked_as == AS_XINETD,
		.logs_xinetd_lines = options->invoked_as == AS_XINETD,
		.dump_file = options->invoked_as == AS_XINETD ? "xinetd.dump" : NULL,
		.inspect_interval = (double)options->inspect_interval,
	};
	supervisor->instances.limit = (size_t)options->process_limit;
	supervisor->admission.ident_limit = (size_t)options->ident_limit;
}

/* Logs the version and the tables, so that the log shows each start. Only the warnings of the table stand before it. */
static void log_version(const struct options *options, struct log *log, const struct table *table)
{
	const struct event event = { .name = "version" };
	struct buf text = { 0 };

	if (options->invoked_as == AS_XINETD)
		return;
	for (size_t n = 0; n < options->sources.count && n < TABLES_NAMED; n++)
		buf_addf(&text, "%s%s", n ? ", " : "", options->sources.list[n]);
	if (options->sources.count > TABLES_NAMED)
		buf_text(&text, ", ...");
	if (!options->sources.count)
		buf_text(&text, options->endpoints.count ? "the command line" : SYSCONFDIR "/superd.conf");
	log_event(log, LEVEL_NOTICE, &event, "version %s: %s, %zu service%s", build_version(),
		  buf_string(&text), table->count, table->count == 1 ? "" : "s");
	buf_free(&text);
}

/* xinetd has a line of its own (engine/supervisor/persona). */
static void log_end(const struct options *options, struct log *log, int status)
{
	const struct event event = { .name = "ended" };

	if (options->invoked_as != AS_XINETD)
		log_event(log, LEVEL_NOTICE, &event, "ended with status %d", status);
}

static int run_supervisor(struct superd_run *run, struct options *options, struct table *table)
{
	char **command = options->endpoints.count ? NULL : options->command;
	struct supervisor *supervisor = run->supervisor;
	char *identity = identity_make(options);
	const char *failed;
	int status;

	supervisor->launch.cgroups.identity = identity;
	supervisor->loader.load = reload_table;
	supervisor->loader.load_context = options;
	supervisor->left_out_check.is_possible =
		options->keep_going && !options->endpoints.count && !load_reads_standard_input(options);
	supervisor->upgrade.source.save_table = load_save_table;
	supervisor->upgrade.source.table_context = options;
	supervisor->started = on_started;
	supervisor->started_context = run;
	supervisor->shutdown.timeout = (double)options->stop_timeout / 1e6;
	supervisor->shutdown.delay = (double)options->stop_delay / 1e6;
	supervisor->max_starting = options->max_starting;
	supervisor->fdstore = options->fdstore;
	supervisor->engine.defaults.environment = environ;
	load_bases(&supervisor->engine.defaults, options);
	set_persona(supervisor, options);
	supervisor->has_command = command;
	supervisor->upgrade.program = run->program;
	supervisor->upgrade.arguments = options->arguments;
	supervisor->upgrade.source.pid_file = run->pid_file.fd;
	pid1_adopt_orphans();
	if (!supervisor->before)
		log_version(options, supervisor->engine.log, table);
	log_echo(supervisor->engine.log, !supervisor->before);
	if (supervisor_init(supervisor, &failed)) {
		signals_watch(supervisor);
		run->server = control_setup_create(supervisor, options);
		status = supervisor_run(supervisor, table, command);
		control_setup_close(run->server);
		log_end(options, supervisor->engine.log, status);
	} else {
		log_echo(supervisor->engine.log, false);
		report_error(options, supervisor->engine.log, "cannot start: cannot %s: %s", failed, strerror(errno));
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
	free(identity);
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
	if (fclose(out) == 0) {
		for (char *line = strtok_r(text, "\n", &at); line; line = strtok_r(NULL, "\n", &at))
			log_event(log, LEVEL_ERROR, &event, "%s", line);
	}
	free(text);
}

/* Loads the table of a start. Errors go to stderr and to the log, other diagnostics to the log alone. */
static struct table *load_first(struct options *options, struct log *log)
{
	struct diags diags = { 0 };
	struct table *table;

	table = load_to_run(options, &diags);
	memory_trim();
	if (!table || diags.errors) {
		diags_print(&diags, stderr);
		if (!logs_to_stderr(options))
			supervisor_log_diags(log, &diags);
		table_free(table);
		table = NULL;
	} else if (options->json || !logs_to_stderr(options)) {
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
	bool ok = !options->pid_file || pid_file_claim(&run->pid_file, options->pid_file, &why);

	if (!ok && options->pid_file_optional && !run->pid_file.is_taken) {
		log_warn(run->supervisor->engine.log, "no pid file %s: %s", options->pid_file, buf_string(&why));
		ok = true;
	} else if (!ok) {
		report_error(options, run->supervisor->engine.log, "pid file %s: %s", options->pid_file,
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
	if ((options->guard || daemonize_enter() == 0) && (options->invoked_as == AS_SUPERD || chdir("/") == 0)) {
		listen_fds_close_others(listen_fds);
		return true;
	}
	report_error(options, log, "cannot go to the background: %s", strerror(errno));
	return false;
}

static int start_table(struct supervisor *supervisor, struct options *options, struct table *table,
		       bool is_saved_table)
{
	struct superd_run run = {
		.options = options, .supervisor = supervisor, .pid_file = { .fd = -1 },
		.program = self_exe_path(options->arguments[0]), .is_saved_table = is_saved_table,
	};
	int status = EXIT_START;

	if (supervisor->before) {
		run.pid_file = (struct pid_file){ options->pid_file, load_pid_file(supervisor->before), false };
		status = run_supervisor(&run, options, table);
	} else if (!claim_pid_file(&run, options)) {
		table_free(table);
	} else if (!enter_background(options, supervisor->engine.log, &supervisor->engine.listen_fds)) {
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
		if (!table->services[n].exec->disable)
			return true;
	}
	return false;
}

/* Without services xinetd exits, unless -stayalive is set. superd does so if it is called as xinetd. */
static bool has_work(const struct options *options, struct log *log, const struct table *table)
{
	if (options->invoked_as != AS_XINETD || options->stays_without_services || is_enabled(table))
		return true;
	report_error(options, log, "no services: exiting; with -stayalive it would wait for some to come by a reload");
	return false;
}

/* Loads the table after an upgrade. The sources may have changed since the upgrade was checked. If the table has
 * errors, or has no place for a service that runs, the saved table stays in effect, as after a failed reload. */
static struct table *load_fitting(struct options *options, struct log *log, struct state_stream *before,
				  bool *is_saved)
{
	struct diags diags = { 0 };
	struct buf why = { 0 };
	struct table *table = upgrade_receive_load(options, before, &diags, &why);
	bool is_edited = table && guard_cause() == GUARD_RESTARTS && !load_is_saved_table(table, before);

	/* An administrator may be in the middle of an edit that nobody has asked superd to read. */
	if (is_edited) {
		diags_free(&diags);
		table_free(table);
		table = load_saved_table(options, before, &diags);
		diags_free(&diags);     /* they were logged when it was read */
		log_notice(log, "the files of the table have changed since they were read: the table of before "
				"goes on");
	}
	*is_saved = !table;
	if (*is_saved) {
		diags_free(&diags);     /* the reload reports them */
		table = load_saved_table(options, before, &diags);
		log_error(log, "upgraded, and the table has changed: %s: %s", buf_string(&why),
			  table ? "the table of before goes on, and a reload follows" : "trying again in a second");
	}
	supervisor_log_diags(log, &diags);
	memory_trim();
	diags_free(&diags);
	buf_free(&why);
	return table;
}

/* After an upgrade there is no way back. superd holds the sockets, and clients wait, until it can load a table. */
static struct table *load_until_fitting(struct options *options, struct log *log, struct state_stream *before,
					bool *is_saved)
{
	bool preflight = options->preflight;
	struct table *table;

	/* The check before the upgrade has just looked at this machine, and clients wait. With --keep-going and as
	 * inetd or xinetd, looking again decides which services run. */
	options->preflight &= options->keep_going || options->invoked_as != AS_SUPERD;
	while (!(table = load_fitting(options, log, before, is_saved))) {
		if (!upgrade_receive_wait()) {
			upgrade_receive_end(before, options, log);
			break;
		}
	}
	options->preflight = preflight;
	return table;
}

/* Opens the log. NULL: it failed, with the reason in *why, whose text may belong to `text`. */
static struct log *open_destination(const struct options *options, const char **why, struct buf *text)
{
	const char *destination = options->log_destination;

	if (strncmp(destination, "file:", 5) || !destination[5] ||
	    own_file_is_safe(destination + 5, LOG_SINK_MODE, text))
		return log_open(destination, options->json, options->level, why);
	*why = buf_string(text);
	return NULL;
}

/* After an upgrade a log that cannot be opened must not end superd: it logs to stderr instead. */
static struct log *open_log(const struct options *options, bool takes_over)
{
	const char *why, *why_no_other;
	struct buf text = { 0 };
	struct log *log = open_destination(options, &why, &text);
	bool awaits = false;

	if (!log && takes_over)
		log = log_open("stderr", options->json, options->level, &why_no_other);
	if (!log) {
		report_error(options, NULL, "cannot log to %s: %s", options->log_destination, why);
		buf_free(&text);
		return NULL;
	}
	log_set_name(log, options_name(options), options->invoked_as == AS_XINETD);
	if (why && !strncmp(options->log_destination, "file:", 5))
		awaits = log_stand_in(log, options->log_destination + 5);
	if (why)
		log_warn(log, "cannot log to %s: %s: logging to stderr%s", options->log_destination, why,
			 awaits ? " until HUP or superctl reopen can open it" : "");
	buf_free(&text);
	return log;
}

int run_superd(struct options *options)
{
	struct buf why = { 0 };
	struct supervisor supervisor = { .before = upgrade_receive_read(options, &why) };
	struct table *table;
	int status = EXIT_TABLE;
	bool is_saved = false;

	memory_trim_set_up();
	if (options->process_name)
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
	supervisor.engine.log = open_log(options, supervisor.before);
	if (!supervisor.engine.log)
		return EXIT_START;
	if (why.length)
		log_error(supervisor.engine.log, "cannot go on where the superd before was: %s: starting anew",
			  buf_string(&why));
	buf_free(&why);
	if (supervisor.before)
		load_log(supervisor.before, supervisor.engine.log);
	table = supervisor.before ? load_until_fitting(options, supervisor.engine.log, supervisor.before, &is_saved)
				  : load_first(options, supervisor.engine.log);
	if (table && (supervisor.before || has_work(options, supervisor.engine.log, table)))
		status = start_table(&supervisor, options, table, is_saved);
	else
		table_free(table);
	upgrade_receive_free(supervisor.before);
	log_close(supervisor.engine.log);
	return status;
}
