/* A service while it is being read: every group writable, and which options were set where.
 *
 * A reader opens a builder, hands each option of the text to builder_set (native names or its own dialect's), and
 * closes it. `defaults` is a builder too. Once all sources are read, builder_finish lays the defaults under each
 * builder, whatever the order they came in, and puts the row into the table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "config/option/option_table.h"
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

struct service_builder;

/* Starts a service (name kept), or with name NULL the defaults. NULL: out of memory. */
struct service_builder *builder_new(struct table *table, const char *name, struct origin at);
void builder_free(struct service_builder *builder); /* accepts NULL */

/* Its text is another system's: what is said of it names no option of superd.conf, but this dialect's words. */
void builder_set_foreign(struct service_builder *builder, enum dialect dialect);

/* Its text says all there is to say: no defaults of a superd.conf are laid under it. */
void builder_set_alone(struct service_builder *builder);

/* Opens and closes a `socket NAME { }`; between them builder_set takes sockets' options and `listen` only. name NULL:
 * the service's. */
void builder_open_socket(struct service_builder *builder, const char *name, struct origin at);
void builder_close_socket(struct service_builder *builder, struct diags *diags);

/* Sets one option by the name it has in a dialect. false after adding to diags: unknown (with a hint), not for this
 * place, not yet, a bad value, set twice (an error naming both places). */
bool builder_set(struct service_builder *builder, enum dialect dialect, const char *name, const struct value *value,
		 struct diags *diags);

/* Whether an option was set in the builder's own text; for dialects' rules of what excludes what. */
bool builder_has(const struct service_builder *builder, const char *name);

const char *builder_name(const struct service_builder *builder);

/* Lays the defaults (NULL: none) under the builder, then superd's own, and adds the row. What builder_set refused is
 * left at its default. false: out of memory, which is added to diags. */
bool builder_finish(struct service_builder *builder, const struct service_builder *defaults, struct diags *diags);
