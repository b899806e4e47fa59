/* The marks of a service that superd-read has written (table/services/builder_text.c): where in another system's table
 * each option stands. Only superd_read_service reads them; in a file of a user's they are comments. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/diag.h"
#include "lib/pool.h"
#include "lib/source_file.h"
#include "table/option/option_table.h"

struct place_mark {
	size_t offset;                  /* of the text behind it */
	struct origin at;               /* the file is in the pool */
	bool is_foreign, is_alone;      /* as builder_set_foreign, builder_set_alone; of a service */
	enum dialect dialect;
};

/* Starts zeroed; is used again from text to text. */
struct marks {
	struct place_mark *list;        /* owned; by offset */
	size_t count, capacity;
};

/* Finds the marks of a text. false: one has no file, or memory ran out. */
bool marks_find(struct marks *marks, const struct source_file *source, struct pool *pool);

/* The last mark in front of this byte; NULL: there is none. */
const struct place_mark *marks_at(const struct marks *marks, size_t offset);

void marks_free(struct marks *marks);
