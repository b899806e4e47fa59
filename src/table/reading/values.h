/* The values of a statement's words, without quotes and escapes. A word without quotes is its own value. A struct
 * values starts zeroed and is reused from statement to statement. */
#pragma once

#include <confuse.h>

#include "table/reading/reading.h"

struct values {
	cfg_t *cfg;                     /* owns the values of quoted words of the last statement; NULL: no statement yet */
	const char **texts;             /* the value of each word; owned, the texts are not */
	size_t capacity;                /* of texts */
	struct buf bare;                /* words without quotes, each with a NUL behind it */
	struct buf list;                /* quoted words as a list for libconfuse */
};

/* The values of all statement->word_count words. They are valid until the next call. NULL: out of memory. */
const char *const *values_read(struct values *values, const struct source_file *source,
			       const struct statement *statement);

void values_free(struct values *values);
