/* The settings of superd itself: which are set, and what results of the command line, superd { } and the defaults. */
#include "table/option/option.h"

const struct option_def *global_find(const char *name)
{
	for (size_t n = 0; n < GLOBALS; n++) {
		if (!strcmp(global_option_defs[n].name[NATIVE], name))
			return &global_option_defs[n];
	}
	return NULL;
}

void globals_init(struct globals *globals)
{
	for (int n = 0; n < GLOBALS; n++)
		type_unset(&global_option_defs[n], global_field(globals, (enum global)n));
}

bool global_is_set(const struct globals *globals, enum global global)
{
	int64_t unset;

	type_unset(&global_option_defs[global], &unset);
	return !type_equal(&global_option_defs[global], global_value(globals, global), &unset);
}

struct globals globals_join(const struct globals *first, const struct globals *second)
{
	struct globals joined;

	for (enum global n = 0; n < GLOBALS; n++) {
		const struct option_def *option = &global_option_defs[n];
		struct parse parse = { .option = option, .words = &option->fallback, .count = 1 };
		const struct globals *from = global_is_set(first, n) ? first
					     : second && global_is_set(second, n) ? second : NULL;
		void *field = global_field(&joined, n);

		if (from)
			memcpy(field, global_value(from, n), field_size(option->type));
		else if (option->fallback && option->type->kind == FIELD_TEXT)
			*(const char **)field = option->fallback;
		else if (!option->fallback || type_parse(&parse, field))
			type_unset(option, field);
	}
	return joined;
}
