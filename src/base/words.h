/* A command as a string, split into words: blanks separate; '…' is literal; "…" and bare text know backslash
 * as "the next character itself". Nothing is expanded: no variables, globs or operators. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/pool.h"

/* Splits text; *out is a kept NULL-terminated list, *count its length. NULL when it succeeded, else what is
 * wrong ("a quote is not closed"). */
const char *words_split(struct pool *pool, const char *text, const char *const **out, size_t *count);

/* The same, but adds the words to out, one behind the other, each with its NUL. */
const char *words_split_into(struct buf *out, const char *text, size_t *count);

/* Adds one word to out, quoted where words_split would need it. */
void words_quote(struct buf *out, const char *word);
