/* A source of superd.conf cut into its statements, with the place of every name and value.
 *
 * One pass over the text, quote-aware: it finds each mistake in how things are put together, says it at its column and
 * goes on behind it, so one reading shows them all. What a value is, parse/superd/values reads, and what it means is
 * for the directive table. A statement is reused from call to call; start with a zeroed one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/source_file.h"
#include "parse/superd/token.h"

struct reading;

enum statement_kind { STATEMENT_SERVICE, STATEMENT_DEFAULTS, STATEMENT_INCLUDE, STATEMENT_IMPORT, STATEMENTS };

extern const char *const statement_names[STATEMENTS];   /* the keywords */

enum item_kind {
	ITEM_HEAD,                      /* always the first: the keyword, with the title or path as its one word */
	ITEM_OPTION,
	ITEM_BAD,                       /* an option whose value could not be read; already reported */
	ITEM_SOCKET,                    /* socket NAME {, with NAME as its word; what follows is inside … */
	ITEM_END,                       /* … up to here */
};

struct word {
	size_t start, end;              /* bytes of the source, quotes included */
};

struct statement_item {
	enum item_kind kind;
	struct word name;
	struct origin at;
	bool is_list, append;           /* {a, b}; += */
	size_t first, count;            /* its words, of the statement's */
};

struct statement {
	enum statement_kind kind;
	struct statement_item *items;
	size_t item_count, item_capacity;
	struct word *words;
	struct origin *word_at;         /* of each word, in parallel */
	size_t word_count, word_capacity, place_capacity;
	bool broken;                    /* a mistake was reported: what could be made out is here, yet not to be run */
	bool failed;                    /* out of memory */
};

/* Where the cutting stands; start with source and diags set and the rest zero. */
struct statement_splitter {
	const struct source_file *source;
	struct diags *diags;
	size_t at;
	size_t line;                    /* from which on the next place is looked for */
	struct reading *reading;        /* marks what begins no statement as vital; may be NULL */
};

/* Reads the next statement. false at the end of the text, or when memory ran out. */
bool statement_next(struct statement_splitter *splitter, struct statement *statement);

/* The statement that a token begins, or -1. */
int statement_kind_of(const struct source_file *source, struct token token);

/* Whether a text begins with a statement, comments aside; this distinguishes superd.conf from other tables. */
bool statement_begins(const struct source_file *source);

/* For the grammar: both set `failed` when memory runs out and then do nothing any more. A word goes to the item added
 * last. */
void statement_clear(struct statement *statement);
struct statement_item *statement_add_item(struct statement *statement, enum item_kind kind, struct word name,
					  struct origin at);
void statement_add_word(struct statement *statement, struct word word, struct origin at);

void statement_free(struct statement *statement);
