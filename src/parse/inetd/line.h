/* An entry of inetd.conf in the text: a line with its continuation lines, cut into words that know their places. For
 * this folder alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/pool.h"
#include "base/source_file.h"
#include "parse/inetd/dialect.h"

struct inetd_word {
	const char *text;               /* without its quotes, in the pool */
	struct origin at;
};

/* Start with a zeroed one; it is reused from entry to entry. */
struct inetd_line {
	struct inetd_word *words;
	size_t count, capacity;
	struct origin at;               /* where it begins */
	size_t end;                     /* of the source's text: where the next line begins */
	bool has_quotes;
};

/* How words are cut. */
struct inetd_cutter {
	const struct source_file *source;
	const struct inetd_dialect *dialect;
	struct pool *pool;
	struct diags *diags;
	bool joins;                     /* a lone \ at the end of a line goes on in the next, too */
};

bool inetd_is_blank(char c);

/* Reads the entry that begins at `at`, behind any blanks. false after saying what is wrong with it, with line->end
 * behind all that belongs to it, so that nothing of it is read as something else. */
bool inetd_line_read(struct inetd_line *line, const struct inetd_cutter *cutter, size_t at);

/* Adds a word. false: out of memory. */
bool inetd_line_add(struct inetd_line *line, struct pool *pool, const char *text, size_t length, struct origin at);

void inetd_line_free(struct inetd_line *line);
