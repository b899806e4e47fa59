/* The lines of xinetd.conf, split into words. A line depends on its own text alone: there are no quotes, escapes or
 * continuation lines. Blanks separate values. A # begins a comment only as the first character of a line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/source_file.h"

enum xinetd_line_kind {
	XINETD_STATEMENT,               /* words without an operator: service NAME, defaults, include PATH */
	XINETD_ATTRIBUTE,               /* NAME OPERATOR VALUES */
	XINETD_OPEN,                    /* { */
	XINETD_CLOSE                    /* }; words[] has the words behind it */
};

enum xinetd_operator { OPERATOR_SET, OPERATOR_ADD, OPERATOR_REMOVE };

struct xinetd_span {
	size_t start, end;              /* bytes of the source's text */
};

/* The current line of a source. The caller sets source; the rest starts zeroed. */
struct xinetd_scanner {
	const struct source_file *source;
	size_t next;                    /* index of the next line, from 0 */
	enum xinetd_line_kind kind;
	struct xinetd_span name;        /* of an attribute; the brace of XINETD_OPEN and XINETD_CLOSE */
	enum xinetd_operator sign;
	struct xinetd_span *words;      /* the values of an attribute; owned */
	size_t count, capacity;
};

/* Goes to the next line that is neither blank nor a comment. false: at the end of the text. */
bool xinetd_line_next(struct xinetd_scanner *scanner);

/* Whether a span is this word, case-insensitively, as keywords of xinetd.conf are. */
bool xinetd_span_is(const struct source_file *source, struct xinetd_span span, const char *word);

/* Whether the line begins with service, defaults, include or includedir, which only occur between entries. */
bool xinetd_line_begins_entry(const struct xinetd_scanner *scanner);

void xinetd_scanner_free(struct xinetd_scanner *scanner);
