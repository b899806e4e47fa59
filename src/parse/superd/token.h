/* The tokens of superd.conf: words, quoted texts, braces, signs. Pure: the next token depends on the text and the
 * offset alone, so looking ahead costs nothing and reports nothing. Comments and blanks are passed over. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/source_file.h"

enum token_kind {
	TOKEN_END,                      /* of the text; `wrong` is set when a comment was open there */
	TOKEN_WORD,                     /* bare */
	TOKEN_QUOTED,                   /* start and end include the quotes; an open one ends with its line */
	TOKEN_OPEN, TOKEN_CLOSE,        /* { } */
	TOKEN_LEFT, TOKEN_RIGHT,        /* ( ) */
	TOKEN_COMMA, TOKEN_SET, TOKEN_ADD,      /* , = += */
};

struct token {
	enum token_kind kind;
	size_t start, end;              /* bytes of the source's text */
	bool on_new_line;               /* a line began between the token before and this one */
	const char *wrong;              /* what is wrong with the token itself, and would be right; NULL: nothing */
	size_t wrong_at, wrong_end;     /* where; the message shows the bytes between them, if there are any */
};

struct token token_after(const struct source_file *source, size_t offset);

/* The last result of token_look_ahead, which callers ask for repeatedly. Start with a zeroed one. */
struct lookahead {
	struct token token;
	size_t from;
	bool known;
};

struct token token_look_ahead(struct lookahead *ahead, const struct source_file *source, size_t offset);

bool token_is(const struct source_file *source, struct token token, const char *word);  /* this bare word */
bool token_has_value(struct token token);       /* a word or a quoted text */
