/* Unit files for tests. The hard thing is that a backend's words go through the unit language on their way: paths of
 * the test's folder have nothing in them that it reads as its own. */
#include "unit_files.h"

enum { UNITS_MOST = 8 };

void write_pair(const char *name, const char *socket, const char *service)
{
	const char *template = strstr(socket, "Accept=yes") ? "@" : "";

	write_file(text_of("%s.socket", name), "[Socket]\n%s\n", socket);
	write_file(text_of("%s%s.service", name, template), "[Service]\n%s\nUser=%s\n", service, own_user());
}

struct superd *units_run(const char *unit, ...)
{
	const char *arguments[2 * UNITS_MOST + 1];
	const struct setup setup = { .arguments = arguments, .without_table = true };
	size_t count = 0;
	va_list list;

	va_start(list, unit);
	for (; unit; unit = va_arg(list, const char *)) {
		cr_assert_lt(count, 2 * UNITS_MOST);
		arguments[count++] = "-f";
		arguments[count++] = text_of("systemd:%s", path_in("%s", unit));
	}
	va_end(list);
	arguments[count] = NULL;
	return superd_run_with(&setup, "%s", "");
}

static const char *backend_path(void)
{
	const char *folder = getenv("SUPERD_TESTDIR");

	cr_assert_not_null(folder, "SUPERD_TESTDIR is not set: run the tests by make check");
	return text_of("%s/backend", folder);
}

const char *unit_backend(const char *format, ...)
{
	va_list arguments;
	const char *rest;

	va_start(arguments, format);
	rest = text_of_list(format, arguments);
	va_end(arguments);
	return text_of("ExecStart=%s %s", backend_path(), rest);
}
