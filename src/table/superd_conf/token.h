/* The tokens of superd.conf: words, quoted texts, braces, signs. A token depends on the text and the offset alone, so
 * the parser can look ahead as often as it likes; nothing is reported here. Comments and blanks are skipped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/source_file.h"

enum token_kind {
	TOKEN_END,                      /* the end of the text; `wrong` is set if a comment is not closed */
	TOKEN_WORD,                     /* a word without quotes */
	TOKEN_QUOTED,                   /* start and end include the quotes; without a closing quote it ends with its line */
	TOKEN_OPEN, TOKEN_CLOSE,        /* { } */
	TOKEN_LEFT, TOKEN_RIGHT,        /* ( ) */
	TOKEN_COMMA, TOKEN_SET, TOKEN_ADD,      /* , = += */
};

struct token {
	enum token_kind kind;
	size_t start, end;              /* bytes of the source's text */
	bool on_new_line;               /* a line began between the token before and this one */
	const char *wrong;              /* the message about a mistake in the token itself; NULL: it is right */
	size_t wrong_at, wrong_end;     /* the place of the mistake; the message shows these bytes, if there are any */
};

struct token token_after(const struct source_file *source, size_t offset);

/* A cache of the last result of token_look_ahead, because callers repeat the call. It starts zeroed. */
struct lookahead {
	struct token token;
	size_t from;
	bool known;
};

struct token token_look_ahead(struct lookahead *ahead, const struct source_file *source, size_t offset);

bool token_is(const struct source_file *source, struct token token, const char *word);  /* this bare word */
bool token_has_value(struct token token);       /* a word or a quoted text */
