/* From a table that may be run to superd's end: the log, the pid file, the background, the supervisor.
 *
 * The hard thing is who hears of what goes wrong: until the sockets were tried it is whoever started superd, on stderr
 * and by the exit status, daemon or not; from then on it is the log. */
#include "cmd/start.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/daemon.h"
#include "cmd/filled.h"
#include "cmd/load.h"
#include "cmd/pid_file.h"
#include "engine/orders.h"
#include "engine/supervisor.h"
#include "sys/init.h"
#include "sys/memory.h"

extern char **environ;

__attribute__((format(printf, 2, 3))) static void say(const struct options *options, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s: ", options_name(options));
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

static struct table *load(void *context, struct diags *diags)
{
	struct table *table = load_again(context, diags);

	memory_give_back();
	return table;
}

/* What has to wait until the sockets are bound. */
struct opening {
	const struct options *options;
	struct supervisor *supervisor;
	struct pid_file pid_file;
};

static void on_started(void *context)
{
	struct opening *opening = context;
	const struct options *options = opening->options;

	if (opening->pid_file.fd >= 0 && !pid_file_write(&opening->pid_file)) {
		log_error(opening->supervisor->engine.log, "cannot write the pid file %s: %s", options->pid_file,
			  strerror(errno));
		opening->supervisor->exit_status = EXIT_START;
		raise(SIGTERM);         /* the loop stops, in order, what runs already */
		return;
	}
	if (options->daemon)
		daemon_ready(!strcmp(options->log_destination, "stderr"));
}

/* What the program would do whose name superd was called by. */
static void take_habits(struct supervisor *supervisor, const struct options *options)
{
	supervisor->habits = (struct habits){
		.alarm_retries = options->guise == AS_INETD,
		.usr2_reloads = options->guise == AS_XINETD,
		.abort_inspects = options->guise == AS_XINETD,
		.tells_life = options->guise == AS_XINETD,
		.dump_file = options->guise == AS_XINETD ? "xinetd.dump" : NULL,
		.inspect_interval = (double)options->inspect_interval,
	};
	supervisor->engine.limit = options->process_limit;
	supervisor->engine.ident_limit = options->ident_limit;
}

static int run(struct opening *opening, struct options *options, struct table *table)
{
	char **command = options->endpoint_count ? NULL : options->command;
	struct supervisor *supervisor = opening->supervisor;
	const char *failed;
	int status;

	supervisor->loader.load = load;
	supervisor->loader.load_context = options;
	supervisor->started = on_started;
	supervisor->started_context = opening;
	supervisor->stop_timeout = (double)options->stop_timeout / 1e6;
	supervisor->engine.heritage.environment = environ;
	load_bases(&supervisor->engine.heritage);
	take_habits(supervisor, options);
	init_adopt_orphans();
	if (supervisor_init(supervisor, &failed)) {
		orders_watch(supervisor);
		status = supervisor_run(supervisor, table, command);
	} else {
		say(options, "cannot start: cannot %s: %s", failed, strerror(errno));
		table_free(table);
		status = EXIT_START;
	}
	pid_file_remove(&opening->pid_file);
	if (supervisor->loader.busy)
		_exit(status);          /* a look-up may take for ever: nobody waits for it now */
	supervisor_free(supervisor);
	return status;
}

/* Whoever starts superd sees on stderr why it does not; what is no error goes where all lines go. */
static struct table *load_first(struct options *options, struct log *log)
{
	struct diags diags = { 0 };
	struct table *table;

	options->filled = filled_find(options);
	table = load_table(options, NULL, NULL, &diags);
	memory_give_back();
	if (!table || diags.errors) {
		diags_print(&diags, stderr);
		table_free(table);
		table = NULL;
	} else if (options->json || strcmp(options->log_destination, "stderr")) {
		supervisor_say(log, &diags);
		if (options->daemon && options->guise != AS_SUPERD)
			diags_print(&diags, stderr); /* an init script's caller looks there, not in the log */
	} else {
		diags_print(&diags, stderr);
	}
	diags_free(&diags);
	return table;
}

/* Claimed first, so that whoever starts a second superd by mistake hears of it, with nothing touched. A file that
 * nobody asked for, as inetd's own, may be missing where nothing can be written. */
static bool claim_pid_file(struct opening *opening, const struct options *options)
{
	struct buf why = { 0 };
	bool ok = !options->pid_file || pid_file_claim(&opening->pid_file, options->pid_file, &why);

	if (!ok && options->pid_file_at_will && !opening->pid_file.is_taken) {
		log_warn(opening->supervisor->engine.log, "no pid file %s: %s", options->pid_file, buf_string(&why));
		ok = true;
	} else if (!ok) {
		say(options, "pid file %s: %s", options->pid_file, buf_string(&why));
	}
	buf_free(&why);
	return ok;
}

/* Called as inetd or xinetd all paths are complete, and no folder shall be kept busy. */
static bool enter_background(const struct options *options)
{
	if (!options->daemon)
		return true;
	if (daemon_enter() == 0 && (options->guise == AS_SUPERD || chdir("/") == 0))
		return true;
	say(options, "cannot go to the background: %s", strerror(errno));
	return false;
}

static int open_table(struct supervisor *supervisor, struct options *options, struct table *table)
{
	struct opening opening = { options, supervisor, { .fd = -1 } };

	if (claim_pid_file(&opening, options)) {
		if (enter_background(options))
			return run(&opening, options, table);
		pid_file_remove(&opening.pid_file);
	}
	table_free(table);
	return EXIT_START;
}

static bool is_enabled(const struct table *table)
{
	for (size_t n = 0; n < table->count; n++) {
		if (!table->services[n].what->disable)
			return true;
	}
	return false;
}

/* xinetd ends where it has nothing to do, unless told to stay; superd does so in its name. */
static bool has_work(const struct options *options, const struct table *table)
{
	if (options->guise != AS_XINETD || options->stays_without_services || is_enabled(table))
		return true;
	say(options, "no services: exiting; with -stayalive it would wait for some to come by a reload");
	return false;
}

int start_superd(struct options *options)
{
	struct supervisor supervisor = { 0 };
	struct table *table;
	const char *why;
	int status = EXIT_TABLE;

	init_enter(&supervisor.engine.heritage);
	init_take_sockets(&supervisor.engine.inheritance);
	supervisor.engine.log = log_open(options->log_destination, options->json, options->level, &why);
	if (!supervisor.engine.log) {
		say(options, "cannot log to %s: %s", options->log_destination, why);
		return EXIT_START;
	}
	log_set_name(supervisor.engine.log, options_name(options), options->guise == AS_XINETD);
	table = load_first(options, supervisor.engine.log);
	if (table && has_work(options, table))
		status = open_table(&supervisor, options, table);
	else
		table_free(table);
	log_close(supervisor.engine.log);
	return status;
}
