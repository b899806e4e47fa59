/* Conditions and assertions of [Unit], which decide whether a service may start, or a socket is opened.
 *
 * Conditions of all keys form one list. Of the conditions with | one must hold, and an empty value of any Condition key
 * drops all conditions before it. Assertions form another list. */
#include <string.h>

#include "read/systemd/build.h"

static void add_condition(struct unit_builder *builder, const struct unit_assignment *assignment,
			  struct word_list *list)
{
	const char *text = unit_value(builder, assignment);

	if (text)
		word_list_add(list, pool_textf(builder->pool, "%s=%s", assignment->key, text), assignment->at);
}

/* false: superd does not know the condition (reported). */
static bool check_condition(struct unit_builder *builder, const struct unit_assignment *assignment)
{
	const struct key_row *key = unit_key_find("Unit", assignment->key);

	if (key->status == KEY_DONE)
		return true;
	unit_unsupported(builder, unit_place(assignment, 0), "%s: superd cannot honour it: %s", key->name,
			 key->reason);
	return false;
}

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
			if (*assignment->value && check_condition(builder, assignment))
				add_condition(builder, assignment, &list);
			if (!list.at.file)
				list.at = assignment->at;
		}
	}
	if (list.count)
		unit_set_list(builder, option, &list);
	word_list_free(&list);
}
