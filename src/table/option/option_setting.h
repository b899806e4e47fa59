/* The setting of one option at one place of a text. A service builder is a list of settings, which override the
 * defaults when every source is read. For option_setting.c, option_default.c and builder_*.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/pool.h"
#include "table/option/option_table.h"

/* Any option's field. */
union field_value {
	const void *pointer;
	int64_t number;
	struct limit limit;
	struct stream stream;
	struct rate rate;
	struct amount amount;
};

struct option_setting {
	struct mark mark;
	bool append;                    /* +=: `more` is parsed again over the default; else `value` is the field */
	union {
		union field_value value;
		struct {
			const char *const *texts;       /* in the pool */
			size_t count;
		} more;
	};
};

struct option_settings {
	struct option_setting *list;    /* owned, in the order of the text */
	size_t count, capacity;
};

static inline const struct directive *option_setting_directive(const struct option_setting *setting)
{
	return &directives[setting->mark.directive];
}

static inline struct origin mark_origin(const struct mark *mark)
{
	return (struct origin){ .file = mark->file, .line = mark->line, .column = mark->column };
}

struct option_setting *option_settings_add(struct option_settings *settings); /* zeroed; NULL: out of memory */

/* Find the first setting of an option, by its row or its name in superd.conf; NULL: none. */
const struct option_setting *option_settings_find(const struct option_settings *settings,
						  const struct directive *directive);
const struct option_setting *option_settings_named(const struct option_settings *settings, const char *option);

/* The groups that the settings change: bit 1 << enum option_group. */
uint32_t option_settings_groups(const struct option_settings *settings);

/* Applies the settings of one group to its values, in order. false: out of memory. */
bool option_settings_apply(const struct option_settings *settings, enum option_group group, void *values,
			   struct pool *pool);

void option_settings_free(struct option_settings *settings);
