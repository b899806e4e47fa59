/* superd: reads the command line, wires the parts together, and gives the exit status: 0; 1 an error in a table or
 * in the usage; 2 it could not start; with a main command, the command's. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/daemon.h"
#include "cmd/load.h"
#include "cmd/options.h"
#include "cmd/pid_file.h"
#include "cmd/print.h"
#include "engine/supervisor.h"
#include "engine/transition.h"
#include "model/directive.h"
#include "sys/init.h"
#include "sys/memory.h"
#include "sys/program.h"

extern char **environ;

enum { EXIT_TABLE = 1, EXIT_START = 2 };

static bool print_states(FILE *out)
{
	for (int accepts = 0; accepts < 2; accepts++) {
		fprintf(out, "%saccept = %s\n", accepts ? "\n" : "", accepts ? "yes" : "no");
		for (enum state state = OFF; state < STATES; state++) {
			for (enum happening happening = ENABLE; happening < HAPPENINGS; happening++) {
				struct step step = transition(accepts, state, happening);

				if (step.action != IMPOSSIBLE)
					fprintf(out, "%-10s %-11s -> %-10s %s\n", state_name(state),
						happening_name(happening), state_name(step.next),
						action_name(step.action));
			}
		}
	}
	return !ferror(out);
}

static bool print_comments(const struct table *table, FILE *out)
{
	return print_table(table, true, out);
}

static bool print_conf(const struct table *table, FILE *out)
{
	return print_table(table, false, out);
}

static const struct {
	const char *name;
	bool (*of_table)(const struct table *table, FILE *out);
	bool (*of_itself)(FILE *out);
} printable[] = {
	{ "conf", print_conf, NULL }, { "comments", print_comments, NULL }, { "json", print_json, NULL },
	{ "mdoc", NULL, print_mdoc }, { "bash", NULL, print_bash }, { "zsh", NULL, print_zsh },
	{ "compat", NULL, print_compat }, { "states", NULL, print_states },
};

static int write_table(const struct options *options, bool (*of_table)(const struct table *table, FILE *out))
{
	struct diags diags = { 0 };
	struct table *table = load_table(options, &diags);
	bool good = table && !diags.errors;

	diags_print(&diags, stderr);
	if (good && (!of_table(table, stdout) || fflush(stdout) != 0)) {
		fprintf(stderr, "superd: cannot write the table: %s\n", strerror(errno));
		good = false;
	}
	diags_free(&diags);
	table_free(table);
	return good ? 0 : EXIT_TABLE;
}

static int do_print(const struct options *options)
{
	for (size_t n = 0; n < sizeof(printable) / sizeof(*printable); n++) {
		if (strcmp(printable[n].name, options->print))
			continue;
		if (printable[n].of_table)
			return write_table(options, printable[n].of_table);
		return printable[n].of_itself(stdout) && fflush(stdout) == 0 ? 0 : EXIT_TABLE;
	}
	fprintf(stderr, "superd: --print=%s: it prints conf, comments, json, mdoc, bash, zsh, compat or states\n",
		options->print);
	return EXIT_TABLE;
}

static int do_explain(const struct options *options)
{
	struct buf hint = { 0 };

	if (print_explain(options->print, stdout))
		return 0;
	directive_hint(NATIVE, options->print, &hint);
	fprintf(stderr, "superd: --explain %s: there is no such option%s%s\n", options->print,
		hint.length ? ": " : "", buf_string(&hint));
	buf_free(&hint);
	return EXIT_TABLE;
}

static int do_check(const struct options *options)
{
	struct diags diags = { 0 };
	struct table *table = load_table(options, &diags);
	bool good = table && !diags.errors;

	diags_print(&diags, stderr);
	diags_free(&diags);
	table_free(table);
	return good ? 0 : EXIT_TABLE;
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

	if (options->pid_file && !pid_file_write(&opening->pid_file)) {
		log_error(opening->supervisor->engine.log, "cannot write the pid file %s: %s", options->pid_file,
			  strerror(errno));
		opening->supervisor->exit_status = EXIT_START;
		raise(SIGTERM);         /* the loop stops, in order, what runs already */
		return;
	}
	if (options->daemon)
		daemon_ready(!strcmp(options->log_destination, "stderr"));
}

static int run(struct opening *opening, struct options *options, struct table *table)
{
	char **command = options->endpoint_count ? NULL : options->command;
	struct supervisor *supervisor = opening->supervisor;
	int status;

	supervisor->loader.load = load;
	supervisor->loader.load_context = options;
	supervisor->started = on_started;
	supervisor->started_context = opening;
	supervisor->stop_timeout = (double)options->stop_timeout / 1e6;
	supervisor->engine.heritage.environment = environ;
	load_bases(&supervisor->engine.heritage);
	init_adopt_orphans();
	if (supervisor_init(supervisor)) {
		status = supervisor_run(supervisor, table, command);
	} else {
		fprintf(stderr, "superd: cannot start: %s\n", strerror(errno));
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
	struct table *table = load_table(options, &diags);

	memory_give_back();
	if (!table || diags.errors) {
		diags_print(&diags, stderr);
		table_free(table);
		table = NULL;
	} else if (options->json || strcmp(options->log_destination, "stderr")) {
		supervisor_say(log, &diags);
	} else {
		diags_print(&diags, stderr);
	}
	diags_free(&diags);
	return table;
}

/* Claimed first, so that whoever starts a second superd by mistake hears of it, with nothing touched. */
static int open_table(struct supervisor *supervisor, struct options *options, struct table *table)
{
	struct opening opening = { options, supervisor, { .fd = -1 } };
	struct buf why = { 0 };

	if (options->pid_file && !pid_file_claim(&opening.pid_file, options->pid_file, &why)) {
		fprintf(stderr, "superd: pid file %s: %s\n", options->pid_file, buf_string(&why));
		buf_free(&why);
	} else if (options->daemon && daemon_enter() < 0) {
		fprintf(stderr, "superd: cannot go to the background: %s\n", strerror(errno));
		pid_file_remove(&opening.pid_file);
	} else {
		return run(&opening, options, table);
	}
	table_free(table);
	return EXIT_START;
}

static int do_run(struct options *options)
{
	struct supervisor supervisor = { 0 };
	struct table *table;
	const char *why;
	int status;

	init_enter(&supervisor.engine.heritage);
	init_take_sockets(&supervisor.engine.inheritance);
	supervisor.engine.log = log_open(options->log_destination, options->json, options->level, &why);
	if (!supervisor.engine.log) {
		fprintf(stderr, "superd: cannot log to %s: %s\n", options->log_destination, why);
		return EXIT_START;
	}
	table = load_first(options, supervisor.engine.log);
	status = table ? open_table(&supervisor, options, table) : EXIT_TABLE;
	log_close(supervisor.engine.log);
	return status;
}

static int perform(struct options *options)
{
	switch (options->task) {
	case TASK_HELP:
		options_help();
		return 0;
	case TASK_VERSION:
		printf("superd %s\n", PACKAGE_VERSION);
		return 0;
	case TASK_EXPLAIN:
		return do_explain(options);
	case TASK_PRINT:
		return do_print(options);
	case TASK_CHECK:
		return do_check(options);
	case TASK_RUN:
		break;
	}
	return do_run(options);
}

int main(int argc, char **argv)
{
	struct options options;
	int status = EXIT_TABLE;

	if (options_read(&options, argc, argv))
		status = perform(&options);
	options_free(&options);
	return status;
}
