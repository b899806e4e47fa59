/* OpenFile and the keys of credentials: each assignment is one file or one credential.
 *
 * The value of SetCredential is taken unchanged: only the name in front of the colon has specifiers, and
 * superd.conf's own rules apply to backslashes (config/words/handed). Source: systemd.exec(5), "CREDENTIALS". */
#include <string.h>

#include "parse/systemd/unit_draft.h"

static void take_values(struct unit_draft *draft, const char *key, const char *option)
{
	struct unit_list list = unit_collect(draft, "Service", key, COLLECT_VALUES);

	if (list.count)
		unit_set_list(draft, option, &list);
	unit_list_free(&list);
}

/* Its path is one of systemd's words, where quotes may hold colons. */
static void take_files(struct unit_draft *draft)
{
	struct unit_list list = unit_collect(draft, "Service", "OpenFile", COLLECT_VALUES);

	for (size_t n = 0; n < list.count; n++) {
		if (strpbrk(list.words[n], "\"'\\"))
			list.failed = !unit_refuse(draft, list.places[n],
						   "OpenFile: superd takes no quotes and backslashes here: a path "
						   "with a colon can't be named");
	}
	if (list.count)
		unit_set_list(draft, "open_file", &list);
	unit_list_free(&list);
}

/* Its name with specifiers replaced, its value without. */
static const char *credential_of(struct unit_draft *draft, const struct unit_assignment *assignment)
{
	size_t length = strcspn(assignment->value, ":");
	struct unit_assignment name = *assignment;
	const char *text;

	name.value = pool_text_n(draft->pool, assignment->value, length);
	text = name.value ? unit_value(draft, &name) : NULL;
	return text ? pool_textf(draft->pool, "%s%s", text, assignment->value + length) : NULL;
}

static void take_set(struct unit_draft *draft)
{
	struct unit_list list = { 0 };

	for (size_t n = 0; n < draft->unit->count; n++) {
		const struct unit_assignment *assignment = &draft->unit->list[n];
		const char *word;

		if (strcmp(assignment->section, "Service") != 0 || strcmp(assignment->key, "SetCredential") != 0)
			continue;
		list.at = assignment->at;
		if (!*assignment->value) {
			list.count = 0;
			continue;
		}
		word = credential_of(draft, assignment);
		list.failed |= !word || !unit_list_add(draft, &list, word, unit_place(assignment, 0));
	}
	if (list.count)
		unit_set_list(draft, "set_credential", &list);
	unit_list_free(&list);
}

void unit_take_handed(struct unit_draft *draft)
{
	take_files(draft);
	take_values(draft, "LoadCredential", "load_credential");
	take_values(draft, "ImportCredential", "import_credential");
	take_set(draft);
}
