/* Options that need no example, because the manual describes the form of their values for all. */
#pragma once

#include "table/option/option.h"

/* The form of the values is that of the heading in the manual. */
static inline bool is_plain(const struct option_def *option)
{
	static const struct type *const plain[] = { &type_bool, &type_count, &type_word };

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		if (option->type == plain[i])
			return true;
	}
	return false;
}

/* A word, a name, a path, or a value whose form the manual describes for all options, such as a duration, needs no
 * example there. */
static inline bool is_one_word(const struct option_def *option)
{
	static const struct type *const simple[] = { &type_duration, &type_error, &type_limit, &type_memory, &type_mode,
						     &type_name, &type_path, &type_quota, &type_signal, &type_size,
						     &type_tasks, &type_text, &type_weight };

	for (size_t i = 0; i < sizeof(simple) / sizeof(*simple); i++) {
		if (option->type == simple[i])
			return true;
	}
	return is_plain(option);
}
