/* The values of an option's words, without quotes and escapes. A word without quotes is its own value. A struct values
 * starts zeroed and is reused from option to option. */
#pragma once

#include <confuse.h>

#include "table/reading/reading.h"

struct word {
	size_t start, end;              /* bytes of the source; quotes are included */
};

struct values {
	cfg_t *cfg;                     /* owns the values of quoted words of the last option; NULL: no option yet */
	const char **texts;             /* the value of each word; owned, the texts are not */
	size_t capacity;                /* of texts */
	struct buf bare;                /* words without quotes, each with a NUL behind it */
	struct buf list;                /* quoted words as a list for libconfuse */
};

/* The values of the words. They are valid until the next call. NULL: out of memory. */
const char *const *values_read(struct values *values, const struct source_file *source, const struct word *given,
			       size_t count);

void values_free(struct values *values);
