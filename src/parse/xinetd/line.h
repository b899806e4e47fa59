/* The lines of xinetd.conf: a word, a sign, values. Pure: a line depends on its text alone.
 *
 * There are no quotes, escapes or continuations: blanks separate values, and a # begins a comment only where a line
 * begins. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/source_file.h"

enum xinetd_line_kind {
	XINETD_STATEMENT,               /* words without an operator: service NAME, defaults, include PATH */
	XINETD_ATTRIBUTE,               /* NAME OPERATOR VALUES */
	XINETD_OPEN,                    /* { */
	XINETD_CLOSE                    /* }, also with something behind it, which is in words */
};

enum xinetd_operator { OPERATOR_SET, OPERATOR_ADD, OPERATOR_REMOVE };

struct xinetd_span {
	size_t start, end;              /* bytes of the source's text */
};

/* Where the reading stands, and the line it is at. Begin with source set and the rest zero. */
struct xinetd_scanner {
	const struct source_file *source;
	size_t next;                    /* the line after this one, from 0 */
	enum xinetd_line_kind kind;
	struct xinetd_span name;        /* of an attribute */
	enum xinetd_operator sign;
	struct xinetd_span *words;      /* of an attribute its values */
	size_t count, capacity;
	bool failed;                    /* out of memory */
};

/* The next line that says anything. false at the end of the text, or when memory ran out. */
bool xinetd_line_next(struct xinetd_scanner *scanner);

/* Whether a span is this word, in any case of letters, as keywords of xinetd.conf are. */
bool xinetd_span_is(const struct source_file *source, struct xinetd_span span, const char *word);

/* Whether the line is one that only stands between entries: it begins with service, defaults, include or includedir. */
bool xinetd_line_begins_entry(const struct xinetd_scanner *scanner);

void xinetd_scanner_free(struct xinetd_scanner *scanner);
