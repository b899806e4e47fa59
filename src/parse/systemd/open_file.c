/* OpenFile and the keys of credentials: each assignment is one file or one credential.
 *
 * The value of SetCredential is taken unchanged: only the name in front of the colon has specifiers, and
 * superd.conf's own rules apply to backslashes (config/words/passed_fds). Source: systemd.exec(5), "CREDENTIALS". */
#include <string.h>

#include "parse/systemd/build.h"

static void take_values(struct unit_builder *builder, const char *key, const char *option)
{
	struct unit_list list = unit_collect(builder, "Service", key, COLLECT_VALUES);

	if (list.count)
		unit_set_list(builder, option, &list);
	unit_list_free(&list);
}

/* Its path is one of systemd's words, where quotes may hold colons. */
static void take_files(struct unit_builder *builder)
{
	struct unit_list list = unit_collect(builder, "Service", "OpenFile", COLLECT_VALUES);

	for (size_t n = 0; n < list.count; n++) {
		if (strpbrk(list.words[n], "\"'\\"))
			list.failed = !unit_refuse(builder, list.places[n],
						   "OpenFile: superd takes no quotes and backslashes here: a path "
						   "with a colon can't be named");
	}
	if (list.count)
		unit_set_list(builder, "open_file", &list);
	unit_list_free(&list);
}

/* Its name with specifiers replaced, its value without. */
static const char *credential_of(struct unit_builder *builder, const struct unit_assignment *assignment)
{
	size_t length = strcspn(assignment->value, ":");
	struct unit_assignment name = *assignment;
	const char *text;

	name.value = pool_text_n(builder->pool, assignment->value, length);
	text = name.value ? unit_value(builder, &name) : NULL;
	return text ? pool_textf(builder->pool, "%s%s", text, assignment->value + length) : NULL;
}

static void take_set(struct unit_builder *builder)
{
	struct unit_list list = { 0 };

	for (size_t n = 0; n < builder->unit->count; n++) {
		const struct unit_assignment *assignment = &builder->unit->list[n];
		const char *word;

		if (strcmp(assignment->section, "Service") != 0 || strcmp(assignment->key, "SetCredential") != 0)
			continue;
		list.at = assignment->at;
		if (!*assignment->value) {
			list.count = 0;
			continue;
		}
		word = credential_of(builder, assignment);
		list.failed |= !word || !unit_list_add(builder, &list, word, unit_place(assignment, 0));
	}
	if (list.count)
		unit_set_list(builder, "set_credential", &list);
	unit_list_free(&list);
}

void unit_build_passed_fds(struct unit_builder *builder)
{
	take_files(builder);
	take_values(builder, "LoadCredential", "load_credential");
	take_values(builder, "ImportCredential", "import_credential");
	take_set(builder);
}
