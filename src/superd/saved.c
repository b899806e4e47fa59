/* The configuration on its way to the next superd: the settings, the table as text, and what was found out for it. */
#include "superd/main.h"

#include <stdlib.h>
#include <string.h>

#include "superd/machine/machine.h"
#include "table/print/print_conf.h"
#include "table/services/left_out.h"
#include "table/sources/sources.h"

/* A section has a word of the answer as a key each, in its order. */
void lookup_cache_save(const struct lookup_cache *lookups, struct buf *out)
{
	for (const struct lookup *lookup = lookups ? lookups->last : NULL; lookup; lookup = lookup->next) {
		state_open_section(out, "lookup");
		state_add(out, "kind", lookup->kind);
		state_add(out, "name", lookup->name);
		for (const char *const *word = lookup->answer; *word; word++)
			state_add(out, "word", *word);
	}
}

struct lookup_cache *lookup_cache_restore(struct state_stream *stream)
{
	struct lookup_cache *lookups = lookup_cache_new();

	for (size_t n = 0; lookups && n < stream->count; n++) {
		struct state_section *section = &stream->sections[n];
		const char *kind = state_text(section, "kind"), *name = state_text(section, "name");
		const char **answer = strcmp(section->kind, "lookup") ? NULL : calloc(section->count, sizeof(*answer));
		size_t count = 0;

		for (size_t i = 0; answer && i < section->count; i++) {
			if (!strcmp(section->entries[i].key, "word"))
				answer[count++] = section->entries[i].value;
		}
		if (kind && name && answer)
			lookup_cache_add(lookups, kind, name, answer, count);
		free(answer);
	}
	return lookups;
}

/* Saves what was found out for a table, which a superd that takes its place need not ask again. */
static void save_answers(const struct table *table, struct buf *out)
{
	lookup_cache_save(table->lookups, out);
	for (const struct compiled_filter *filter = table->filters; filter; filter = filter->next) {
		state_open_section(out, "system_call_filter");
		state_add(out, "request", filter->request);
		state_add_bytes(out, "answer", filter->answer, filter->length);
	}
}

char *load_print_table(const struct table *table)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	bool good = out && print_conf_saved(table, NULL, 0, out);

	good = out && fclose(out) == 0 && text && good; /* glibc reports success where its last realloc fails */
	if (good)
		return text;
	free(text);
	return NULL;
}

void load_save_printed(const struct options *options, const struct table *table, const char *text, struct buf *out)
{
	bool keeps = false;

	settings_save(options, out);
	state_open_section(out, "table");
	state_add(out, "text", text);
	for (size_t n = 0; n < table->left_out_count; n++)
		keeps |= table->left_out[n].is_kept;
	if (keeps)
		state_add_number(out, "kept", 1);
	for (size_t n = 0; n < table->note_count; n++) {
		const struct note *note = &table->notes[n];
		bool is_shared = (note->kind == NOTE_SHARED || note->kind == NOTE_VITAL) && note->at.line;

		if (note->kind != NOTE_FILE && !is_shared)
			continue;
		state_open_section(out, is_shared ? "shared" : "file");
		state_add(out, "path", note->at.file);
	}
	save_answers(table, out);
	for (size_t n = 0; n < table->left_out_count; n++) {
		const struct left_out *entry = &table->left_out[n];

		if (entry->row == LEFT_OUT_NO_ROW || entry->is_kept)
			continue;
		state_open_section(out, "left_out");
		state_add(out, "reason", left_out_reason(entry));
		state_add(out, "file", entry->at.file);
		state_add_number(out, "line", entry->at.line);
		if (entry->name)
			state_add(out, "name", entry->name);
	}
}

/* Reads the text that load_save_printed wrote. It has no includes and no conditions, so each error in it belongs to a
 * service. */
static struct table *saved_read(const struct options *options, struct state_stream *stream, struct diags *diags)
{
	const char *text = load_previous_table(stream);
	struct table *table = text ? read_saved(text, diags) : NULL;
	bool good = true;

	if (!table)
		return NULL;
	diags->keeps_all = true;
	table->warns_of_unsupported = options->warns_of_unsupported;
	table->settings = options_join_settings(options, &table->globals);
	table->control = options->settings.control;
	table->lookups = lookup_cache_restore(stream);
	for (size_t n = 0; n < stream->count; n++) {
		struct state_section *section = &stream->sections[n];
		bool is_filter = !strcmp(section->kind, "system_call_filter");
		const char *request = is_filter ? state_text(section, "request") : NULL;
		size_t length;
		void *answer = is_filter ? state_take_bytes(section, "answer", STATE_STREAM_MOST, &length) : NULL;

		/* A superd that takes over must not lose a service because superd-filter fails now. */
		if (request && answer)
			filters_add(table, request, answer, length);
		free(answer);
	}
	resolve_table(table, NULL, diags);
	leave_out_faulty(table, true, NULL, diags);
	if (!find_saved_places(table, text))
		diags_out_of_memory(diags, (struct origin){ 0 });
	/* What the superd before had left out stays so until a reload. */
	for (size_t n = 0; n < stream->count; n++) {
		struct state_section *section = &stream->sections[n];
		struct origin at = { .file = strcmp(section->kind, "left_out") ? NULL : state_text(section, "file") };
		const char *path = state_text(section, "path");
		struct left_out *entry;

		if (path && !strcmp(section->kind, "file"))
			good &= table_note(table, (struct note){ NOTE_FILE, .at.file = path });
		if (path && !strcmp(section->kind, "shared"))
			good &= table_note(table, (struct note){ NOTE_SHARED, .at = { path, 1, 0 } });
		if (at.file) {
			at.line = (unsigned)state_number(section, "line", 0, INT32_MAX, 0);
			entry = table_leave_out(table, at, state_text(section, "name"));
			if (entry)
				entry->reason = pool_text(table->pool, state_text(section, "reason"));
			good &= entry != NULL;
		}
	}
	if (!good || !left_out_list(table))
		diags_out_of_memory(diags, (struct origin){ 0 });
	diags_sort(diags);
	diags_bound(diags);
	pool_seal(table->pool);
	return table;
}

struct table *load_row(const struct options *options, const char *text, struct diags *diags)
{
	struct state_stream stream = { 0 };
	char *copy = strdup(text);
	struct table *table = NULL;

	if (copy && state_stream_parse(&stream, copy))
		table = saved_read(options, &stream, diags);
	state_stream_free(&stream);
	return table;
}

struct table *load_previous(struct options *options, struct state_stream *before, struct diags *diags)
{
	struct table *table = saved_read(options, before, diags);
	bool *is_new = table ? calloc(diags->count + 1, sizeof(*is_new)) : NULL;

	if (!is_new) {
		table_free(table);
		return NULL;
	}
	for (size_t n = 0; n < diags->count; n++) /* all else was logged when the sources were read */
		is_new[n] = diags->list[n].was_error;
	diags_keep(diags, is_new);
	free(is_new);
	return table;
}
