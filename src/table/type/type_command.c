/* Types of lists of commands, exit statuses and conditions, and of the signs in front of exec. The words are kept as
 * written; superd parses them again when it uses them (table/words/command_prefix, table/words/exit_status,
 * table/type/condition). */
#include "table/type/condition.h"
#include "table/type/type_internal.h"
#include "table/words/command_prefix.h"
#include "table/words/exit_status.h"

const struct type type_commands = {
	.name = "list of commands", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.refuse = command_refuse,
};

const struct type type_statuses = {
	.name = "list of exit statuses", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.refuse = exit_status_refuse,
};

static const char *condition_refuse(const char *word)
{
	struct condition condition;

	return condition_read(word, &condition);
}

const struct type type_conditions = {
	.name = "list of conditions", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.refuse = condition_refuse,
};

const struct type type_signs = { .name = "signs", .kind = FIELD_TEXT, .refuse = command_refuse_prefix };
