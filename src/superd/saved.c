/* The configuration on its way to the next superd: a line for each thing that was found out for it, an empty one, and
 * its rows as superd.conf. */
#include "superd/main.h"

#include "superd/machine/machine.h"

char *saved_print(const struct table *table, const struct service *const *more, size_t count)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	bool good = out && print_conf_saved(table, more, count, out);

	good = out && fclose(out) == 0 && text && good; /* glibc reports success where its last realloc fails */
	if (good)
		return text;
	free(text);
	return NULL;
}

static void add_text(struct buf *out, const char *key, const char *text)
{
	if (text)
		line_add(out, key, text, strlen(text));
}

/* A superd that takes over need not ask again. */
static void save_answers(const struct table *table, struct buf *out)
{
	for (const struct lookup *lookup = table->lookups ? table->lookups->last : NULL; lookup;
	     lookup = lookup->next) {
		struct buf answer = { 0 };

		for (const char *const *word = lookup->answer; *word; word++)
			buf_add(&answer, *word, strlen(*word) + 1);
		buf_text(out, "lookup");
		add_text(out, "kind", lookup->kind);
		add_text(out, "name", lookup->name);
		line_add(out, "words", buf_string(&answer), answer.length);
		buf_char(out, '\n');
		out->failed |= answer.failed;
		buf_free(&answer);
	}
	for (const struct compiled_filter *filter = table->filters; filter; filter = filter->next) {
		buf_text(out, "filter");
		add_text(out, "request", filter->request);
		line_add(out, "answer", filter->answer, filter->length);
		buf_char(out, '\n');
	}
}

void saved_head(const struct table *table, struct buf *out)
{
	struct journal_line line = { .out = out };

	buf_text(out, "configuration\n");
	for (size_t n = 0; n < table->role_count; n++) {
		struct source_role role = table->roles[n];

		if ((role.kind != ROLE_SHARED && role.kind != ROLE_VITAL) || !role.at.line)
			continue;
		buf_text(out, "role");
		WALK(&line, "kind", role.kind);
		WALK(&line, "line", role.at.line);
		add_text(out, "file", role.at.file);
		buf_char(out, '\n');
	}
	save_answers(table, out);
	for (size_t n = 0; n < table->skipped_count; n++) {
		struct skipped *entry = &table->skipped[n];

		if (entry->row == SKIPPED_NO_ROW || entry->is_kept)
			continue;
		buf_text(out, "skipped");
		add_text(out, "reason", skipped_reason(entry));
		add_text(out, "file", entry->at.file);
		WALK(&line, "line", entry->at.line);
		add_text(out, "name", entry->name);
		buf_char(out, '\n');
	}
}

/* The next line of this kind; at: NULL for the first. NULL: there is none. */
static const char *next_line(const char *text, const char *at, const char *kind)
{
	at = at ? strchr(at, '\n') + 1 : text;
	while (*at != '\n' && (strncmp(at, kind, strlen(kind)) != 0 || at[strlen(kind)] != ' '))
		at = strchr(at, '\n') + 1;
	return *at == '\n' ? NULL : at;
}

bool saved_is_whole(const char *text)
{
	return strstr(text, "\n\n");
}

static const char *take(struct pool *pool, const char *line, const char *key)
{
	char *text = line_take(&(struct journal_line){ .text = line }, key, NULL);
	const char *kept = pool_text(pool, text);

	if (text && !kept)
		state_fail();
	free(text);
	return kept;
}

static struct lookup_cache *restore_lookups(const char *text)
{
	struct lookup_cache *lookups = lookup_cache_new();

	if (!lookups)
		state_fail();
	for (const char *at = NULL; (at = next_line(text, at, "lookup"));) {
		const char *kind = take(lookups->pool, at, "kind"), *name = take(lookups->pool, at, "name");
		size_t length = 0;
		char *answer = line_take(&(struct journal_line){ .text = at }, "words", &length);

		if (kind && name && answer)
			lookup_cache_add(lookups, kind, name, answer, length);
		free(answer);
	}
	return lookups;
}

/* A superd that takes over must not lose a service because superd-filter fails now. */
static void restore_filters(struct table *table, const char *text)
{
	for (const char *at = NULL; (at = next_line(text, at, "filter"));) {
		const char *request = take(table->pool, at, "request");
		size_t length;
		char *answer = line_take(&(struct journal_line){ .text = at }, "answer", &length);

		if (request && answer)
			filters_add(table, request, answer, length);
		free(answer);
	}
}

/* The files of which a reload says whether they lack what others need; and what the superd before had skipped, which
 * stays so until a reload. false: out of memory. */
static bool restore_notes(struct table *table, const char *text)
{
	bool good = true;

	for (const char *at = NULL; (at = next_line(text, at, "role"));) {
		struct source_role role = { .at.file = take(table->pool, at, "file") };

		WALK_MOST(&(struct journal_line){ .text = at }, "kind", role.kind, ROLE_SHARED);
		WALK(&(struct journal_line){ .text = at }, "line", role.at.line);
		good &= table_add_role(table, role);
	}
	for (const char *at = NULL; (at = next_line(text, at, "skipped"));) {
		struct origin origin = { .file = take(table->pool, at, "file") };
		struct skipped *entry;

		WALK(&(struct journal_line){ .text = at }, "line", origin.line);
		entry = origin.file ? table_skip(table, origin, take(table->pool, at, "name")) : NULL;
		if (entry)
			entry->reason = take(table->pool, at, "reason");
		good &= entry != NULL;
	}
	return good && skipped_list(table);
}

/* All but what skips a service was logged when the sources were read. */
static bool is_known(const struct diag *before, const struct diag *diag)
{
	(void)before;
	return !diag->was_error;
}

/* The rows have no includes and no conditions, so each error in them belongs to a service. */
struct table *saved_read(const struct options *options, const char *text, struct diags *diags)
{
	struct table *table = read_saved(strstr(text, "\n\n") + 2, diags);
	if (!table)
		return NULL;
	table->warns_of_unsupported = options->flags & OPTION_WARNS;
	table->settings = options_join_settings(options, &table->globals);
	table->control = options->settings.control;
	table->lookups = restore_lookups(text);
	restore_filters(table, text);
	resolve_table(table, NULL, diags);
	skip_faulty(table, true, NULL, diags);
	if (!restore_notes(table, text))
		diags_out_of_memory(diags, (struct origin){ 0 });
	diags_sort(diags);
	diags_bound(diags);
	pool_seal(table->pool);
	diags_drop(diags, is_known);
	return table;
}
