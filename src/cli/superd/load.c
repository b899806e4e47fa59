/* Loads the table: reads the sources, resolves names and looks at this machine.
 *
 * With --keep-going an entry that is left out may have taken the socket of another. That shows only once the whole
 * table is read and resolved; load then reads everything again without that entry (cli/superd/keep_going.h), at
 * most ROUNDS_MOST times. */
#include "cli/superd/load.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "cli/print/print_conf.h"
#include "cli/superd/keep_going.h"
#include "cli/superd/nonempty_sources.h"
#include "cli/superd/socket_activate.h"
#include "engine/upgrade/load.h"
#include "exec/dirs/directories.h"
#include "os/host/hosts_access.h"
#include "parse/sources/source_name.h"
#include "parse/sources/sources.h"
#include "prepare/os_info.h"
#include "prepare/preflight.h"
#include "prepare/resolve.h"

#define ROUNDS_MOST 16                  /* of reading the same once more */

void load_bases(struct process_defaults *process_defaults, const struct options *options)
{
	directories_find_bases(process_defaults);
	process_defaults->control = options->control && *options->control == '/' ? options->control : NULL;
}

/* Standard input is empty when it is read again: a reload would remove every service. */
bool load_reads_standard_input(const struct options *options)
{
	for (size_t n = 0; n < options->sources.count; n++) {
		if (!strcmp(source_name_path(options->sources.list[n]), "-"))
			return true;
	}
	return false;
}

/* The sources of the command line, and of the further ones those that are there now. NULL: out of memory. */
static const char **list_sources(const struct options *options, size_t *count)
{
	const char **sources = calloc(options->sources.count + options->further.count + 1, sizeof(*sources));

	*count = 0;
	for (size_t n = 0; sources && n < options->sources.count; n++)
		sources[(*count)++] = options->sources.list[n];
	for (size_t n = 0; sources && n < options->further.count; n++) {
		if (access(source_name_path(options->further.list[n]), F_OK) == 0)
			sources[(*count)++] = options->further.list[n];
	}
	if (sources && !*count)
		sources[(*count)++] = SYSCONFDIR "/superd.conf";
	return sources;
}

/* The state of one load_table, load_to_run or load_again. */
struct table_load {
	const struct options *options;
	load_took *took;
	void *context;
	struct exclusions exclusions;
	const struct nonempty_sources *before; /* NULL: this is no reload */
	struct nonempty_sources nonempty; /* the files of this reading */
	uint64_t sources;               /* their number, as the table's */
	size_t read;                    /* diagnostics there are when it is read, before this machine is looked at */
};

/* A file that is written to, or replaced, differs in one of these facts. */
static uint64_t hash_file(uint64_t hash, const char *path, const struct stat *status)
{
	const int64_t facts[] = { (int64_t)status->st_dev, (int64_t)status->st_ino, status->st_size,
				  status->st_mtim.tv_sec, status->st_mtim.tv_nsec };
	char bytes[sizeof(facts)];

	memcpy(bytes, facts, sizeof(bytes));
	return hash_bytes(hash_bytes(hash, path, strlen(path)), bytes, sizeof(bytes));
}

/* read_request's may_read: refuses a file that has become empty, and notes those that are not. */
static bool may_read(void *context, const char *path, const struct stat *status, struct diags *diags)
{
	struct table_load *loading = context;
	size_t size = (size_t)status->st_size;
	bool was_nonempty = loading->before && nonempty_sources_has(loading->before, path);

	loading->sources = hash_file(loading->sources, path, status);
	if (size || was_nonempty)
		nonempty_sources_note(&loading->nonempty, path);
	if (size || !was_nonempty)
		return true;
	diag_error(diags, ((struct origin){ .file = path }), "is empty, and was not before");
	diags_hint(diags, "that no service is meant is said by a comment in it, or by its removal");
	return false;
}

/* Looks up facts of this machine that units ask for; inetd and xinetd read no units. The pool holds the facts; free it
 * after reading. NULL: no facts, or no memory for them. */
static struct pool *look_at_machine(const struct options *options, struct unit_machine *machine,
				    struct read_request *request)
{
	struct pool *pool = options->invoked_as == AS_SUPERD ? pool_new() : NULL;

	if (pool && os_info_read(machine, pool)) {
		request->machine = machine;
		request->unit_path = os_info_unit_path(machine, pool);
	}
	return pool;
}

static struct table *read_sources(struct table_load *loading, struct diags *diags)
{
	const struct options *options = loading->options;
	struct hosts_access hosts_access = { 0 };
	struct read_request request = {
		.compat = options->compat, .took = loading->took, .context = loading->context,
		.may_be_denied = hosts_access_has_rules(&hosts_access) ? hosts_access_may_deny : NULL,
		.shares_defaults = options->invoked_as == AS_XINETD,
		.inetd = options->invoked_as == AS_INETD ? &options->defaults : NULL,
		.without = loading->exclusions.list, .without_count = loading->exclusions.count,
		.may_read = may_read, .may_read_context = loading,
		.warns_of_unsupported = options->warns_of_unsupported,
	};
	struct unit_machine machine;
	const char **sources;
	struct table *table;
	struct pool *pool;

	if (options->endpoints.count)
		return socket_activate_table(options, diags);
	sources = list_sources(options, &request.count);
	if (!sources) {
		diag_error(diags, (struct origin){ 0 }, "out of memory");
		return NULL;
	}
	request.sources = sources;
	pool = look_at_machine(options, &machine, &request);
	table = read_table(&request, diags);
	pool_free(pool);
	free(sources);
	return table;
}

/* An inetd looks for a program when it starts it, and so does superd in its name: what is missing now may come. */
static void look_around(const struct options *options, struct table *table, bool serves, struct diags *diags)
{
	struct process_defaults bases = { 0 };
	size_t before = diags->count;

	load_bases(&bases, options);
	preflight_table(table, &bases, serves, diags);
	for (size_t n = before; options->invoked_as == AS_INETD && n < diags->count; n++) {
		if (diags->list[n].severity == SEVERITY_ERROR)
			diags_pass_over(diags, &diags->list[n]);
	}
}

static struct table *read_once(struct table_load *loading, struct diags *diags)
{
	const struct options *options = loading->options;
	struct table *table;
	bool runs = options->task == TASK_RUN;

	loading->sources = HASH_START;
	table = read_sources(loading, diags);
	loading->read = diags->count;
	if (!table)
		return NULL;
	table->sources = loading->sources;
	table->warns_of_unsupported = options->warns_of_unsupported;
	table->is_only_checked = options->task == TASK_CHECK;
	if (runs || (options->task == TASK_CHECK && options->preflight))
		resolve_table(table, diags);
	if (options->preflight && options->task != TASK_PRINT)
		look_around(options, table, loading->before, diags);
	return table;
}

/* Whether the names in front of two messages are those of services that one entry made, as auth and auth-tcp6. */
static bool are_of_one_entry(const struct table *table, const char *a, size_t a_length, const char *b, size_t b_length)
{
	const struct service *first, *second;
	char name[2][256];

	if (a_length >= sizeof(name[0]) || b_length >= sizeof(name[1]))
		return false;
	memcpy(name[0], a, a_length);
	memcpy(name[1], b, b_length);
	name[0][a_length] = name[1][b_length] = '\0';
	first = table_find(table, name[0]);
	second = table_find(table, name[1]);
	return first && second && first != second && origin_equal(first->at, second->at);
}

static bool says_the_same(const struct table *table, const struct diag *a, const struct diag *b)
{
	struct origin at = { a->file, a->line, a->column }, other = { b->file, b->line, b->column };
	const char *a_text = strstr(a->message, ": "), *b_text = strstr(b->message, ": ");

	return a->severity == b->severity && a_text && b_text && origin_equal(at, other) && !strcmp(a_text, b_text) &&
	       are_of_one_entry(table, a->message, (size_t)(a_text - a->message), b->message,
				(size_t)(b_text - b->message));
}

/* A mistake of a line that makes several services is one. Sorted, so that those of one place stand together. */
static void tell_once(struct diags *diags, const struct table *table)
{
	bool *wanted = malloc(diags->count * sizeof(*wanted) + 1), any = false;

	for (size_t n = 0; wanted && n < diags->count; n++) {
		wanted[n] = !n || !says_the_same(table, &diags->list[n - 1], &diags->list[n]);
		any |= !wanted[n];
	}
	if (any && !diags->dropped_errors && !diags->dropped_others && !diags->lost)
		diags_keep(diags, wanted);      /* which would forget those numbers */
	free(wanted);
}

static struct table *load(struct table_load *loading, struct diags *diags)
{
	bool keeps_going = loading->options->keep_going;
	struct table *table;

	loading->exclusions.rounds = load_reads_standard_input(loading->options) ? 0 : ROUNDS_MOST;
	diags->keeps_all = keeps_going;
	table = read_once(loading, diags);
	while (table && keeps_going && !keep_going(table, &loading->exclusions, diags, loading->read)) {
		table_free(table);
		nonempty_sources_free(&loading->nonempty);
		loading->took = NULL;
		table = read_once(loading, diags);
	}
	exclusions_free(&loading->exclusions);
	diags_sort(diags);
	if (table)
		tell_once(diags, table);
	diags_bound(diags);
	if (table)
		pool_seal(table->pool);
	return table;
}

struct table *load_table(const struct options *options, load_took *took, void *context, struct diags *diags)
{
	struct table_load loading = { .options = options, .took = took, .context = context };
	struct table *table = load(&loading, diags);

	nonempty_sources_free(&loading.nonempty);
	return table;
}

static bool is_source(const void *context, const char *path)
{
	const struct options *options = context;
	size_t count;
	const char **sources = list_sources(options, &count);
	bool found = !sources;

	for (size_t n = 0; n < count && !found; n++) {
		const char *colon = strchr(sources[n], ':');

		found = !strcmp(colon ? colon + 1 : sources[n], path);
	}
	free(sources);
	return found;
}

/* before: NULL, or what the table that runs was made of. */
static struct table *load_noting(struct options *options, const struct nonempty_sources *before, struct diags *diags)
{
	struct table_load loading = { .options = options, .before = before };
	struct table *table = load(&loading, diags);

	if (table && loading.nonempty.failed)
		diag_error(diags, (struct origin){ 0 }, "out of memory");
	if (!table || diags->errors) {
		nonempty_sources_free(&loading.nonempty);
		return table;
	}
	nonempty_sources_end(&loading.nonempty, table, is_source, options);
	nonempty_sources_free(&options->nonempty);
	options->nonempty = loading.nonempty;
	return table;
}

struct table *load_to_run(struct options *options, struct diags *diags)
{
	return load_noting(options, NULL, diags);
}

struct table *load_again(struct options *options, struct diags *diags)
{
	if (load_reads_standard_input(options)) {
		diag_error(diags, (struct origin){ 0 }, "the table came from standard input and cannot be read again");
		return NULL;
	}
	if (!nonempty_sources_check(&options->nonempty, diags))
		return NULL;
	return load_noting(options, &options->nonempty, diags);
}

void load_carry(void *options, const struct table *table, struct state_saver *carry)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	bool good = out && print_conf(table, false, out);

	good = out && fclose(out) == 0 && good;
	if (good) {
		state_open_section(&carry->text, "table");
		state_add(&carry->text, "text", text);
		nonempty_sources_carry(&((struct options *)options)->nonempty, &carry->text);
	}
	carry->failed |= !good;
	free(text);
}

/* The text that was carried over has no includes and no conditions, so each error in it belongs to a service. */
struct table *load_carried(struct options *options, struct state_stream *before, struct diags *diags)
{
	struct exclusions exclusions = { 0 };
	const char *text = load_previous_table(before);
	struct table *table = text ? read_text("the table before the upgrade", text, strlen(text), diags) : NULL;
	size_t read;

	if (!table)
		return NULL;
	diags->keeps_all = true;
	table->warns_of_unsupported = options->warns_of_unsupported;
	read = diags->count;
	resolve_table(table, diags);
	keep_going(table, &exclusions, diags, read);
	exclusions_free(&exclusions);
	diags_sort(diags);
	diags_bound(diags);
	pool_seal(table->pool);
	nonempty_sources_free(&options->nonempty);
	nonempty_sources_resume(&options->nonempty, before);
	return table;
}
