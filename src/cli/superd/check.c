/* --check: what every source was taken for, what is wrong, and what of it would be served. It counts services as
 * superctl lists them: a line of inetd.conf that makes one for each of two hosts is two. */
#include "cli/superd/check.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log/log_sink.h"
#include "cli/superd/load.h"
#include "config/table/left_out.h"

/* What was read: a line a source, and of the last the part in front of its numbers. */
struct taken {
	struct buf lines, head;
	size_t sources;
};

struct entry_count {
	size_t services, disabled, left_out, errors;
};

static void take_source(void *context, const char *path, const char *format, size_t entries)
{
	struct taken *taken = context;

	buf_clear(&taken->head);
	buf_addf(&taken->head, "%s: %s, ", strcmp(path, "-") ? path : "<stdin>", format);
	buf_addf(&taken->lines, "%s%zu entr%s\n", buf_string(&taken->head), entries, entries == 1 ? "y" : "ies");
	taken->sources++;
}

/* Only --keep-going leaves anything out: without it nothing is served where there is an error. */
static struct entry_count count_services(const struct table *table, bool keeps_going)
{
	const struct service *list = table->services;
	struct entry_count tally = { 0 };

	tally.services = table->count;
	for (size_t n = 0; n < table->count; n++)
		tally.disabled += list[n].exec->disable;
	if (keeps_going)
		tally.left_out = left_out_count(table);
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

/* One source has its numbers on its line; of several they are told together, as an entry may be several services, or
 * none. */
static bool print_taken(const struct taken *taken, const struct table *table, size_t errors, bool keeps_going)
{
	struct entry_count tally = count_services(table, keeps_going);
	struct buf text = { 0 };
	bool good;

	tally.errors = errors;
	if (taken->sources > 1)
		buf_addf(&text, "%sin all: ", buf_string(&taken->lines));
	else if (taken->sources)
		buf_text(&text, buf_string(&taken->head));
	if (taken->sources)
		add_tally(&text, tally);
	good = !text.failed && !taken->lines.failed && fputs(buf_string(&text), stdout) >= 0 && fflush(stdout) == 0;
	buf_free(&text);
	return good;
}

/* A start would fail by it; whoever restarts superd asks first. */
static bool log_is_good(const struct options *options)
{
	const char *why = log_sink_check(options->log_destination);

	if (why)
		fprintf(stderr, "%s: cannot log to %s: %s\n", options_name(options), options->log_destination, why);
	return !why;
}

bool check_tables(const struct options *options)
{
	bool has_log = log_is_good(options);
	struct diags diags = { 0 };
	struct taken taken = { 0 };
	struct table *table = load_table(options, take_source, &taken, &diags);
	bool good = table && print_taken(&taken, table, diags.errors, options->keep_going) && !diags.errors;

	diags_print(&diags, stderr);
	diags_free(&diags);
	table_free(table);
	buf_free(&taken.lines);
	buf_free(&taken.head);
	return good && has_log;
}
