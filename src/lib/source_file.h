/* One file of a table in memory, with an index of its lines.
 *
 * source_load refuses a file of more than SOURCE_MOST bytes, control characters except tab, newline, form feed and
 * carriage return, a byte order mark, and a line longer than SOURCE_LINE. source_load_in_parts refuses only a file with a
 * NUL. The text stays as written; readers work on copies. It may have CRLF line ends: readers take the carriage return
 * as a blank. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/diag.h"
#include "lib/pool.h"

#define SOURCE_MOST (16u << 20)         /* bytes of a file */
#define SOURCE_LINE (1u << 20)          /* bytes of a line */

struct source_file {
	const char *file;               /* kept in the pool given to source_load */
	char *text;                     /* NUL-terminated, owned */
	size_t length;
	size_t *lines;                  /* offset of each line's first byte, owned */
	size_t line_count;
};

/* Reads the file at path; "-" is standard input, <stdin> in diagnostics. false: an error is in diags, and the source is
 * empty; source_free is harmless then. */
bool source_load(struct source_file *source, const char *path, struct pool *pool, struct diags *diags);

/* As source_load, but leaves lines that are not plain text for the reader to refuse (source_refuse_flaw), and drops a
 * byte order mark with a warning. */
bool source_load_in_parts(struct source_file *source, const char *path, struct pool *pool, struct diags *diags);

/* As source_load, but accepts any bytes, as of a binary property list. */
bool source_load_bytes(struct source_file *source, const char *path, struct pool *pool, struct diags *diags);

/* Whether the bytes from start to end are not plain text, or more than a line may have: then this is reported as an
 * error. */
bool source_refuse_flaw(const struct source_file *source, size_t start, size_t end, struct diags *diags);

/* Removes a byte order mark. false: there was none. */
bool source_drop_mark(struct source_file *source);

/* Indexes the lines of a text that the caller put into the struct. false: out of memory. */
bool source_find_lines(struct source_file *source);

/* Blanks between words: those of a line, with a carriage return at its end. */
static inline bool source_is_blank(char c)
{
	return c == ' ' || c == '\t' || (c >= '\v' && c <= '\r');
}

/* Moves *at to the next word of a line that ends at `end`, behind blanks. Returns its length; 0: there is none, and *at is
 * end. */
size_t source_next_word(const char *text, size_t *at, size_t end);

/* Returns the offset of the newline that ends the line of a byte, or of the end. */
size_t source_line_end(const struct source_file *source, size_t at);

/* Returns line and column of a byte of the text. */
struct origin source_origin(const struct source_file *source, size_t offset);

/* As source_origin, but fast for ascending offsets. *line is the index of the line found last, 0 at first. */
struct origin source_origin_near(const struct source_file *source, size_t offset, size_t *line);

void source_free(struct source_file *source);
