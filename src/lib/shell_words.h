/* Splits a command into words as a shell does, without any expansion or operators: blanks separate words, '…' is
 * literal, and a backslash in "…" or bare text makes the next character literal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/pool.h"

/* Splits text; sets *out to a NULL-terminated list in the pool, *count to its length. Returns NULL, or the mistake
 * (static: "a ' is not closed"). */
const char *shell_words_split(struct pool *pool, const char *text, const char *const **out, size_t *count);

/* Splits text and adds the words to out, each with its NUL. Fails as shell_words_split does. */
const char *shell_words_split_into(struct buf *out, const char *text, size_t *count);

/* Adds one word to out, quoted if shell_words_split needs that to read it back. */
void shell_words_quote(struct buf *out, const char *word);
