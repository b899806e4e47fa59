/* The words of an attribute, gathered from several lines by += and -=. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "parse/xinetd/attribute.h"
#include "parse/xinetd/entry.h"

struct xinetd_value {
	const char *const *words;
	size_t count;
	struct origin at;
	const struct origin *word_at;
	const char **own;               /* words and word_at, where nobody shares them with it, with this much room */
	struct origin *own_at;
	size_t capacity;                /* 0: they are a line's, or those of defaults */
	bool is_set;
	bool is_inherited;              /* it is just what defaults say */
	bool is_broken;                 /* a line was refused: no service may run without it */
};

/* Set, extend or shorten a value by the words of a line: = += and -=. The place of the value does not change. */
void xinetd_value_set(struct xinetd_value *value, const struct xinetd_assignment *written);
void xinetd_value_add(struct xinetd *xinetd, struct xinetd_value *value, const struct xinetd_assignment *written);
void xinetd_value_remove(struct xinetd *xinetd, struct xinetd_entry *entry, enum xinetd_attribute attribute,
			 struct xinetd_value *value, const struct xinetd_assignment *written);

/* Whether a line says just what is there. */
bool xinetd_value_equals(const struct xinetd_value *value, const struct xinetd_assignment *written);
