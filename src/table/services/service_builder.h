/* A service while a reader fills it in: its settings, and where the text sets them.
 *
 * A reader creates a builder and passes each option of the text to builder_set, by its name in superd.conf. `defaults
 * { }` is a builder, too. When all sources are read, builder_finish adds the row to the table, so the order of defaults
 * and services does not matter. The reader frees each builder. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/diag.h"
#include "table/option/option_table.h"
#include "table/services/table.h"

/* The value of one option as written, borrowed: the items of a list, or one text. A command may be one text, which the
 * type splits, or a list of words. */
struct value {
	const char *const *words;
	size_t count;
	bool is_list;                   /* written as {a, b} */
	bool append;                    /* written with += */
	struct origin at;               /* place of the option's name */
	const struct origin *word_at;   /* place of each word; NULL: unknown */
};

struct service_builder;

/* Creates a builder for a service; name NULL: for the defaults. NULL: out of memory. */
struct service_builder *builder_new(struct table *table, const char *name, struct origin at);
void builder_free(struct service_builder *builder); /* accepts NULL */

/* Marks the service as one of another system's table: messages name the options of this dialect, not superd.conf's. */
void builder_set_foreign(struct service_builder *builder, enum dialect dialect);

/* Makes the service independent of a superd.conf's defaults { }. */
void builder_set_alone(struct service_builder *builder);

/* Makes it superd { }, whose options are those of superd itself; and takes it into the table, once. */
void builder_set_superd(struct service_builder *builder);
bool builder_finish_superd(struct service_builder *builder, struct diags *diags);

/* Open and close a `socket NAME { }`. Between them, builder_set accepts only options of sockets and `listen`. name
 * NULL: the name of the service. */
void builder_open_socket(struct service_builder *builder, const char *name, struct origin at);
void builder_close_socket(struct service_builder *builder, struct diags *diags);

/* Sets one option. false: an error is in diags: the name is unknown (with a hint), the option is not allowed here, the
 * value is invalid, or the option is set twice (with both places). */
bool builder_set(struct service_builder *builder, const char *name, const struct value *value, struct diags *diags);

/* The same of one word. */
bool builder_set_text(struct service_builder *builder, const char *name, const char *text, struct origin at,
		      struct diags *diags);

/* Whether the builder's own text sets an option; for rules of dialects. */
bool builder_has(const struct service_builder *builder, const char *name);

/* The row of a builder as far as its text goes: without its options, for service_conf_add. false: out of memory. */
bool builder_row(const struct service_builder *builder, const struct option_settings *defaults, struct service *row);

const char *builder_name(const struct service_builder *builder);

/* Adds the row to the table: the builder's settings override `defaults` (NULL: none), which override superd's own. An
 * option with an invalid value has its default. false: out of memory, which is reported. */
bool builder_finish(struct service_builder *builder, const struct service_builder *defaults, struct diags *diags);
