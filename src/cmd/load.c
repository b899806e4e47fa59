/* Loading. The hard thing is --keep-going: an error belongs to the entry it stands in, that is the last one that begins
 * before it in its file. A service can be left out, whether it became a row or was too broken for that. What others
 * hang on can't, where its reader says so, and stops everything; else it stays an error, and the rest goes on. */
#include "cmd/load.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cmd/filled.h"
#include "cmd/single.h"
#include "read/reader.h"
#include "sys/preflight.h"
#include "sys/resolve.h"
#include "sys/wraps.h"

void load_bases(struct heritage *heritage)
{
	const char *runtime = getuid() ? getenv("XDG_RUNTIME_DIR") : NULL;

	heritage->runtime_directory = runtime ? runtime : RUNSTATEDIR;
	heritage->state_directory = LOCALSTATEDIR "/lib";
}

/* Standard input is empty the second time: reading it again would take every service away. */
static bool can_read_again(const struct options *options, struct diags *diags)
{
	struct origin nowhere = { 0 };

	for (size_t n = 0; n < options->source_count; n++) {
		const char *colon = strchr(options->sources[n], ':');

		if (strcmp(colon ? colon + 1 : options->sources[n], "-"))
			continue;
		diag_error(diags, nowhere, "the table came from standard input and cannot be read again");
		return false;
	}
	return true;
}

/* The sources of the command line, and of the further ones those that are there now. NULL: out of memory. */
static const char **list_sources(const struct options *options, size_t *count)
{
	const char **sources = calloc(options->source_count + options->further_count + 1, sizeof(*sources));

	*count = 0;
	for (size_t n = 0; sources && n < options->source_count; n++)
		sources[(*count)++] = options->sources[n];
	for (size_t n = 0; sources && n < options->further_count; n++) {
		const char *colon = strchr(options->further[n], ':');

		if (access(colon ? colon + 1 : options->further[n], F_OK) == 0)
			sources[(*count)++] = options->further[n];
	}
	if (sources && !*count)
		sources[(*count)++] = SYSCONFDIR "/superd.conf";
	return sources;
}

static struct table *read_sources(const struct options *options, load_took *took, void *context,
				  struct diags *diags)
{
	struct wraps wraps = { 0 };
	struct read_request request = {
		.compat = options->compat, .took = took, .context = context, .wrap_rules = wraps_any(&wraps),
		.shares_defaults = options->guise == AS_XINETD,
		.inetd = options->guise == AS_INETD ? &options->defaults : NULL,
	};
	const char **sources;
	struct table *table;

	if (options->endpoint_count)
		return single_table(options, diags);
	sources = list_sources(options, &request.count);
	if (!sources)
		return NULL;
	request.sources = sources;
	table = read_table(&request, diags);
	free(sources);
	return table;
}

/* The entry a diagnostic is about. */
struct owner {
	struct origin at;               /* file NULL: none */
	enum { ROW, NO_ROW, SHARED, VITAL } kind;
	size_t number;                  /* in its list */
};

/* An unknown column is that of the line's end. */
static bool is_behind(struct origin at, unsigned line, unsigned column)
{
	return at.line != line ? at.line > line : at.column - 1 > column - 1;
}

/* Takes this entry for the owner when it is nearer. */
static void consider(struct owner *owner, const struct diag *diag, struct owner entry)
{
	if (!entry.at.file || strcmp(entry.at.file, diag->file) || is_behind(entry.at, diag->line, diag->column))
		return;
	if (!owner->at.file || !is_behind(owner->at, entry.at.line, entry.at.column))
		*owner = entry;
}

static struct owner find_owner(const struct table *table, const struct diag *diag)
{
	struct owner owner = { 0 };

	if (!diag->file)
		return owner;
	for (size_t n = 0; n < table->count; n++)
		consider(&owner, diag, (struct owner){ table->services[n].at, ROW, n });
	for (size_t n = 0; n < table->left_out_count; n++)
		consider(&owner, diag, (struct owner){ table->left_out[n].at, NO_ROW, n });
	for (size_t n = 0; n < table->shared_count; n++)
		consider(&owner, diag, (struct owner){ table->shared[n], SHARED, n });
	for (size_t n = 0; n < table->vital_count; n++)
		consider(&owner, diag, (struct owner){ table->vital[n], VITAL, n });
	return owner;
}

static void make_warning(struct diags *diags, struct diag *diag)
{
	diag->severity = SEVERITY_WARNING;
	diags->errors--;
	diags->warnings++;
}

/* A line of an inetd.conf may make several services, one for each host and family: an error of one is that of all. */
static bool share_place(const struct service *a, const struct service *b)
{
	return a->at.file && b->at.file && a->at.line == b->at.line && a->at.column == b->at.column &&
		!strcmp(a->at.file, b->at.file);
}

/* What is left out: a mark for each row and each entry that became none. */
struct leaving {
	const struct table *table;
	bool *rows, *entries;
};

/* The first error of an entry also says what comes of it. */
static void tell_leaving(struct diag *diag, const char *name)
{
	struct buf text = { 0 };

	if (name)
		buf_addf(&text, "%s; service '%s' is left out", diag->message, name);
	else
		buf_addf(&text, "%s; it is left out", diag->message);
	if (text.failed) {
		buf_free(&text);
		return;
	}
	free(diag->message);
	diag->message = buf_take(&text);
}

/* Takes an error for what it costs. */
static void pass_over(struct leaving *leaving, struct diag *diag, struct diags *diags)
{
	struct owner owner = find_owner(leaving->table, diag);
	bool *mark;

	if (!owner.at.file || owner.kind == VITAL)
		return;
	if (owner.kind == SHARED) {
		diags->errors--;
		return;
	}
	make_warning(diags, diag);
	mark = owner.kind == ROW ? &leaving->rows[owner.number] : &leaving->entries[owner.number];
	if (!*mark)
		tell_leaving(diag, owner.kind == ROW ? leaving->table->services[owner.number].name
						     : leaving->table->left_out[owner.number].name);
	*mark = true;
}

static void leave_with(struct leaving *leaving, size_t row, size_t beside, struct diags *diags)
{
	const struct service *service = &leaving->table->services[row];

	if (leaving->rows[row] || !leaving->rows[beside] ||
	    !share_place(&leaving->table->services[beside], service))
		return;
	leaving->rows[row] = true;
	diag_warning(diags, service->at, "service '%s' of the same entry is left out with it", service->name);
}

/* Those that go without an error of their own; the services of one entry stand side by side. */
static void leave_others_out(struct leaving *leaving, struct diags *diags)
{
	const struct table *table = leaving->table;

	for (size_t n = 0; n < table->left_out_count; n++) {
		if (!leaving->entries[n])
			diag_warning(diags, table->left_out[n].at,
				     "this entry is left out for the errors of what it goes by");
	}
	for (size_t n = 1; n < table->count; n++)
		leave_with(leaving, n, n - 1, diags);
	for (size_t n = table->count; n-- > 1;)
		leave_with(leaving, n - 1, n, diags);
}

/* A reload still knows those that go by their names. */
static void note_rows(struct leaving *leaving, struct table *table, struct diags *diags)
{
	for (size_t n = 0; n < table->count; n++) {
		const struct service *service = &table->services[n];

		if (leaving->rows[n] && !table_leave_out(table, service->at, service->name))
			diag_error(diags, service->at, "out of memory");
	}
}

static bool is_left_out(const struct service *service, void *context)
{
	const struct leaving *leaving = context;

	return leaving->rows[service - leaving->table->services];
}

static void leave_out_broken(struct table *table, struct diags *diags)
{
	struct leaving leaving = {
		.table = table,
		.rows = calloc(table->count + 1, sizeof(bool)),
		.entries = calloc(table->left_out_count + 1, sizeof(bool)),
	};
	size_t count = diags->count;

	for (size_t n = 0; leaving.rows && leaving.entries && n < count; n++) {
		if (diags->list[n].severity == SEVERITY_ERROR)
			pass_over(&leaving, &diags->list[n], diags);
	}
	if (leaving.rows && leaving.entries) {
		leave_others_out(&leaving, diags);
		note_rows(&leaving, table, diags);
		table_drop(table, is_left_out, &leaving);
	}
	free(leaving.rows);
	free(leaving.entries);
}

/* An inetd looks for a program when it starts it, and so does superd in its name: what is missing now may come. */
static void look_around(const struct options *options, struct table *table, struct diags *diags)
{
	struct heritage bases = { 0 };
	size_t before = diags->count;

	load_bases(&bases);
	preflight_table(table, &bases, diags);
	for (size_t n = before; options->guise == AS_INETD && n < diags->count; n++) {
		if (diags->list[n].severity == SEVERITY_ERROR)
			make_warning(diags, &diags->list[n]);
	}
}

struct table *load_table(const struct options *options, load_took *took, void *context, struct diags *diags)
{
	struct table *table = read_sources(options, took, context, diags);
	bool runs = options->task == TASK_RUN;

	if (!table)
		return NULL;
	if (runs || (options->task == TASK_CHECK && options->preflight))
		resolve_table(table, diags);
	if (options->preflight && options->task != TASK_PRINT)
		look_around(options, table, diags);
	if (options->keep_going && diags->errors)
		leave_out_broken(table, diags);
	diags_sort(diags);
	pool_seal(table->pool);
	return table;
}

struct table *load_again(struct options *options, struct diags *diags)
{
	uint64_t filled = filled_find(options);
	struct table *table;

	if (!can_read_again(options, diags) || !filled_check(options, filled, diags))
		return NULL;
	table = load_table(options, NULL, NULL, diags);
	if (table && !diags->errors)
		options->filled = filled;
	return table;
}
