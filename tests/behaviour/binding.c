/* Tables for tests of pass = bind. */
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

bool bind_allowed(void)
{
	const char *table = write_file("allowed.conf", "%s", bind_table("\"1\"", "", ""));

	return !strstr(SUPERD_ANSWER("--check", "-f", table).err, "does not let superd answer bind");
}
