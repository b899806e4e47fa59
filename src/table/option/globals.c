/* The settings of superd itself: which are set, and what results of the command line, superd { } and the defaults. */
#include "table/option/option.h"

/* What applies where nothing is set. The rows have the same as text, for the manual. */
static const struct globals defaults = {
	.log = "stderr", .log_format = LOG_FORMAT_TEXT, .log_level = LEVEL_INFO,
	.max_starting = -1,
	.stop_timeout = 8000000,        /* below the 10 s after which Docker kills */
};

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

static void copy_set(struct globals *to, const struct globals *from)
{
	for (int n = 0; n < GLOBALS; n++) {
		enum global global = (enum global)n;

		if (global_is_set(from, global))
			memcpy(global_field(to, global), global_value(from, global),
			       field_size(global_option_defs[n].type));
	}
}

struct globals globals_join(const struct globals *first, const struct globals *second)
{
	struct globals joined = defaults;

	if (second)
		copy_set(&joined, second);
	copy_set(&joined, first);
	return joined;
}
