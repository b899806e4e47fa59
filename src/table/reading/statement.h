/* The statements of a superd.conf, with the place of every name and value.
 *
 * The parser reads the text once. It reports the first mistake of syntax of each statement at its column, and continues
 * behind the statement. table/reading/values removes quotes and escapes from values; the table of options
 * defines their meaning. A struct statement is reused from call to call; it starts zeroed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/diag.h"
#include "lib/source_file.h"
#include "table/option/type.h"

struct reading;

enum statement_kind {
	STATEMENT_SERVICE, STATEMENT_DEFAULTS, STATEMENT_INCLUDE, STATEMENT_IMPORT, STATEMENT_SUPERD, STATEMENTS
};

enum item_kind {
	ITEM_HEAD,                      /* always the first: the keyword; its word is the name or path, if any */
	ITEM_OPTION,
	ITEM_SOCKET,                    /* the start of a socket's block; its one word is the socket's name */
	ITEM_END,                       /* the end of that block */
};

struct word {
	size_t start, end;              /* bytes of the source; quotes are included */
};

struct statement_item {
	enum item_kind kind;
	struct word name;
	struct origin at;
	bool is_list;                   /* the value is written {a, b} */
	bool append;                    /* the operator is += */
	size_t first, count;            /* its words in the statement's array */
};

/* What superd-read and superd itself write in front of a service and of its values: where they stand in the sources
 * (table/services/service_conf.c). In a file of a user's it is a comment. */
struct place_mark {
	struct origin at;               /* file "": the command line; NULL: there is none */
	bool is_foreign, is_alone;      /* as builder_set_foreign, builder_set_alone; of a service */
	enum dialect dialect;
};

struct statement {
	enum statement_kind kind;
	struct place_mark mark;         /* in front of it */
	struct statement_item *items;
	size_t item_count, item_capacity;
	struct word *words;
	struct origin *word_at;         /* the place of each word */
	size_t word_count, word_capacity, place_capacity;
	bool broken;                    /* a mistake was reported: the items before it are checked, but must not be run */
	bool failed;                    /* out of memory */
};

/* The state of the parser between statements. The caller sets source, diags and reading; the rest starts zeroed. */
struct statement_splitter {
	const struct source_file *source;
	struct diags *diags;
	size_t at;                      /* offset of the text that is not read yet */
	size_t line;                    /* of the last place, where the search for the next one begins */
	struct reading *reading;        /* borrowed; notes what begins no statement as vital; may be NULL */
	struct pool *files;             /* the text has marks, whose file names go there; NULL: those are comments */
	struct place_mark mark;         /* the last one */
};

/* Reads the next statement. false: at the end of the text, or statement->failed is set. */
bool statement_next(struct statement_splitter *splitter, struct statement *statement);

/* Whether the first token of a text begins a statement. This distinguishes superd.conf from other tables. */
bool statement_begins(const struct source_file *source);

void statement_free(struct statement *statement);
