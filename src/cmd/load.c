/* Loading. The hard thing is --keep-going: an error belongs to the entry it stands in, that is the last one that begins
 * before it in its file. A service can be left out, whether it became a row or was too broken for that; defaults and
 * what belongs to no entry can't, and stay errors. */
#include "cmd/load.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/single.h"
#include "read/reader.h"
#include "sys/preflight.h"
#include "sys/resolve.h"

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

static struct table *read_sources(const struct options *options, load_took *took, struct diags *diags)
{
	struct read_request request = {
		.compat = options->compat, .took = took,
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
	const struct service *service;  /* NULL: it became no row */
	bool vital;
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
		consider(&owner, diag, (struct owner){ table->services[n].at, &table->services[n], false });
	for (size_t n = 0; n < table->left_out_count; n++)
		consider(&owner, diag, (struct owner){ table->left_out[n], NULL, false });
	for (size_t n = 0; n < table->vital_count; n++)
		consider(&owner, diag, (struct owner){ table->vital[n], NULL, true });
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
	return a == b || (a->at.file && b->at.file && a->at.line == b->at.line && a->at.column == b->at.column &&
			  !strcmp(a->at.file, b->at.file));
}

static bool is_broken(const struct service *service, void *context)
{
	const struct service *const *broken = context;

	for (; *broken; broken++) {
		if (share_place(*broken, service))
			return true;
	}
	return false;
}

/* Turns errors that can be left out into warnings; gives the services that have them, ended by NULL. NULL: out of
 * memory. */
static const struct service **find_broken(const struct table *table, struct diags *diags)
{
	const struct service **broken = calloc(diags->count + 1, sizeof(*broken));
	size_t count = 0;

	for (size_t n = 0; broken && n < diags->count; n++) {
		struct diag *diag = &diags->list[n];
		struct owner owner = { 0 };

		if (diag->severity == SEVERITY_ERROR)
			owner = find_owner(table, diag);
		if (!owner.at.file || owner.vital)
			continue;
		make_warning(diags, diag);
		if (owner.service && !is_broken(owner.service, broken))
			broken[count++] = owner.service;
	}
	return broken;
}

static void leave_out_broken(struct table *table, struct diags *diags)
{
	const struct service **broken = find_broken(table, diags);

	for (size_t n = 0; broken && n < table->count; n++) {
		const struct service *service = &table->services[n];

		if (is_broken(service, broken))
			diag_warning(diags, service->at, "service '%s' is left out for its errors", service->name);
	}
	for (size_t n = 0; broken && n < table->left_out_count; n++)
		diag_warning(diags, table->left_out[n], "this entry is left out for its errors");
	if (broken)
		table_drop(table, is_broken, broken);
	free(broken);
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

struct table *load_table(const struct options *options, load_took *took, struct diags *diags)
{
	struct table *table = read_sources(options, took, diags);
	bool runs = options->task == TASK_RUN;

	if (!table)
		return NULL;
	if (runs || (options->task == TASK_CHECK && options->preflight))
		resolve_table(table, diags);
	if (options->preflight && options->task != TASK_PRINT)
		look_around(options, table, diags);
	if (options->keep_going && diags->errors)
		leave_out_broken(table, diags);
	pool_seal(table->pool);
	return table;
}

struct table *load_again(const struct options *options, struct diags *diags)
{
	return can_read_again(options, diags) ? load_table(options, NULL, diags) : NULL;
}
