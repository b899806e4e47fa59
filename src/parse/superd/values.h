/* The values of a statement's words: texts without their quotes and escapes. A bare word is its own value. Start with a
 * zeroed struct; it is reused from statement to statement. */
#pragma once

#include <confuse.h>
#include <stddef.h>

#include "base/buf.h"
#include "parse/superd/statement.h"

struct values {
	cfg_t *cfg;                     /* owns the quoted words' values of the last statement; NULL: none was read yet */
	const char **texts;             /* of each word */
	size_t capacity;                /* of texts */
	struct buf bare;                /* the bare words, each with its NUL */
	struct buf list;                /* the quoted ones, as libconfuse reads them */
};

/* The values of all words, statement->word_count of them, until the next call. NULL: out of memory. */
const char *const *values_read(struct values *values, const struct source_file *source,
			       const struct statement *statement);

void values_free(struct values *values);
