/* Types of lists of commands, exit statuses and conditions, and of the signs in front of exec. The words are kept as
 * written; superd parses them again when it uses them (table/words/command_prefix, table/words/exit_status,
 * table/type/condition). */
#include "table/type/condition.h"
#include "table/type/type_internal.h"
#include "table/words/command_prefix.h"
#include "table/words/exit_status.h"

const struct type type_commands = {
	.name = "list of commands", .complete = "file", .is_list = true, .judges_each = true, .size = sizeof(words),
	.refuse = command_refuse,
	.parse = list_field_parse, .format = list_field_format, .json = list_field_json, .equal = list_field_equal,
};

const struct type type_statuses = {
	.name = "list of exit statuses", .complete = "", .is_list = true, .judges_each = true, .size = sizeof(words),
	.refuse = exit_status_refuse,
	.parse = list_field_parse, .format = list_field_format, .json = list_field_json, .equal = list_field_equal,
};

static const char *condition_refuse(const char *word)
{
	struct condition condition;

	return condition_read(word, &condition);
}

const struct type type_conditions = {
	.name = "list of conditions", .complete = "", .is_list = true, .judges_each = true, .size = sizeof(words),
	.refuse = condition_refuse,
	.parse = list_field_parse, .format = list_field_format, .json = list_field_json, .equal = list_field_equal,
};

const struct type type_signs = {
	.name = "signs", .complete = "", .size = sizeof(const char *), .refuse = command_refuse_prefix,
	.parse = text_field_parse, .format = text_field_format, .json = text_field_json, .equal = text_field_equal,
};
