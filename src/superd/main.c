/* superd: reads the command line and runs its task. Exit status: 0; 1 for an error in a table or in the usage; else
 * that of running the table. */
#include "superd/main.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/build_id.h"
#include "lib/clock.h"
#include "os/host/program.h"
#include "superd/machine/machine.h"
#include "table/option/option_table.h"
#include "table/print/print_conf.h"

/* Finds diagnostics that differ only in the service.
 *
 * Most messages about a service begin with its name and a colon. Others begin with an option, so a first word counts as
 * a name only if the table has it. */

#define GROUP_LEAST 5                   /* diagnostics */
#define PLACES_MOST 20                  /* in a note */

/* The names of a table's services, also of those that are left out; sorted. */
struct service_names {
	const char **list;              /* owned; the names are borrowed */
	size_t count;
};

/* A diagnostic as the others are compared with it. */
struct claim {
	const char *name;               /* of the service, without an end; "": its message has none */
	size_t name_length;
	const char *text;               /* the rest of the message */
	size_t length;
	bool stands_alone;              /* it has further places, or is one: never in a group */
};

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* false: out of memory. */
static bool collect_names(struct service_names *names, const struct table *table)
{
	size_t most = table ? table->count + table->left_out_count : 0;

	names->list = calloc(most + 1, sizeof(*names->list));
	if (!names->list)
		return false;
	for (size_t n = 0; table && n < table->count; n++)
		names->list[names->count++] = table->services[n].name;
	for (size_t n = 0; table && n < table->left_out_count; n++) {
		if (table->left_out[n].name)
			names->list[names->count++] = table->left_out[n].name;
	}
	qsort(names->list, names->count, sizeof(*names->list), compare_names);
	return true;
}

static bool has_name(const struct service_names *names, const char *text, size_t length)
{
	char *name = strndup(text, length);
	const char *wanted = name;
	bool found = name && bsearch(&wanted, names->list, names->count, sizeof(wanted), compare_names);

	free(name);
	return found;
}

static void read_claim(struct claim *claim, const struct diags *diags, size_t number, const struct service_names *names)
{
	const struct diag *diag = &diags->list[number];
	size_t length = diag->own_length ? diag->own_length : strlen(diag->message);
	const char *colon = strstr(diag->message, ": ");
	size_t word = colon ? (size_t)(colon - diag->message) : 0;

	*claim = (struct claim){ .name = "", .text = diag->message, .length = length };
	claim->stands_alone = diag->follows || (number + 1 < diags->count && diags->list[number + 1].follows);
	if (!word || word + 2 > length || !has_name(names, diag->message, word))
		return;
	claim->name = diag->message;
	claim->name_length = word;
	claim->text += word + 2;
	claim->length -= word + 2;
}

static bool same_claim(const struct diags *diags, const struct claim *claims, size_t a, size_t b)
{
	const struct claim *one = &claims[a], *other = &claims[b];

	return !one->stands_alone && !other->stands_alone &&
	       diags->list[a].severity == diags->list[b].severity &&
	       diags->list[a].was_error == diags->list[b].was_error && !one->name_length == !other->name_length &&
	       one->length == other->length && !memcmp(one->text, other->text, one->length);
}

static bool same_name(const struct claim *one, const struct claim *other)
{
	return one->name_length == other->name_length && !memcmp(one->name, other->name, one->name_length);
}

static bool same_file(const struct diag *one, const struct diag *other)
{
	return one->file && other->file ? !strcmp(one->file, other->file) : one->file == other->file;
}

/* The members of a group, by their numbers in the list. */
struct group {
	const size_t *members;
	size_t count;
};

/* Adds " (lines 12, 18, 24, …)", or " (a.conf:12, b.conf:3, …)" if there are several files. */
static void add_places(struct buf *out, const struct diags *diags, struct group group)
{
	const struct diag *first = &diags->list[group.members[0]];
	bool is_one_file = true;
	size_t shown = 0;

	for (size_t n = 1; n < group.count; n++)
		is_one_file &= same_file(first, &diags->list[group.members[n]]);
	if (is_one_file && !first->line)
		return;
	buf_text(out, is_one_file ? " (lines " : " (");
	for (size_t n = 1; n < group.count; n++) {
		const struct diag *diag = &diags->list[group.members[n]], *before = &diags->list[group.members[n - 1]];

		if (shown && diag->line == before->line && same_file(diag, before))
			continue;
		if (shown == PLACES_MOST) {
			buf_text(out, ", …");
			break;
		}
		buf_addf(out, "%s%s%s%u", shown ? ", " : "", is_one_file || !diag->file ? "" : diag->file,
			 is_one_file || !diag->file ? "" : ":", diag->line);
		shown++;
	}
	buf_char(out, ')');
}

/* Writes the note in place of the group's second member. false: out of memory. */
static bool make_note(struct diag *note, const struct diags *diags, const struct claim *claims, struct group group)
{
	const struct diag *second = &diags->list[group.members[1]];
	bool are_services = claims[group.members[0]].name_length;
	struct buf text = { 0 };

	for (size_t n = 1; n < group.count; n++)
		are_services &= !same_name(&claims[group.members[n]], &claims[group.members[n - 1]]);
	buf_addf(&text, "and the same in %zu more %s", group.count - 1, are_services ? "services" : "places");
	add_places(&text, diags, group);
	*note = (struct diag){ .line = second->line, .column = second->column, .severity = SEVERITY_NOTE };
	note->file = second->file ? strdup(second->file) : NULL;
	note->message = buf_take(&text);
	if (note->message && (note->file || !second->file))
		return true;
	free(note->file);
	free(note->message);
	return false;
}

static void free_texts(struct diag *diag)
{
	free(diag->file);
	free(diag->message);
	free(diag->hint);
}

/* Adds a diagnostic to the new list, or the first of a group and its note. members: room for all numbers. */
static void keep_one(struct diags *kept, const struct diags *diags, const struct claim *claims, size_t number,
		     bool *taken, size_t *members)
{
	struct group group = { members, 0 };

	for (size_t n = number; n < diags->count; n++) {
		if (n == number || (!taken[n] && same_claim(diags, claims, number, n)))
			members[group.count++] = n;
	}
	kept->list[kept->count++] = diags->list[number];
	if (group.count < GROUP_LEAST || !make_note(&kept->list[kept->count], diags, claims, group))
		return;
	kept->count++;
	for (size_t n = 1; n < group.count; n++)
		taken[members[n]] = true;
}

/* Borrows the texts of what it keeps; those of the others stay until all are compared. */
static void regroup(struct diags *diags, const struct claim *claims, bool *taken, size_t *members, struct diag *list)
{
	struct diags kept = { .list = list };

	for (size_t n = 0; n < diags->count; n++) {
		if (!taken[n])
			keep_one(&kept, diags, claims, n, taken, members);
	}
	for (size_t n = 0; n < diags->count; n++) {
		if (taken[n])
			free_texts(&diags->list[n]);
	}
	free(diags->list);
	diags->list = list;
	diags->capacity = diags->count + 1;
	diags->count = kept.count;
	diags->last = NULL;
}

/* Of diagnostics that differ only in the service keeps the first, followed by a note with the places of the others, if
 * there are at least five: fewer are better for an editor, which goes to FILE:LINE:COL. Call it after diags_sort. The
 * totals, such as diags->errors, stay. table: NULL: there is none. Does nothing if memory runs out. */
static void diag_groups_make(struct diags *diags, const struct table *table)
{
	struct service_names names = { 0 };
	struct claim *claims = calloc(diags->count + 1, sizeof(*claims));
	size_t *members = calloc(diags->count + 1, sizeof(*members));
	bool *taken = calloc(diags->count + 1, sizeof(*taken));
	struct diag *list = calloc(diags->count + 1, sizeof(*list));

	if (claims && members && taken && list && collect_names(&names, table)) {
		for (size_t n = 0; n < diags->count; n++)
			read_claim(&claims[n], diags, n, &names);
		regroup(diags, claims, taken, members, list);
	} else {
		free(list);
	}
	free(names.list);
	free(taken);
	free(members);
	free(claims);
}

/* superd: reads the command line and runs its task. Exit status: 0; 1 for an error in a table or in the usage; else
 * that of running the table. */

#define SCREEN_LINES 20                 /* of a small terminal */

/* --check: prints the language of each source, what is wrong, and how many services there are, to stdout, and every
 * diagnostic to stderr. Services are counted as superctl lists them: a line of inetd.conf that makes one for each of
 * two hosts counts twice. */

/* The sources that were read. */
struct source_summary {
	struct buf lines;               /* a line for each source */
	struct buf head;                /* the beginning of the last source's line, without its numbers */
	size_t sources;                 /* number of sources */
};

struct entry_count {
	size_t services, disabled, left_out, errors;
};

static void note_source(void *context, const char *path, const char *format, size_t services)
{
	struct source_summary *summary = context;

	buf_clear(&summary->head);
	buf_addf(&summary->head, "%s: %s, ", strcmp(path, "-") ? path : "<stdin>", format);
	buf_addf(&summary->lines, "%s%zu service%s\n", buf_string(&summary->head), services,
		 services == 1 ? "" : "s");
	summary->sources++;
}

/* serves: no error is left that keeps superd from serving any. */
static struct entry_count count_services(const struct table *table, bool serves)
{
	const struct service *list = table->services;
	struct entry_count tally = { 0 };

	for (size_t n = 0; n < table->count; n++) {
		tally.services += !list[n].is_left_out;
		tally.disabled += list[n].exec->disable && !list[n].is_left_out;
		tally.left_out += list[n].is_left_out && serves;
	}
	return tally;
}

static void add_tally(struct buf *out, struct entry_count tally)
{
	buf_addf(out, "%zu service%s", tally.services, tally.services == 1 ? "" : "s");
	if (tally.disabled)
		buf_addf(out, ", %zu of them disabled", tally.disabled);
	if (tally.left_out)
		buf_addf(out, ", %zu left out", tally.left_out);
	if (tally.errors)
		buf_addf(out, ", %zu error%s", tally.errors, tally.errors == 1 ? "" : "s");
	buf_char(out, '\n');
}

/* For one source the numbers stand on its line. For several sources they stand on a line of their own, because a
 * service may replace that of another source. */
static bool print_summary(const struct source_summary *summary, const struct table *table, size_t errors)
{
	struct entry_count tally = count_services(table, !errors);
	struct buf text = { 0 };
	bool good;

	tally.errors = errors;
	if (summary->sources > 1)
		buf_addf(&text, "%sin all: ", buf_string(&summary->lines));
	else if (summary->sources)
		buf_text(&text, buf_string(&summary->head));
	else if (table->count)          /* -l: there is no source, and the command line is one service */
		buf_text(&text, "the command line: ");
	if (summary->sources || table->count)
		add_tally(&text, tally);
	good = !text.failed && !summary->lines.failed && fputs(buf_string(&text), stdout) >= 0 && fflush(stdout) == 0;
	buf_free(&text);
	return good;
}

/* A log that cannot be opened makes a start fail, so an administrator wants to know it before a restart. */
static bool log_is_good(const struct options *options)
{
	struct buf why = { 0 };
	bool good = log_setup_check(options->settings.log, &why);

	if (!good)
		fprintf(stderr, "%s: cannot log to %s: %s\n", options_name(options), options->settings.log,
			buf_string(&why));
	buf_free(&why);
	return good;
}

/* Prints all diagnostics, and the number of errors once more if the summary may have scrolled off the terminal. */
static void print_diagnostics(struct diags *diags, const struct table *table)
{
	size_t lines = 0;

	diag_groups_make(diags, table);
	diags_print(diags, stderr);
	for (size_t n = 0; n < diags->count; n++)
		lines += diags->list[n].hint ? 2 : 1;
	if (!diags->errors || lines < SCREEN_LINES)
		return;
	fprintf(stderr, "superd: %zu error%s", diags->errors, diags->errors == 1 ? "" : "s");
	if (diags->warnings)
		fprintf(stderr, ", %zu warning%s", diags->warnings, diags->warnings == 1 ? "" : "s");
	fputs(" in all\n", stderr);
}

static bool check_tables(const struct options *options)
{
	bool has_log = log_is_good(options);
	struct diags diags = { 0 };
	struct source_summary summary = { 0 };
	struct table *table = load_table(options, note_source, &summary, &diags);
	bool good = table && print_summary(&summary, table, diags.errors) && !diags.errors &&
		    !count_services(table, true).left_out;

	print_diagnostics(&diags, table);
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
	table = load_table(options, NULL, NULL, &diags);
	good = table && !diags.errors;
	diags_print(&diags, stderr);
	if (table && !good)
		fprintf(stderr, "superd: nothing is printed for the errors above%s\n",
			options->keep_going ? "" : "; --keep-going leaves these services out");
	if (good && (!(as_json ? print_json(table, stdout) : print_conf(table, with_comments, stdout)) ||
		     fflush(stdout) != 0)) {
		fprintf(stderr, "superd: cannot write the configuration: %s\n", strerror(errno));
		good = false;
	}
	diags_free(&diags);
	table_free(table);
	return good ? 0 : EXIT_TABLE;
}

/* superd-read knows the keys of units and property lists, and says what is no name at all. */
static int explain_foreign(const char *name)
{
	const struct own_program *program = program_get(PROGRAM_READ);
	const char *const arguments[] = { program->name, build_word(), "--explain", name, NULL };
	struct buf why = { 0 };

	if (program->path) {
		execv(program->path, (char *const *)(uintptr_t)arguments);
		buf_text(&why, strerror(errno));
	} else {
		program_describe_missing(PROGRAM_READ, &why);
	}
	fprintf(stderr, "superd: --explain %s: it is no option of superd.conf, and superd-read cannot be asked: %s\n",
		name, buf_string(&why));
	buf_free(&why);
	return EXIT_TABLE;
}

/* The lists have names that no option has. */
static bool (*find_list(const char *name))(FILE *out)
{
	return !name			? print_first_options
	       : !strcmp(name, "all")	? print_options
	       : !strcmp(name, "--json") ? print_options_json
					: NULL;
}

/* Keys of units and property lists have capitals, which no option has, and small letters. */
static bool is_foreign_key(const char *name)
{
	bool small = false, capital = false;

	for (; *name; name++) {
		small |= islower((unsigned char)*name) != 0;
		capital |= isupper((unsigned char)*name) != 0;
		if (*name == ' ')
			return false;
	}
	return small && capital;
}

static int do_explain(const struct options *options)
{
	bool (*list)(FILE *out) = find_list(options->print);
	const struct cli_option *option;

	if (list)
		return list(stdout) && fflush(stdout) == 0 ? 0 : EXIT_TABLE;
	if (print_explain(options->print, stdout))
		return 0;
	option = cli_find(&as_superd_cli, options->print + strspn(options->print, "-"));
	if (option) {
		fprintf(stderr, "superd: --explain %s: it is an option of the command line, --%s: %s\n", options->print,
			option->name, option->help);
		return EXIT_TABLE;
	}
	if (!is_foreign_key(options->print) && print_search(options->print, stdout))
		return 0;
	return explain_foreign(options->print);
}

static void print_version(void)
{
	struct buf denied = { 0 };

	printf("superd %s", build_version());
	for (size_t n = 0; built_with[n]; n++)
		printf("%s%s", n ? ", " : " with ", built_with[n]);
	putchar('\n');
	denied_calls_describe(&denied);
	fputs(buf_string(&denied), stdout);
	buf_free(&denied);
}

/* The guard is superd's parent, so it goes to the background first. false: that failed, and was reported. */
static bool begin_guard(struct options *options)
{
	int page = options->internal.guard_page;
	bool is_start = page < 0 && !options->internal.takes_over;
	unsigned setting = is_start ? options->guard : page >= 0;

	options->guarded = setting == GUARD_UNSET ? takeover_has_guard(options) : setting;
	if (!options->guarded)
		return true;
	if (options->daemon && is_start && daemonize_enter() < 0) {
		fprintf(stderr, "superd: cannot go to the background: %s\n", strerror(errno));
		return false;
	}
	guard_keep_fd(daemonize_channel());
	if (!guard_begin(page, options->arguments, options->process_name)) {
		if (setting == 1 || errno != ENOSYS)
			fprintf(stderr, "superd: %s: %s\n", page < 0 ? "runs without a guard" : "cannot be the guard",
				strerror(errno));
		if (page >= 0)
			return false;   /* the superd that waits for this one goes on */
	}
	return true;
}

static int run_task(struct options *options)
{
	switch (options->task) {
	case TASK_HELP:
		command_line_help(options->invoked_as);
		return 0;
	case TASK_VERSION:
		print_version();
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

/* The superd before had the same command line, so what fails here is memory. */
static bool read_command_line(struct options *options, const struct internal_args *internal, int argc, char **argv)
{
	bool takes_place = internal->takes_over || internal->guard_page >= 0, good;
	unsigned tries = 0;

	while (!(good = command_line_read(options, argc, argv)) && takes_place && patience_wait(&tries)) {
		options_free(options);
		optind = 0;             /* getopt_long(3) begins anew */
	}
	return good;
}

int main(int argc, char **argv)
{
	struct internal_args internal = takeover_strip(&argc, &argv);
	struct options options;
	int status = EXIT_TABLE;

	if (read_command_line(&options, &internal, argc, argv)) {
		options.internal = internal;
		status = run_task(&options);
	}
	options_free(&options);
	return status;
}
