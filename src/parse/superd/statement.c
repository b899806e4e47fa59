/* A statement's kind and its arrays: they grow, are emptied between statements and kept, so that a table of ten
 * thousand services costs a handful of allocations. How they are filled is in parse/superd/grammar. */
#include "parse/superd/statement.h"

#include <stdlib.h>

const char *const statement_names[STATEMENTS] = {
	[STATEMENT_SERVICE] = "service", [STATEMENT_DEFAULTS] = "defaults",
	[STATEMENT_INCLUDE] = "include", [STATEMENT_IMPORT] = "import",
};

int statement_kind_of(const struct source *source, struct token token)
{
	for (int kind = 0; kind < STATEMENTS; kind++) {
		if (token_is(source, token, statement_names[kind]))
			return kind;
	}
	return -1;
}

bool statement_begins(const struct source *source)
{
	return statement_kind_of(source, token_after(source, 0)) >= 0;
}

static bool grow_items(struct statement *statement)
{
	size_t capacity = statement->item_capacity ? 2 * statement->item_capacity : 16;
	struct item *items = reallocarray(statement->items, capacity, sizeof(*items));

	if (!items)
		return false;
	statement->items = items;
	statement->item_capacity = capacity;
	return true;
}

static bool grow_words(struct statement *statement)
{
	size_t capacity = statement->word_capacity ? 2 * statement->word_capacity : 32;
	struct word *words = reallocarray(statement->words, capacity, sizeof(*words));
	struct origin *word_at;

	if (!words)
		return false;
	statement->words = words;
	word_at = reallocarray(statement->word_at, capacity, sizeof(*word_at));
	if (!word_at)
		return false;
	statement->word_at = word_at;
	statement->word_capacity = capacity;
	return true;
}

void statement_clear(struct statement *statement)
{
	statement->item_count = statement->word_count = 0;
	statement->broken = false;
}

struct item *statement_add_item(struct statement *statement, enum item_kind kind, struct word name, struct origin at)
{
	struct item *item;

	if (statement->failed || (statement->item_count == statement->item_capacity && !grow_items(statement))) {
		statement->failed = true;
		return NULL;
	}
	item = &statement->items[statement->item_count++];
	*item = (struct item){ .kind = kind, .name = name, .at = at, .first = statement->word_count };
	return item;
}

void statement_add_word(struct statement *statement, struct word word, struct origin at)
{
	if (statement->failed || (statement->word_count == statement->word_capacity && !grow_words(statement))) {
		statement->failed = true;
		return;
	}
	statement->words[statement->word_count] = word;
	statement->word_at[statement->word_count++] = at;
	statement->items[statement->item_count - 1].count++;
}

void statement_free(struct statement *statement)
{
	free(statement->items);
	free(statement->words);
	free(statement->word_at);
	*statement = (struct statement){ 0 };
}
