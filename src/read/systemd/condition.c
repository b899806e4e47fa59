/* Conditions and assertions of [Unit], which decide whether a service may start, or a socket is opened.
 *
 * Conditions of all keys form one list. Of the conditions with | one must hold, and an empty value of any Condition key
 * drops all conditions before it. Assertions form another list. */
#include <string.h>

#include "read/systemd/internal.h"

void unit_build_conditions(struct unit_builder *builder, const char *option)
{
	static const char *const kinds[] = { "Condition", "Assert" };
	struct word_list list = { 0 };

	for (size_t n = 0; n < sizeof(kinds) / sizeof(*kinds); n++) {
		struct unit_lines lines = {
			.unit = builder->unit, .section = "Unit", .key = kinds[n], .form = FORM_CONDITION,
		};
		const struct unit_assignment *assignment;

		while ((assignment = unit_line_next(&lines))) {
			const struct key_row *key = unit_key_find("Unit", assignment->key);
			const char *text = NULL;

			if (!list.at.file)
				list.at = assignment->at;
			if (!*assignment->value)
				continue;
			if (key->status == KEY_DONE)
				text = unit_value(builder, assignment);
			else
				key_report_lack(key, key->name, unit_place(assignment, 0), builder->reading);
			if (text)
				word_list_add(&list, pool_textf(builder->pool, "%s=%s", assignment->key, text),
					      assignment->at);
		}
	}
	if (list.count)
		unit_set_list(builder, option, &list);
	word_list_free(&list);
}
