/* The value of an attribute: its words, after all lines with = += and -=. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "read/xinetd/attribute.h"
#include "read/xinetd/entry.h"

struct xinetd_value {
	const char *const *words;
	size_t count;
	struct origin at;
	const struct origin *word_at;
	const char **own;               /* the same arrays as words and word_at, where they may be changed */
	struct origin *own_at;
	size_t capacity;                /* of own and own_at; 0: words and word_at belong to a line or to defaults */
	bool is_set;
	bool is_inherited;              /* it comes from defaults unchanged */
	bool is_broken;                 /* a line was refused: no service may run without this value */
};

/* Set (=), extend (+=) or shorten (-=) a value by the words of a line. `at` does not change. */
void xinetd_value_set(struct xinetd_value *value, const struct xinetd_assignment *written);
void xinetd_value_add(struct xinetd *xinetd, struct xinetd_value *value, const struct xinetd_assignment *written);
void xinetd_value_remove(struct xinetd *xinetd, struct xinetd_entry *entry, enum xinetd_attribute attribute,
			 struct xinetd_value *value, const struct xinetd_assignment *written);

/* Whether a line has exactly the words of the value. */
bool xinetd_value_equals(const struct xinetd_value *value, const struct xinetd_assignment *written);

/* operators.c: fills values[], by enum xinetd_attribute, with those of defaults and then applies the entry's lines.
 * defaults NULL: the entry is the defaults themselves. Mistakes are added to the entry's diagnostics. */
void xinetd_merge(struct xinetd *xinetd, struct xinetd_entry *entry, const struct xinetd_value *defaults,
		  struct xinetd_value *values);

/* defaults.c: fills values[] with the defaults of a source, those of all its files together. Reports each mistake once.
 * A wrong value gets is_broken and is not set. */
void xinetd_merge_defaults(struct xinetd *xinetd, struct reading *reading, struct xinetd_value *values);

/* service_ids.c: sets id, label, is_doubtful and is_disabled of every entry. defaults: for `enabled` and `disabled`.
 * Shared ids are reported with the entries; ids in `enabled` and `disabled` that no service has are added to
 * reading->diags. */
void xinetd_assign_ids(struct xinetd *xinetd, struct reading *reading, const struct xinetd_value *defaults);
