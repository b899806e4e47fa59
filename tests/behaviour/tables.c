/* Other systems' tables for tests, and a superd for them in the foreground. The hard thing is that neither inetd nor
 * xinetd takes port 0, so ports are those of free_port(), and what a line needs besides has to be written out. */
#include "tables.h"

static struct superd *run_table(const char *language, const char *text)
{
	const struct setup setup = { .format = language };

	return superd_run_with(&setup, "%s", text);
}

struct superd *inetd_run(const char *format, ...)
{
	va_list arguments;
	struct superd *superd;

	va_start(arguments, format);
	superd = run_table("inetd", text_of_list(format, arguments));
	va_end(arguments);
	return superd;
}

struct superd *xinetd_run(const char *format, ...)
{
	va_list arguments;
	struct superd *superd;

	va_start(arguments, format);
	superd = run_table("xinetd", text_of_list(format, arguments));
	va_end(arguments);
	return superd;
}

static const char *program_path(const char *name)
{
	const char *folder = getenv("SUPERD_TESTDIR");

	cr_assert_not_null(folder, "SUPERD_TESTDIR is not set: run the tests by make check");
	return text_of("%s/%s", folder, name);
}

const char *inetd_backend(const char *format, ...)
{
	va_list arguments;
	const char *rest;

	va_start(arguments, format);
	rest = text_of_list(format, arguments);
	va_end(arguments);
	return text_of("%s %s backend %s", own_user(), program_path("backend"), rest);
}

void wait_listening(struct superd *superd, const char *endpoint)
{
	const char *said = text_of(": listening on %s\n", endpoint);

	WAIT_UNTIL(superd_logged(superd, said) || superd_has_ended(superd));
	cr_assert(superd_logged(superd, said), "superd ended (%d)\n%s", superd->status, world_logs());
}

const char *xinetd_service(const char *name, int port, const char *lines)
{
	return text_of("service %s\n{\n\ttype = UNLISTED\n\tsocket_type = stream\n\tprotocol = tcp\n\tport = %d\n"
		       "\tbind = 127.0.0.1\n\twait = no\n%s\n}\n",
		       name, port, lines);
}

const char *xinetd_backend(const char *format, ...)
{
	va_list arguments;
	const char *rest;

	va_start(arguments, format);
	rest = text_of_list(format, arguments);
	va_end(arguments);
	return text_of("\tuser = %s\n\tserver = %s\n\tserver_args = %s\n", own_user(), program_path("backend"), rest);
}
