/* Passes a statement through libconfuse: a normal form of its text in, the values of each of its items out.
 *
 * The array of options is made from the directives that occur in the statement and no others, each occurrence one of its
 * own, so an option set twice is seen twice and ten thousand services cost as much as they say. Start with a zeroed
 * struct; a section is reused from statement to statement. */
#pragma once

#include <confuse.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/pool.h"
#include "parse/superd/statement.h"

struct slot {
	size_t index;                   /* into options; SIZE_MAX: the item's name is no directive */
	const struct directive *directive;              /* of an option; NULL: there is none of its name */
	cfg_opt_t *value;               /* what libconfuse made of it */
};

struct section {
	cfg_t *parsed;                  /* NULL: nothing is open */
	cfg_opt_t *options;             /* root's, the section's, then each of its sockets', every array ended by a NULL name */
	size_t option_count;
	struct slot *slots;             /* of each item */
	size_t item_capacity;
	const char **words;             /* of each word */
	size_t word_capacity;
	struct buf copy;                /* what libconfuse is given */
};

/* Gives the statement to libconfuse. false after adding to diags what it, or memory, had against it. */
bool section_open(struct section *section, const struct source *source, const struct statement *statement,
		  struct pool *pool, struct diags *diags);

/* The name of an option, which outlives everything; NULL: there is no such directive. */
const char *section_name(const struct section *section, size_t item);

/* The values of an item, item->count of them, until section_close; NULL: its name is no directive. */
const char *const *section_words(const struct section *section, const struct statement *statement, size_t item);

void section_close(struct section *section);    /* keeps the memory for the next statement */
void section_free(struct section *section);
