/* A line of inetd.conf with its continuation lines, split into words with their places. For this folder alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/diag.h"
#include "lib/pool.h"
#include "lib/source_file.h"
#include "read/inetd/dialect.h"

struct inetd_word {
	const char *text;               /* without its quotes, in the pool */
	struct origin at;
};

/* Starts zeroed; reused from line to line. */
struct inetd_line {
	struct inetd_word *words;
	size_t count, capacity;
	struct origin at;               /* its first word */
	size_t end;                     /* offset of the next line in the source's text */
	size_t near;                    /* for source_origin_near */
	bool has_quotes;
};

/* How lines are split. */
struct inetd_cutter {
	const struct source_file *source;
	const struct inetd_dialect *dialect;
	struct pool *pool;
	struct diags *diags;
	bool joins;                     /* a line that ends with a lone \ continues in the next one */
};

bool inetd_is_blank(char c);

/* Reads the line at `at` with its continuation lines. false: it is wrong (reported); line->end is then still behind all
 * of its lines, so that no part of it is read as another entry. */
bool inetd_line_read(struct inetd_line *line, const struct inetd_cutter *cutter, size_t at);

void inetd_line_free(struct inetd_line *line);
