/* Loads the table: reads the sources, resolves names and looks at this machine. */
#include "superd/main.h"

#include "superd/machine/machine.h"

/* The sources of the command line, and the optional ones that exist now. The caller frees the list. NULL: out of
 * memory. */
static const char **list_sources(const struct options *options, size_t *count)
{
	const char **sources = calloc(options->sources.count + options->optional_sources.count + 1, sizeof(*sources));

	*count = 0;
	for (size_t n = 0; sources && n < options->sources.count; n++)
		sources[(*count)++] = options->sources.list[n];
	for (size_t n = 0; sources && n < options->optional_sources.count; n++) {
		if (access(source_name_path(options->optional_sources.list[n]), F_OK) == 0)
			sources[(*count)++] = options->optional_sources.list[n];
	}
	if (sources && !*count)
		sources[(*count)++] = SYSCONFDIR "/superd.conf";
	return sources;
}

static struct table *read_sources(const struct table_load *loading, struct lookup_cache *lookups, struct diags *diags)
{
	const struct options *options = loading->options;
	struct reader_process reader = { .helper = HELPER_PROCESS_NONE(PROGRAM_READ),
					 .reads_input = options_read_standard_input(options) };
	struct read_request request = {
		.compat = options->compat,
		.on_source = loading->on_source,
		.context = loading->context,
		.start = reader_process_start,
		.describe_end = reader_process_describe_end,
		.start_context = &reader,
		.shares_defaults = options->invoked_as == AS_XINETD,
		.inetd = options->invoked_as == AS_INETD ? &options->defaults : NULL,
		.warns_of_unsupported = options->flags & OPTION_WARNS,
	};
	struct specifier_values machine;
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
	/* The facts of this machine that units refer to; inetd and xinetd read no units. */
	pool = options->invoked_as == AS_SUPERD ? pool_new() : NULL;
	if (pool && os_info_read(&machine, lookups, pool)) {
		request.machine = &machine;
		request.unit_path = os_info_unit_path(&machine, pool);
	}
	table = read_table(&request, diags);
	helper_process_end(&reader.helper);
	pool_free(pool);
	free(sources);
	return table;
}

/* Whether it is the same mistake, in a line that makes several services, such as auth and auth-tcp6, whose names stand
 * in front. The diagnostics are sorted, so those of one place stand together. */
static bool is_duplicate(const struct diag *a, const struct diag *b)
{
	struct origin at = a ? (struct origin){ a->file, a->line, a->column } : (struct origin){ 0 };
	const char *a_text = a ? strstr(a->message, ": ") : NULL, *b_text = strstr(b->message, ": ");

	return a_text && b_text && a->severity == b->severity && !strcmp(a_text, b_text) &&
		origin_equal(at, (struct origin){ b->file, b->line, b->column });
}

struct table *load_table(const struct table_load *loading, struct diags *diags)
{
	const struct options *options = loading->options;
	enum preflight_for purpose = loading->compares ? PREFLIGHT_COMPARISON
		: loading->before		       ? PREFLIGHT_RELOAD
		: options->task == TASK_CHECK	       ? PREFLIGHT_CHECK
						       : PREFLIGHT_START;
	bool looks = !(options->flags & OPTION_NO_PREFLIGHT); /* at this machine; else the table may be another one's */
	struct lookup_cache *lookups;
	struct table *table;
	size_t count;

	if (loading->before && options_read_standard_input(options)) {
		diag_error(diags, (struct origin){ 0 },
			   "superd read the configuration from standard input, and cannot read it again");
		return NULL;
	}
	lookups = lookup_cache_new();
	table = read_sources(loading, lookups, diags);
	if (table) {
		table->lookups = lookups;
		settings_check(options, table, loading->before, diags);
		table->settings = options_join_settings(options, &table->globals);
		table->control = loading->before ? options->settings.control : table->settings.control;
		table->warns_of_unsupported = options->flags & OPTION_WARNS;
		table->is_only_checked = options->task == TASK_CHECK;
		if (options->task == TASK_RUN || (options->task == TASK_CHECK && looks))
			resolve_table(table, loading->before, diags);
		check_conflicts(table, diags);
		count = diags->count;
		if (looks && options->task != TASK_PRINT)
			preflight_table(table, purpose, diags);
		/* inetd looks for a program when it starts it: one that is missing now may still come. */
		for (size_t n = count; options->invoked_as == AS_INETD && n < diags->count; n++) {
			if (diags->list[n].severity == SEVERITY_ERROR)
				diags_pass_over(diags, &diags->list[n]);
		}
		skip_faulty(table, options->flags & OPTION_KEEP_GOING, loading->before, diags);
	} else {
		lookup_cache_free(lookups);
	}
	diags_sort(diags);
	if (table)
		diags_drop(diags, is_duplicate);
	diags_bound(diags);
	if (table)
		pool_seal(table->pool);
	return table;
}
