/* One file of a table, in memory, with what every reader needs of it: lines, columns, comments blanked.
 *
 * * The text stays as written for diagnostics; readers work on copies. Refuses at load what no table is: more
 * than SOURCE_MOST bytes, NUL or other control characters than tab, newline, form feed and carriage return, a
 * byte order mark, a line longer than SOURCE_LINE. A source that is loaded in parts refuses such a line alone. Lines
 * may end in CRLF: the text keeps it, readers take the carriage return as a blank. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/pool.h"

#define SOURCE_MOST (16u << 20)
#define SOURCE_LINE (1u << 20)
#define SOURCE_FLAWS 8                  /* lines that are no text; with more of them the file is none */

/* What makes a line no plain text. */
struct source_flaw {
	size_t at;                      /* the byte, or where the line that is too long begins */
	unsigned char byte;             /* what stood there; in the text now is a question mark */
	bool is_long;
	bool is_last;                   /* one too many: nothing behind its line is in the text */
};

struct source_file {
	const char *file;               /* kept in the pool given to source_load */
	char *text;                     /* NUL-terminated, owned */
	size_t length;
	size_t *lines;                  /* offset of each line's first byte, owned */
	size_t line_count;
	struct source_flaw flaws[SOURCE_FLAWS + 1];     /* of one loaded in parts: the first of each line, in order */
	size_t flaw_count;
};

/* Reads path; "-" is standard input, which diagnostics call <stdin>. false after adding what is wrong to diags: the
 * source then is empty, and source_free harmless. */
bool source_load(struct source_file *source, const char *path, struct pool *pool, struct diags *diags);

/* The same, but a line that is no plain text is for the reader to refuse, by source_flaw, and a byte order mark is
 * taken away with a warning. */
bool source_load_in_parts(struct source_file *source, const char *path, struct pool *pool, struct diags *diags);

/* The same for what need not be text: the bytes are as they are, and its reader refuses what it cannot take. */
bool source_load_bytes(struct source_file *source, const char *path, struct pool *pool, struct diags *diags);

/* The first flaw of the bytes from start to end, or NULL; and what to say of it, as an error. */
const struct source_flaw *source_flaw(const struct source_file *source, size_t start, size_t end);
void source_refuse_flaw(const struct source_file *source, const struct source_flaw *flaw, struct diags *diags);

/* Takes a byte order mark away. false: there was none. */
bool source_drop_mark(struct source_file *source);

/* As source_load does from memory, for tests, fuzzers and -l; the text is copied. */
bool source_from_text(struct source_file *source, const char *file, const char *text, size_t length,
		      struct pool *pool, struct diags *diags);

/* Finds the lines of a text that was not loaded but is to be looked at. false: out of memory. */
bool source_find_lines(struct source_file *source);

/* Line and column of a byte of the text. */
struct origin source_origin(const struct source_file *source, size_t offset);

/* The same for place after place in the order of the text: *line is that of the one before, 0 at first. */
struct origin source_origin_near(const struct source_file *source, size_t offset, size_t *line);

void source_free(struct source_file *source);
