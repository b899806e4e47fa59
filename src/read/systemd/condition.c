/* Conditions and assertions of [Unit], which decide whether a service may start, or a socket is opened.
 *
 * Conditions of all keys form one list. Of the conditions with | one must hold, and an empty value of any Condition key
 * drops all conditions before it. Assertions form another list. */
#include <string.h>

#include "read/systemd/build.h"

static bool begins_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static void add_condition(struct unit_builder *builder, const struct unit_assignment *assignment,
			  struct word_list *list)
{
	const char *text = unit_value(builder, assignment), *word;

	if (!text)
		return;
	word = pool_textf(builder->pool, "%s=%s", assignment->key, text);
	if (!word || !word_list_add(builder->reading, list, word, assignment->at))
		list->failed = true;
}

/* Removes all conditions, or all assertions, from the list. */
static void drop_conditions(struct word_list *list, const char *kind)
{
	size_t kept = 0;

	for (size_t n = 0; n < list->count; n++) {
		if (begins_with(list->words[n], kind))
			continue;
		list->words[kept] = list->words[n];
		list->places[kept++] = list->places[n];
	}
	list->count = kept;
}

static bool is_condition(const struct unit_assignment *assignment)
{
	return !strcmp(assignment->section, "Unit") &&
		(begins_with(assignment->key, "Condition") || begins_with(assignment->key, "Assert")) &&
		unit_key_find("Unit", assignment->key);
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

static struct word_list read_conditions(struct unit_builder *builder)
{
	const struct unit *unit = builder->unit;
	struct word_list list = { 0 };

	for (size_t n = 0; unit && n < unit->count; n++) {
		const struct unit_assignment *assignment = &unit->list[n];

		if (!is_condition(assignment))
			continue;
		if (!*assignment->value)
			drop_conditions(&list, begins_with(assignment->key, "Condition") ? "Condition" : "Assert");
		else if (check_condition(builder, assignment))
			add_condition(builder, assignment, &list);
		if (!list.at.file)
			list.at = assignment->at;
	}
	return list;
}

void unit_build_conditions(struct unit_builder *builder, const char *option)
{
	struct word_list list = read_conditions(builder);

	if (list.count)
		unit_set_list(builder, option, &list);
	word_list_free(&list);
}
