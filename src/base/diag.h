/* What is wrong with something a person wrote: where, what, and what would be right.
 *
 * Readers and checks add diagnostics as they go and never print; whoever asked for the reading
 * prints all of them at once, as FILE:LINE:COL: severity: message, with hints and second places
 * on lines of their own. Out of memory while adding counts as an error of its own.
 *
 * What a file of rubbish can cost is bounded: beyond DIAGS_ERRORS errors or DIAGS_OTHERS warnings and notes
 * the rest is only counted, and a message is cut at DIAGS_MESSAGE bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct buf;

#define DIAGS_ERRORS 200
#define DIAGS_OTHERS 2000
#define DIAGS_ALL 100000                /* of either kind, while keeps_all */
#define DIAGS_MESSAGE 1000

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

const char *severity_name(enum severity severity);      /* "error" */

/* A place in a source; line and column count from 1, 0 is unknown. The file's name is borrowed:
 * diagnostics copy it, everything else keeps it in the table's pool. */
struct origin {
	const char *file;
	unsigned line, column;
};

bool origin_equal(struct origin a, struct origin b);    /* false where there is no file */

/* Adds a second place to a message: " at FILE:LINE", or nothing when it is unknown. */
void origin_describe(struct origin at, struct buf *out);

/* Adds " (FILE:LINE)", to cite a place; nothing if the place is unknown. */
void origin_cite(struct origin at, struct buf *out);

struct diag {
	char *file;                     /* NULL: not tied to a file */
	unsigned line, column;
	enum severity severity;
	char *message;
	size_t own_length;              /* of the message without what comes of the error; 0: nothing was added */
	char *hint;                     /* NULL, or what would be right */
	bool follows;                   /* a further place of the one before it, behind which it stays */
	bool was_error;                 /* diags_pass_over made it a warning */
};

struct diags {
	struct diag *list;              /* in the order they were added, until diags_sort */
	size_t count, capacity;
	size_t errors, warnings;        /* all of them: errors also counts what was dropped or lost */
	size_t dropped_errors;          /* beyond the bound: not in list, so list does not name every broken service */
	size_t dropped_others;
	size_t lost;                    /* what memory did not suffice to record */
	bool keeps_all;                 /* nothing is dropped before diags_bound, as somebody has to see each error */
	struct diag *last;              /* the one diags_hint speaks to; NULL when that was dropped */
};

/* Adds one diagnostic. */
void diags_add(struct diags *diags, enum severity severity, struct origin at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Adds that memory ran out at this place, and is false. */
bool diags_out_of_memory(struct diags *diags, struct origin at);

/* Gives the diagnostic added last a hint; the last one set stays. A dropped one takes none. */
void diags_hint(struct diags *diags, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ties the diagnostic added last to the one before it, of which it is a further place. */
void diags_tie(struct diags *diags);

/* An error of the list that costs nothing but what it stands in, which its message tells: it is a warning now. */
void diags_pass_over(struct diags *diags, struct diag *diag);

/* Drops those that are not wanted (a mark for each of the list), and forgets that they ever were. */
void diags_keep(struct diags *diags, const bool *wanted);

/* Drops what is beyond the bounds, as it would have been from the first without keeps_all; what was an error counts
 * as one. */
void diags_bound(struct diags *diags);

/* Puts them into the order of the lines they speak of; files stay in the order in which they first appear. Without
 * memory for it they stay as they are. */
void diags_sort(struct diags *diags);

/* Adds FILE:LINE:COL as far as it is known, and nothing where there is no file. */
void diag_place(const struct diag *diag, struct buf *out);

/* Writes them all to out, and how many more there were. What a terminal would obey is written as \xHH. */
void diags_print(const struct diags *diags, FILE *out);

void diags_free(struct diags *diags);

#define diag_error(diags, at, ...) diags_add(diags, SEVERITY_ERROR, at, __VA_ARGS__)
#define diag_warning(diags, at, ...) diags_add(diags, SEVERITY_WARNING, at, __VA_ARGS__)
#define diag_note(diags, at, ...) diags_add(diags, SEVERITY_NOTE, at, __VA_ARGS__)
