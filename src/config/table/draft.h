/* A service while it is being read: every group writable, and which options were set where.
 *
 * A reader opens a draft, hands each option of the text to draft_set (native names or its own dialect's), and
 * closes it. `defaults` is a draft too. Once all sources are read, draft_seal lays the defaults under each
 * draft, whatever the order they came in, and puts the row into the table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "config/option/directive.h"
#include "config/table/table.h"

/* The words of one option as the reader saw them. For a list the words are its items; for anything else the one word is
 * the text. A command may come as one text (split by the type) or as words. */
struct value {
	const char *const *words;
	size_t count;
	bool is_list;                   /* written as {a, b} */
	bool append;                    /* written with += */
	struct origin at;               /* of the option's name */
	const struct origin *word_at;   /* of each word; NULL: unknown */
};

struct draft;

/* Starts a service (name kept), or with name NULL the defaults. NULL: out of memory. */
struct draft *draft_new(struct table *table, const char *name, struct origin at);
void draft_free(struct draft *draft);           /* accepts NULL */

/* Its text is another system's: what is said of it names no option of superd.conf, but this dialect's words. */
void draft_set_foreign(struct draft *draft, enum dialect dialect);

/* Its text says all there is to say: no defaults of a superd.conf are laid under it. */
void draft_set_alone(struct draft *draft);

/* Opens and closes a `socket NAME { }`; between them draft_set takes sockets' options and `listen` only. name NULL: the
 * service's. */
void draft_open_socket(struct draft *draft, const char *name, struct origin at);
void draft_close_socket(struct draft *draft, struct diags *diags);

/* Sets one option by the name it has in a dialect. false after adding to diags: unknown (with a hint), not for this
 * place, not yet, a bad value, set twice (an error naming both places). */
bool draft_set(struct draft *draft, enum dialect dialect, const char *name, const struct value *value,
	       struct diags *diags);

/* Whether an option was set in the draft's own text; for dialects' rules of what excludes what. */
bool draft_has(const struct draft *draft, const char *name);

const char *draft_name(const struct draft *draft);

/* Lays the defaults (NULL: none) under the draft, then superd's own, and adds the row. What draft_set refused is
 * left at its default. false: out of memory, which is added to diags. */
bool draft_seal(struct draft *draft, const struct draft *defaults, struct diags *diags);
