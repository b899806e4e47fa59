/* Loading. The hard thing is --keep-going: an error belongs to the service it stands in, that is the last one that
 * begins before it in its file; what stands in no service can't be left out and stays an error. */
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

static struct table *read_sources(const struct options *options, struct diags *diags)
{
	static const char *const usual[] = { SYSCONFDIR "/superd.conf" };

	if (options->endpoint_count)
		return single_table(options, diags);
	if (options->source_count)
		return read_table(options->sources, options->source_count, diags);
	return read_table(usual, 1, diags);
}

static bool stands_in(const struct diag *diag, const struct service *service)
{
	return diag->file && service->at.file && !strcmp(diag->file, service->at.file) &&
		service->at.line <= diag->line;
}

/* The service a diagnostic is about. */
static const struct service *owner(const struct table *table, const struct diag *diag)
{
	const struct service *found = NULL;

	for (size_t n = 0; n < table->count; n++) {
		const struct service *service = &table->services[n];

		if (stands_in(diag, service) && (!found || service->at.line >= found->at.line))
			found = service;
	}
	return found;
}

static bool is_broken(const struct service *service, void *context)
{
	const struct service *const *broken = context;

	for (; *broken; broken++) {
		if (*broken == service)
			return true;
	}
	return false;
}

static void leave_out_broken(struct table *table, struct diags *diags)
{
	const struct service **broken = calloc(diags->count + 1, sizeof(*broken));
	size_t count = 0;

	for (size_t n = 0; broken && n < diags->count; n++) {
		struct diag *diag = &diags->list[n];
		const struct service *service = diag->severity == SEVERITY_ERROR ? owner(table, diag) : NULL;

		if (!service)
			continue;
		broken[count++] = service;
		diag->severity = SEVERITY_WARNING;
		diags->errors--;
		diags->warnings++;
	}
	for (size_t n = 0; n < count; n++) {
		if (n == 0 || broken[n] != broken[n - 1])
			diag_warning(diags, broken[n]->at, "service '%s' is left out for its errors", broken[n]->name);
	}
	if (broken)
		table_drop(table, is_broken, broken);
	free(broken);
}

struct table *load_table(const struct options *options, struct diags *diags)
{
	struct table *table = read_sources(options, diags);
	bool runs = options->task == TASK_RUN;
	struct heritage bases = { 0 };

	if (!table)
		return NULL;
	if (runs || (options->task == TASK_CHECK && options->preflight))
		resolve_table(table, diags);
	load_bases(&bases);
	if (options->preflight && options->task != TASK_PRINT)
		preflight_table(table, &bases, diags);
	if (options->keep_going && diags->errors)
		leave_out_broken(table, diags);
	pool_seal(table->pool);
	return table;
}

struct table *load_again(const struct options *options, struct diags *diags)
{
	return can_read_again(options, diags) ? load_table(options, diags) : NULL;
}
