/* --check: prints the language of each source, what is wrong, and how many services there are. Services are counted as
 * superctl lists them: a line of inetd.conf that makes one for each of two hosts counts twice. */
#include "superd/main/check.h"

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/write_all.h"
#include "superd/main/load.h"
#include "superd/main/log_setup.h"
#include "superd/main/run.h"
#include "table/services/left_out.h"

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

bool check_tables(const struct options *options)
{
	bool has_log = log_is_good(options);
	struct diags diags = { 0 };
	struct source_summary summary = { 0 };
	struct table *table = load_table(options, note_source, &summary, &diags);
	bool good = table && print_summary(&summary, table, diags.errors) && !diags.errors;

	diags_print(&diags, stderr);
	diags_free(&diags);
	table_free(table);
	buf_free(&summary.lines);
	buf_free(&summary.head);
	return good && has_log;
}

