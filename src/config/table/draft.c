/* A service while a reader reads it: its life and its socket { } blocks. draft_set.c sets the options.
 *
 * A reader never has to stop. It reads a misplaced block, or one that found no memory, to its end.
 * draft_close_socket reports bad blocks, draft_set and draft_seal report that memory ran out. */
#include "config/table/draft.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "config/table/draft_parts.h"

#define SOCKETS_MOST UINT16_MAX         /* what a mark has room for */

bool origin_keep(struct draft *draft, struct origin *at)
{
	if (!at->file)
		return true;
	if (draft->at.file && (draft->at.file == at->file || !strcmp(draft->at.file, at->file))) {
		at->file = draft->at.file;
		return true;
	}
	at->file = pool_text(draft->table->pool, at->file);
	return at->file != NULL;
}

struct draft *draft_new(struct table *table, const char *name, struct origin at)
{
	struct draft *draft = calloc(1, sizeof(*draft));

	if (!draft)
		return NULL;
	draft->table = table;
	draft->number = ++table->drafts_made;
	draft->name = pool_text(table->pool, name);
	if ((name && !draft->name) || !origin_keep(draft, &at)) {
		free(draft);
		return NULL;
	}
	draft->at = at;
	return draft;
}

void draft_set_foreign(struct draft *draft, enum dialect dialect)
{
	draft->is_foreign = true;
	draft->dialect = dialect;
}

void draft_set_alone(struct draft *draft)
{
	draft->is_alone = true;
}

void draft_free(struct draft *draft)
{
	if (!draft)
		return;
	for (size_t i = 0; i < draft->block_count; i++)
		settings_free(&draft->blocks[i].settings);
	free(draft->blocks);
	free(draft->words);
	free(draft->guesses);
	settings_free(&draft->settings);
	free(draft);
}

struct block *draft_block(struct draft *draft)
{
	return draft->open && draft->block_count ? &draft->blocks[draft->block_count - 1] : NULL;
}

struct settings *draft_level(struct draft *draft)
{
	struct block *block = draft_block(draft);

	return block ? &block->settings : &draft->settings;
}

void draft_open_socket(struct draft *draft, const char *name, struct origin at)
{
	struct block *blocks = array_grow(draft->blocks, &draft->block_capacity, draft->block_count,
					  sizeof(*blocks));
	struct block *block;

	draft->open = true;
	draft->is_surplus = draft->block_count == SOCKETS_MOST;
	if (draft->is_surplus) {
		draft->surplus_at = at;
		return;
	}
	if (!blocks || !origin_keep(draft, &at)) {
		draft->exhausted = true;
		return;
	}
	draft->blocks = blocks;
	block = &blocks[draft->block_count++];
	*block = (struct block){ .at = at, .name = name ? pool_text(draft->table->pool, name) : draft->name };
	if (name && !block->name)
		draft->exhausted = true;
}

void report_twice(struct diags *diags, struct origin at, const char *what, struct origin before)
{
	struct buf place = { 0 };

	origin_describe(before, &place);
	diag_error(diags, at, "%s is already set%s", what, buf_string(&place));
	diags_hint(diags, "keep one of the two");
	buf_free(&place);
}

void draft_close_socket(struct draft *draft, struct diags *diags)
{
	struct block *block = draft_block(draft);

	draft->open = false;
	if (draft->is_surplus) {
		if (!draft->is_crowded)
			diag_error(diags, draft->surplus_at, "a service has at most %d sockets with braces of "
				   "their own", SOCKETS_MOST);
		draft->is_crowded = true;
		draft->is_surplus = false;
		return;
	}
	if (!block)
		return;
	if (!draft->name) {
		diag_error(diags, block->at, "socket does not belong in defaults: each service has its own");
	} else if (!settings_find(&block->settings, directive_find(NATIVE, "listen"))) {
		diag_error(diags, block->at, "socket %s: listen is missing", block->name ? block->name : "");
		diags_hint(diags, "say where it listens, as in listen = \"80\"");
	}
}

bool draft_has(const struct draft *draft, const char *name)
{
	const struct directive *directive = directive_find(NATIVE, name);

	if (!directive)
		return false;
	if (settings_find(&draft->settings, directive))
		return true;
	for (size_t i = 0; i < draft->block_count; i++) {
		if (settings_find(&draft->blocks[i].settings, directive))
			return true;
	}
	return draft->block_count && !strcmp(name, "socket");
}

const char *draft_name(const struct draft *draft)
{
	return draft->name;
}
