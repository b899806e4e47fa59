/* Diagnostics: the mistakes in a file that a person wrote, their places, and the corrections.
 *
 * Readers and checks add diagnostics and never print. The program prints them all at the end, as FILE:LINE:COL:
 * severity: message, with hints and further places on lines of their own. A diagnostic that is lost because memory runs
 * out counts as an error.
 *
 * The cost of a malformed file is bounded: beyond DIAGS_MOST errors, or as many warnings and notes, further ones are only
 * counted, and a message is cut at DIAGS_MESSAGE bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct buf;

#define DIAGS_MOST 100000               /* of either kind */
#define DIAGS_ERRORS 200                /* what people are shown (diags_bound) */
#define DIAGS_OTHERS 2000
#define DIAGS_MESSAGE 1000              /* bytes */

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

const char *severity_name(enum severity severity);      /* "error" */

/* A place in a source. Line and column count from 1; 0: unknown. file is borrowed, mostly from the table's pool;
 * NULL: unknown. Diagnostics copy it. */
struct origin {
	const char *file;
	unsigned line, column;
};

bool origin_equal(struct origin a, struct origin b);    /* false if either has no file */

/* Adds a second place to a message: " at FILE:LINE"; nothing if the place is unknown. */
void origin_describe(struct origin at, struct buf *out);

/* Cites a place: adds " (FILE:LINE)"; nothing if the place is unknown. */
void origin_cite(struct origin at, struct buf *out);

struct diag {
	char *file;                     /* owned; NULL: no file */
	unsigned line, column;          /* as in struct origin */
	enum severity severity;
	char *message;                  /* owned */
	char *hint;                     /* the correction, owned; NULL: none */
	bool follows;                   /* a further place of the diagnostic before it; stays behind that one */
	bool was_error;                 /* it counts as none any more; diags_pass_over made it a warning */
};

struct diags {
	struct diag *list;              /* owned; in the order of adding until diags_sort */
	size_t count, capacity;
	size_t errors, warnings;        /* totals; errors includes those dropped or lost */
	size_t dropped_errors;          /* errors beyond the bound, which list does not have */
	size_t dropped_others;          /* warnings and notes beyond the bound */
	size_t lost;                    /* diagnostics lost because memory ran out */
	bool lacks_memory;              /* an error is that; what is read may lack something */
	struct diag *last;              /* the diagnostic added last, for diags_hint; NULL: it was dropped */
};

/* Adds one diagnostic. */
void diags_add(struct diags *diags, enum severity severity, struct origin at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Adds an error; always false. */
bool diags_refuse(struct diags *diags, struct origin at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Adds the error "out of memory"; always false. */
bool diags_out_of_memory(struct diags *diags, struct origin at);

/* Sets the hint of the diagnostic added last, in place of an earlier hint. */
void diags_hint(struct diags *diags, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Marks the diagnostic added last as a further place of the one before it. */
void diags_tie(struct diags *diags);

/* Turns an error of the list into a warning, because superd leaves out the service with that error. */
void diags_pass_over(struct diags *diags, struct diag *diag);

/* Removes the diagnostics whose element in `wanted` is false, and counts again. */
void diags_keep(struct diags *diags, const bool *wanted);

/* Drops diagnostics beyond DIAGS_ERRORS and DIAGS_OTHERS. A diagnostic that was an error counts as one. */
void diags_bound(struct diags *diags);

/* Sorts the diagnostics by line; files stay in the order in which they first appear. Does nothing if memory runs
 * out. */
void diags_sort(struct diags *diags);

/* Adds FILE:LINE:COL as far as known; nothing if there is no file. */
void diag_place(const struct diag *diag, struct buf *out);

/* Prints all diagnostics and the number of those dropped. Control characters become \xHH. */
void diags_print(const struct diags *diags, FILE *out);

#define DIAGS_SUMMARY_MOST 80           /* bytes with the NUL */

/* Writes "2 errors" into out, or "2 errors: out of memory" if diagnostics were lost; takes no memory. Returns out. */
const char *diags_summarize(const struct diags *diags, char out[DIAGS_SUMMARY_MOST]);

/* Adds "FILE:LINE:COL: MESSAGE; and 2 more errors"; without an error, memory was short. */
void diags_describe(const struct diags *diags, struct buf *out);

void diags_free(struct diags *diags);

#define diag_error(diags, at, ...) diags_add(diags, SEVERITY_ERROR, at, __VA_ARGS__)
#define diag_warning(diags, at, ...) diags_add(diags, SEVERITY_WARNING, at, __VA_ARGS__)
#define diag_note(diags, at, ...) diags_add(diags, SEVERITY_NOTE, at, __VA_ARGS__)
