/* A statement's kind and its arrays. The arrays are emptied between statements but not freed, so a table of ten
 * thousand services costs a handful of allocations. table/superd_conf/grammar.c fills them. */
#include "table/superd_conf/statement.h"

#include <stdlib.h>

#include "lib/array.h"

const char *const statement_names[STATEMENTS] = {
	[STATEMENT_SERVICE] = "service", [STATEMENT_DEFAULTS] = "defaults",
	[STATEMENT_INCLUDE] = "include", [STATEMENT_IMPORT] = "import", [STATEMENT_SUPERD] = "superd",
};

int statement_kind_of(const struct source_file *source, struct token token)
{
	for (int kind = 0; kind < STATEMENTS; kind++) {
		if (token_is(source, token, statement_names[kind]))
			return kind;
	}
	return -1;
}

bool statement_begins(const struct source_file *source)
{
	return statement_kind_of(source, token_after(source, 0)) >= 0;
}

void statement_clear(struct statement *statement)
{
	statement->item_count = statement->word_count = 0;
	statement->broken = false;
}

struct statement_item *statement_add_item(struct statement *statement, enum item_kind kind, struct word name,
					  struct origin at)
{
	size_t count = statement->item_count;
	struct statement_item *items = array_grow(statement->items, &statement->item_capacity, count, sizeof(*items));

	if (items)
		statement->items = items;
	statement->failed |= !items;
	if (statement->failed)
		return NULL;
	statement->item_count++;
	items[count] = (struct statement_item){ .kind = kind, .name = name, .at = at, .first = statement->word_count };
	return &items[count];
}

void statement_add_word(struct statement *statement, struct word word, struct origin at)
{
	size_t count = statement->word_count;
	struct word *words = array_grow(statement->words, &statement->word_capacity, count, sizeof(*words));
	struct origin *places = array_grow(statement->word_at, &statement->place_capacity, count, sizeof(*places));

	if (words)
		statement->words = words;
	if (places)
		statement->word_at = places;
	statement->failed |= !words || !places;
	if (statement->failed)
		return;
	words[count] = word;
	places[count] = at;
	statement->word_count++;
	statement->items[statement->item_count - 1].count++;
}

void statement_free(struct statement *statement)
{
	free(statement->items);
	free(statement->words);
	free(statement->word_at);
	*statement = (struct statement){ 0 };
}
