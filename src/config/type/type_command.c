/* Types of lists of commands, exit statuses and conditions, and of the signs in front of exec.
 *
 * Each word is kept as it was written. Where superd acts on it, the same reader reads it again
 * (config/words/command, config/words/exit_status, config/type/condition). */
#include "config/type/condition.h"
#include "config/type/type_parts.h"
#include "config/words/command.h"
#include "config/words/exit_status.h"

static const char *refuse_command(const struct directive *directive, const char *word)
{
	(void)directive;
	return command_refuse(word);
}

static const char *commands_parse(const struct directive *directive, const char *const *given, size_t count,
				  bool append, struct pool *pool, void *field, size_t *bad)
{
	return list_parse_each(directive, given, count, append, pool, field, bad, refuse_command);
}

const struct type type_commands = {
	.name = "list of commands", .complete = "file", .is_list = true, .judges_each = true, .size = sizeof(words),
	.parse = commands_parse, .format = list_field_format, .json = list_field_json, .equal = list_field_equal,
};

static const char *refuse_status(const struct directive *directive, const char *word)
{
	(void)directive;
	return exit_status_refuse(word);
}

static const char *statuses_parse(const struct directive *directive, const char *const *given, size_t count,
				  bool append, struct pool *pool, void *field, size_t *bad)
{
	return list_parse_each(directive, given, count, append, pool, field, bad, refuse_status);
}

const struct type type_statuses = {
	.name = "list of exit statuses", .complete = "", .is_list = true, .judges_each = true, .size = sizeof(words),
	.parse = statuses_parse, .format = list_field_format, .json = list_field_json, .equal = list_field_equal,
};

static const char *refuse_condition(const struct directive *directive, const char *word)
{
	struct condition condition;

	(void)directive;
	return condition_read(word, &condition);
}

static const char *conditions_parse(const struct directive *directive, const char *const *given, size_t count,
				    bool append, struct pool *pool, void *field, size_t *bad)
{
	return list_parse_each(directive, given, count, append, pool, field, bad, refuse_condition);
}

const struct type type_conditions = {
	.name = "list of conditions", .complete = "", .is_list = true, .judges_each = true, .size = sizeof(words),
	.parse = conditions_parse, .format = list_field_format, .json = list_field_json, .equal = list_field_equal,
};

static const char *signs_parse(const struct directive *directive, const char *const *given, size_t count, bool append,
			       struct pool *pool, void *field, size_t *bad)
{
	const char *text, *reason = value_single(given, count, append, &text);

	(void)directive;
	*bad = 0;
	if (!reason)
		reason = command_refuse_prefix(text);
	return reason ? reason : value_keep(pool, text, field);
}

const struct type type_signs = {
	.name = "signs", .complete = "", .size = sizeof(const char *),
	.parse = signs_parse, .format = text_field_format, .json = text_field_json, .equal = text_field_equal,
};
