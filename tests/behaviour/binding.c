/* Tables and questions for tests of pass = bind. */
#include "binding.h"

const char *binder(const char *format, ...)
{
	va_list arguments;
	const char *steps;

	va_start(arguments, format);
	steps = text_of_list(format, arguments);
	va_end(arguments);
	return text_of("%s/binder %s", getenv("SUPERD_TESTDIR"), steps);
}

const char *bind_table(const char *sockets, const char *options, const char *steps)
{
	return text_of("service web {\n listen = %s\n pass = bind\n error = inherit\n exec = \"%s\"\n %s\n}\n", sockets,
		       binder("%s", steps), options);
}

struct superd *bind_run(const char *sockets, const char *options, const char *steps)
{
	return controlled_run("%s", bind_table(sockets, options, steps));
}

struct superd *bind_clock_run(const char *sockets, const char *options, const char *steps)
{
	const char *arguments[] = { "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments, .clock = true };

	return superd_run_with(&setup, "%s", bind_table(sockets, options, steps));
}

bool bind_allowed(void)
{
	const char *table = write_file("allowed.conf", "%s", bind_table("\"1\"", "", ""));

	return !strstr(SUPERD_ANSWER("--check", "-f", table).err, "does not let superd answer bind");
}

const char *bind_details(int port)
{
	return client_ask(port, "?\n");
}

void bind_expect(const char *details, const char *word)
{
	const char *found = strstr(details, text_of(" %s", word));

	cr_assert(found && strchr(" ", found[1 + strlen(word)]), "no %s in: %s\n%s", word, details, world_logs());
}

void bind_obey(int port, const char *steps)
{
	const char *answer = client_ask(port, text_of("!%s\n", steps));

	cr_assert(strstr(answer, " ok"), "%s: %s\n%s", steps, answer, world_logs());
}
