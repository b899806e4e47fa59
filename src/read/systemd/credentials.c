/* The keys of credentials, each assignment of which is one, and fifos of other services.
 *
 * The value of SetCredential stays unchanged: only the name before the colon has specifiers, and the option has the
 * same escapes (table/words/passed_fds). Source: systemd.exec(5), "CREDENTIALS". */
#include <string.h>

#include "read/systemd/internal.h"

/* Whether a descriptor of this name is a standard stream of the service. */
static bool is_stream(const struct unit_builder *builder, const char *name)
{
	static const char *const keys[] = { "StandardInput", "StandardOutput", "StandardError" };
	bool found = false;

	for (size_t n = 0; n < sizeof(keys) / sizeof(*keys); n++) {
		const struct unit_assignment *said = unit_assigned(builder, "Service", keys[n]);

		found |= said && !strncmp(said->value, "fd:", 3) && !strcmp(said->value + 3, name);
	}
	return found;
}

/* superd opens the fifo of another service as a standard stream alone. */
static void check_fifos(struct unit_builder *builder)
{
	for (size_t n = 0; n < builder->fifo_count; n++) {
		const struct unit_assignment *name = unit_last(builder->fifos[n], "Socket", "FileDescriptorName");
		const char *own = name ? name->value : builder->fifos[n]->name;

		if (unit_fifo_path(builder, own) && !is_stream(builder, own))
			unit_refuse(builder, unit_start(builder->unit),
				    "Sockets: %s is the fifo of another service: superd opens it as a standard stream "
				    "alone, as with StandardInput=fd:%s", builder->fifos[n]->name, own);
	}
}

/* A credential: specifiers are replaced in its name, but not in its value. */
static const char *credential_of(struct unit_builder *builder, const struct unit_assignment *assignment)
{
	size_t length = strcspn(assignment->value, ":");
	struct unit_assignment name = *assignment;
	const char *text;

	name.value = pool_text_n(builder->pool, assignment->value, length);
	text = unit_value(builder, &name);
	return text ? pool_textf(builder->pool, "%s%s", text, assignment->value + length) : NULL;
}

static void set_credentials(struct unit_builder *builder)
{
	struct unit_lines lines = { .unit = builder->unit, .section = "Service", .key = "SetCredential" };
	const struct unit_assignment *assignment;
	struct word_list list = { 0 };

	while ((assignment = unit_line_next(&lines))) {
		const char *word;

		list.at = assignment->at;
		if (!*assignment->value)
			continue;
		word = credential_of(builder, assignment);
		list.failed |= !word;
		word_list_add(&list, word, unit_place(assignment, 0));
	}
	if (list.count)
		unit_set_list(builder, "set_credential", &list);
	word_list_free(&list);
}

void unit_build_passed_fds(struct unit_builder *builder)
{
	check_fifos(builder);
	set_credentials(builder);
}
