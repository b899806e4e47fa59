/* superd: reads the command line and runs its task. Exit status: 0; 1 for an error in a table or in the usage; else
 * that of running the table. */
#include "superd/main.h"

#include <getopt.h>

#include "superd/machine/machine.h"

/* --check: prints the language of each source, what is wrong, and how many services there are, to stdout, and every
 * diagnostic to stderr. Services are counted as superctl lists them: a line of inetd.conf that makes one for each of
 * two hosts counts twice. */

/* The sources that were read. */
struct source_summary {
	struct buf lines; /* a line for each source */
	struct buf head;  /* the beginning of the last source's line, without its numbers */
	size_t sources;	  /* number of sources */
};

static void note_source(void *context, const char *path, const char *format, size_t services)
{
	struct source_summary *summary = context;

	buf_clear(&summary->head);
	buf_addf(&summary->head, "%s: %s, ", strcmp(path, "-") ? path : "<stdin>", format);
	buf_addf(&summary->lines, "%s%zu service%s\n", buf_string(&summary->head), services, services == 1 ? "" : "s");
	summary->sources++;
}

/* For one source the numbers stand on its line. For several sources they stand on a line of their own, because a
 * service may replace that of another source. */
static bool print_summary(const struct source_summary *summary, const struct table *table, size_t errors)
{
	/* With an error that is left superd serves none. */
	size_t services = 0, disabled = 0, skipped = errors ? 0 : skipped_count(table);
	struct buf text = { 0 };
	bool good;

	for (size_t n = 0; n < table->count; n++) {
		services += !table->services[n].is_skipped;
		disabled += table->services[n].exec->disable && !table->services[n].is_skipped;
	}
	if (summary->sources > 1)
		buf_addf(&text, "%sin all: ", buf_string(&summary->lines));
	else if (summary->sources)
		buf_text(&text, buf_string(&summary->head));
	else if (table->count) /* -l: there is no source, and the command line is one service */
		buf_text(&text, "the command line: ");
	if (summary->sources || table->count) {
		buf_addf(&text, "%zu service%s", services, services == 1 ? "" : "s");
		if (disabled)
			buf_addf(&text, ", %zu of them disabled", disabled);
		if (skipped)
			buf_addf(&text, ", %zu skipped", skipped);
		if (errors)
			buf_addf(&text, ", %zu error%s", errors, errors == 1 ? "" : "s");
		buf_char(&text, '\n');
	}
	good = !text.failed && !summary->lines.failed && fputs(buf_string(&text), stdout) >= 0 && fflush(stdout) == 0;
	buf_free(&text);
	return good;
}

#define A_SCREEN 20 /* errors; with more of them the summary, which comes first, is out of sight */

static bool check_tables(const struct options *options)
{
	struct diags diags = { 0 };
	struct source_summary summary = { 0 };
	struct table_load load = { .options = options, .on_source = note_source, .context = &summary };
	struct buf why = { 0 };
	/* A log that cannot be opened makes a start fail, so an administrator wants to know it before a restart. */
	bool has_log = log_setup_check(options->settings.log, &why), good;
	struct table *table;

	if (!has_log)
		fprintf(stderr, "%s: cannot log to %s: %s\n", options_name(options), options->settings.log,
			buf_string(&why));
	buf_free(&why);
	table = load_table(&load, &diags);
	good = table && print_summary(&summary, table, diags.errors) && !diags.errors && !skipped_count(table);
	diags_print(&diags, stderr);
	if (diags.errors > A_SCREEN)
		fprintf(stderr, "%s: %zu errors\n", options_name(options), diags.errors);
	diags_free(&diags);
	table_free(table);
	buf_free(&summary.lines);
	buf_free(&summary.head);
	return good && has_log;
}

static int do_print(const struct options *options)
{
	bool as_json = !strcmp(options->print, "json"), with_comments = !strcmp(options->print, "comments"), good;
	struct diags diags = { 0 };
	struct table *table;

	if (!as_json && !with_comments && strcmp(options->print, "conf") != 0) {
		fprintf(stderr, "superd: --print=%s: it prints conf, comments or json\n", options->print);
		return EXIT_TABLE;
	}
	table = load_table(&(struct table_load){ .options = options }, &diags);
	good = table && !diags.errors;
	diags_print(&diags, stderr);
	if (table && !good)
		fprintf(stderr, "superd: nothing is printed for the errors above%s\n",
			options->flags & OPTION_KEEP_GOING ? "" : "; --keep-going leaves these services out");
	if (good &&
	    (!(as_json ? print_json(table, stdout) : print_conf(table, with_comments, stdout)) ||
	     fflush(stdout) != 0)) {
		fprintf(stderr, "superd: cannot write the configuration: %s\n", strerror(errno));
		good = false;
	}
	diags_free(&diags);
	table_free(table);
	return good ? 0 : EXIT_TABLE;
}

static int do_explain(const struct options *options)
{
	const char *name = options->print;
	/* The lists have names that no option has. */
	bool (*list)(FILE * out) = !name  ? print_first_options
		: !strcmp(name, "all")	  ? print_options
		: !strcmp(name, "--json") ? print_options_json
					  : NULL;
	const struct cli_option *option;
	struct buf hint = { 0 };

	if (list)
		return list(stdout) && fflush(stdout) == 0 ? 0 : EXIT_TABLE;
	if (print_explain(name, stdout))
		return 0;
	option = cli_find(&as_superd_cli, name + strspn(name, "-"));
	if (option) {
		fprintf(stderr, "superd: --explain %s: it is an option of the command line, --%s: %s\n", name,
			option->name, option->help);
		return EXIT_TABLE;
	}
	if (print_search(name, stdout))
		return 0;
	option_hint(name, false, &hint);
	fprintf(stderr, "superd: --explain %s: there is no such option%s%s\n", name, hint.length ? ": " : "",
		buf_string(&hint));
	buf_free(&hint);
	return EXIT_TABLE;
}

/* The guard is superd's parent, so it goes to the background first. false: that failed, and was reported. */
static bool begin_guard(struct options *options)
{
	int page = options->internal.guard_page;
	unsigned setting = page < 0 ? options->guard : 1;

	/* A search for an old daemon's name must find one process: update-inetd reads the pid file, which has the
	 * guard's. */
	if (setting == GUARD_UNSET ? options->invoked_as != AS_SUPERD || options->process_name : !setting)
		return true;
	if (options->flags & OPTION_DAEMON && page < 0 && daemonize_enter() < 0) {
		fprintf(stderr, "superd: cannot go to the background: %s\n", strerror(errno));
		return false;
	}
	if (!guard_begin(page, options->arguments, options->process_name)) {
		if (setting == 1 || errno != ENOSYS)
			fprintf(stderr, "superd: %s: %s\n", page < 0 ? "runs without a guard" : "cannot be the guard",
				strerror(errno));
		if (page >= 0)
			return false; /* the superd that waits for this one goes on */
	}
	return true;
}

static int run_task(struct options *options)
{
	struct buf denied = { 0 };

	switch (options->task) {
	case TASK_HELP:
		command_line_help(options->invoked_as);
		return 0;
	case TASK_VERSION:
		printf("superd %s", build_version());
		for (size_t n = 0; built_with[n]; n++)
			printf("%s%s", n ? ", " : " with ", built_with[n]);
		putchar('\n');
		denied_calls_describe(&denied);
		fputs(buf_string(&denied), stdout);
		buf_free(&denied);
		return 0;
	case TASK_EXPLAIN:
		return do_explain(options);
	case TASK_PRINT:
		return do_print(options);
	case TASK_CHECK:
		return check_tables(options) ? 0 : EXIT_TABLE;
	case TASK_RUN:
		break;
	}
	if (options->internal.checks_upgrade)
		return takeover_answer(options);
	return begin_guard(options) ? run_superd(options) : EXIT_START;
}

int main(int argc, char **argv)
{
	struct internal_args internal = takeover_strip(&argc, &argv);
	bool takes_place = internal.guard_page >= 0, good;
	int status = EXIT_TABLE;
	struct options options;
	unsigned tries = 0;

	/* The superd before had the same command line, so what fails here is memory. */
	while (!(good = command_line_read(&options, argc, argv)) && takes_place && patience_wait(&tries)) {
		options_free(&options);
		optind = 0; /* getopt_long(3) begins anew */
	}
	if (good) {
		options.internal = internal;
		status = run_task(&options);
	}
	options_free(&options);
	return status;
}
