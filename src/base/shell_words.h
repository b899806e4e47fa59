/* A command as a string, split into words: blanks separate; '…' is literal; "…" and bare text know backslash
 * as "the next character itself". Nothing is expanded: no variables, globs or operators. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/pool.h"

/* Splits text; *out is a kept NULL-terminated list, *count its length. NULL when it succeeded, else what is
 * wrong ("a quote is not closed"). */
const char *shell_words_split(struct pool *pool, const char *text, const char *const **out, size_t *count);

/* The same, but adds the words to out, one behind the other, each with its NUL. */
const char *shell_words_split_into(struct buf *out, const char *text, size_t *count);

/* Adds the next word of a text to out, and puts *text behind it. is_bare: no part of it is quoted or escaped. false:
 * there is none, or it is not closed. */
bool shell_words_next(struct buf *out, const char **text, bool *is_bare);

/* Adds one word to out, quoted where shell_words_split would need it. */
void shell_words_quote(struct buf *out, const char *word);
