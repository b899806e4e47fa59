/* superctl and the readers of its answers. The hard thing is python3: the one in front may not be the one that the
 * system's packages are for, so both are asked. */
#include "superctl.h"

#include "controlling.h"

enum { WORDS_MOST = 64, LACKS_MODULE = 77 };

const char *superctl_path(void)
{
	const char *path = getenv("SUPERCTL_BIN");

	cr_assert_not_null(path, "SUPERCTL_BIN is not set: run this by make check");
	SKIP_WITHOUT(access(path, X_OK) == 0, "there is no superctl, as superd was built without jansson");
	return path;
}

static void command_line(const char **words, const char *control, const char *const *arguments)
{
	size_t count = 0;

	words[count++] = superctl_path();
	words[count++] = "--control";
	words[count++] = control;
	for (; *arguments && count < WORDS_MOST - 1; arguments++)
		words[count++] = *arguments;
	words[count] = NULL;
	cr_assert_null(*arguments, "more than %d words", WORDS_MOST);
}

struct outcome superctl_answer(const char *control, const char *const *arguments)
{
	const char *words[WORDS_MOST];

	command_line(words, control, arguments);
	return program_answer(words);
}

const char *why_of(const char *service)
{
	return SUPERCTL(control_path(), "why", service).out;
}

/* Runs a program with this file as standard input. */
static struct outcome answer_to(const char *in, const char *const *arguments)
{
	const char *words[WORDS_MOST] = { "/bin/sh", "-c", "in=$1; shift; exec \"$@\" <\"$in\"", "sh",
					  in ? in : "/dev/null" };
	size_t count = 5;

	for (; *arguments && count < WORDS_MOST - 1; arguments++)
		words[count++] = *arguments;
	cr_assert_null(*arguments, "more than %d words", WORDS_MOST);
	return program_answer(words);
}

/* The outcome of a script of the tests, by whichever python3 has what it needs; LACKS_MODULE: none has. The system's
 * first: another may be found by a script, which takes seconds where the machine is busy. */
static struct outcome ask_python(const char *script, const char *in, const char *first, const char *second)
{
	static const char *const pythons[] = { "/usr/bin/python3", "python3" };
	const char *path = text_of("%s/tests/behaviour/%s", getenv("SRCDIR"), script);
	struct outcome outcome = { .status = LACKS_MODULE };

	for (size_t i = 0; i < 2 && outcome.status == LACKS_MODULE; i++) {
		const char *words[] = { "/usr/bin/env", pythons[i], path, first, first ? second : NULL, NULL };

		outcome = answer_to(in, words);
		if (outcome.status == 126 || outcome.status == 127)
			outcome.status = LACKS_MODULE;
	}
	return outcome;
}

bool schema_holds(const char *definition, const char *answer)
{
	const char *schema = text_of("%s/contrib/doc/superd-control.schema.json", getenv("SRCDIR"));
	static unsigned serial;
	struct outcome outcome = ask_python(
		"check_schema.py", write_file(text_of("answer%u.json", serial++), "%s", answer), schema, definition);

	if (outcome.status == LACKS_MODULE)
		return false;
	cr_assert_eq(outcome.status, 0, "%s is not as the schema has it:\n%s", definition, outcome.err);
	return true;
}

const char *metrics_read(const char *text)
{
	static unsigned serial;
	struct outcome outcome =
		ask_python("check_metrics.py", write_file(text_of("metrics%u", serial++), "%s", text), NULL, NULL);

	if (outcome.status == LACKS_MODULE)
		return NULL;
	cr_assert_eq(outcome.status, 0, "the parser refuses it:\n%s\nof\n%s", outcome.err, text);
	return outcome.out;
}
