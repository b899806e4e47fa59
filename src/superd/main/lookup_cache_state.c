/* A section has a word of the answer as a key each, in its order. */
#include "superd/main/lookup_cache_state.h"

#include <stdlib.h>
#include <string.h>

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

static void restore_lookup(struct lookup_cache *lookups, struct state_section *section)
{
	const char *kind = state_text(section, "kind"), *name = state_text(section, "name");
	const char **words = calloc(section->count, sizeof(*words));
	size_t count = 0;

	section->used = true;
	for (size_t n = 0; words && n < section->count; n++) {
		struct state_entry *entry = &section->entries[n];

		if (strcmp(entry->key, "word") != 0)
			continue;
		entry->used = true;
		words[count++] = entry->value;
	}
	if (kind && name && words)
		lookup_cache_add(lookups, kind, name, words, count);
	free(words);
}

struct lookup_cache *lookup_cache_restore(struct state_stream *stream)
{
	struct lookup_cache *lookups = lookup_cache_new();

	for (size_t n = 0; lookups && n < stream->count; n++) {
		if (!strcmp(stream->sections[n].kind, "lookup"))
			restore_lookup(lookups, &stream->sections[n]);
	}
	return lookups;
}
