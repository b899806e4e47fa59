/* The settings of superd itself: which are set, and what results of the command line, superd { } and the defaults. */
#include "table/option/globals.h"

#include <limits.h>
#include <string.h>

#include "lib/log.h"
#include "table/option/type.h"

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

/* The value of a setting that nobody sets. */
static const void *unset_value(enum global global)
{
	static const int64_t nothing;

	return global_option_defs[global].unset ? global_option_defs[global].unset : &nothing;
}

void globals_init(struct globals *globals)
{
	*globals = (struct globals){ 0 };
	for (int n = 0; n < GLOBALS; n++) {
		enum global global = (enum global)n;

		memcpy(global_field(globals, global), unset_value(global), field_size(global_option_defs[n].type));
	}
}

bool global_is_set(const struct globals *globals, enum global global)
{
	return !type_equal(&global_option_defs[global], global_value(globals, global), unset_value(global));
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
