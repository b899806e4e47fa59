/* Commands as texts: the signs in front of the program, and checks. Signs change the rights of a command, so an unknown
 * sign is an error and never part of the program's name. */
#include "table/service/service.h"

static const struct {
	char sign;
	unsigned flag;
} signs[] = {
	{ '-', COMMAND_IGNORES_FAILURE }, { ':', COMMAND_VERBATIM }, { '+', COMMAND_PRIVILEGED },
	{ '!', COMMAND_SAME_IDENTITY },	  { '@', COMMAND_ARGV0 },
};

#define SIGNS (sizeof(signs) / sizeof(signs[0]))

unsigned command_sign(char sign)
{
	for (size_t n = 0; n < SIGNS; n++) {
		if (signs[n].sign == sign)
			return signs[n].flag;
	}
	return 0;
}

const char *command_prefix(const char *text, unsigned *flags)
{
	*flags = 0;
	for (unsigned flag; (flag = command_sign(*text)); text++)
		*flags |= flag;
	return text;
}

void command_prefix_add(struct buf *out, unsigned flags)
{
	for (size_t n = 0; n < SIGNS; n++) {
		if (flags & signs[n].flag)
			buf_char(out, signs[n].sign);
	}
}

const char *command_refuse(const char *text)
{
	struct buf split = { 0 };
	const char *program, *wrong;
	unsigned flags;
	size_t count;

	wrong = shell_words_split_into(&split, command_prefix(text, &flags), &count);
	program = buf_string(&split);
	if (!wrong && split.failed)
		wrong = "out of memory";
	else if (!wrong && (!count || !*program))
		wrong = "a command is a program and its arguments; this has no program";
	else if (!wrong && *program == '|')
		wrong = "there is no sign |: write /bin/sh -c";
	else if (!wrong && *program != '/' && strchr(program, '/'))
		wrong = "a program is a path that begins with /, or a name of exec_search_path";
	else if (!wrong && flags & COMMAND_ARGV0 && count < 2)
		wrong = "after @ and the program, the program's name for itself is missing";
	else if (!wrong && flags & COMMAND_PRIVILEGED && flags & COMMAND_SAME_IDENTITY)
		wrong = "+ and ! do not go together: + is all that ! is";
	buf_free(&split);
	return wrong;
}

const char *command_refuse_prefix(const char *text)
{
	unsigned flags;

	text = command_prefix(text, &flags);
	if (*text || flags & COMMAND_ARGV0)
		return "expected the signs -, +, ! and :";
	if (flags & COMMAND_PRIVILEGED && flags & COMMAND_SAME_IDENTITY)
		return "+ and ! do not go together: + is all that ! is";
	return NULL;
}
