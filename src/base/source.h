/* One file of a table, in memory, with what every reader needs of it: lines, columns, comments blanked.
 *
 * * The text stays as written for diagnostics; readers work on copies. Refuses at load what no table is: more
 * than SOURCE_MOST bytes, NUL or other control characters than tab, newline, form feed and carriage return, a
 * byte order mark, a line longer than SOURCE_LINE. Lines may end in CRLF: the text keeps it, readers take the
 * carriage return as a blank. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/pool.h"

#define SOURCE_MOST (16u << 20)
#define SOURCE_LINE (64u << 10)

struct source {
	const char *file;               /* kept in the pool given to source_load */
	char *text;                     /* NUL-terminated, owned */
	size_t length;
	size_t *lines;                  /* offset of each line's first byte, owned */
	size_t line_count;
};

/* Reads path; "-" is standard input, which diagnostics call <stdin>. false after adding what is wrong to diags: the
 * source then is empty, and source_free harmless. */
bool source_load(struct source *source, const char *path, struct pool *pool, struct diags *diags);

/* The same from memory, for tests, fuzzers and -l; the text is copied. */
bool source_from_text(struct source *source, const char *file, const char *text, size_t length,
		      struct pool *pool, struct diags *diags);

/* Finds the lines of a text that was not loaded but is to be looked at. false: out of memory. */
bool source_find_lines(struct source *source);

/* Line and column of a byte of the text. */
struct origin source_origin(const struct source *source, size_t offset);

void source_free(struct source *source);
