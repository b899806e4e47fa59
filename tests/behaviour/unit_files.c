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

void write_drop_in(const char *unit, const char *format, ...)
{
	const char *folder = path_in("%s.d", unit), *text;
	va_list arguments;

	va_start(arguments, format);
	text = text_of_list(format, arguments);
	va_end(arguments);
	cr_assert(mkdir(folder, 0755) == 0 || errno == EEXIST, "%s: %s", folder, strerror(errno));
	write_file(text_of("%s.d/test.conf", unit), "%s", text);
}

static struct superd *run_units(bool with_clock, const char *unit, va_list list)
{
	const char *arguments[2 * UNITS_MOST + 1];
	const struct setup setup = { .arguments = arguments, .without_table = true, .clock = with_clock };
	size_t count = 0;

	for (; unit; unit = va_arg(list, const char *)) {
		cr_assert_lt(count, 2 * UNITS_MOST);
		arguments[count++] = "-f";
		arguments[count++] = text_of("systemd:%s", path_in("%s", unit));
	}
	arguments[count] = NULL;
	return superd_run_with(&setup, "%s", "");
}

struct superd *units_run(const char *unit, ...)
{
	struct superd *superd;
	va_list list;

	va_start(list, unit);
	superd = run_units(false, unit, list);
	va_end(list);
	return superd;
}

struct superd *units_clock_run(const char *unit, ...)
{
	struct superd *superd;
	va_list list;

	va_start(list, unit);
	superd = run_units(true, unit, list);
	va_end(list);
	return superd;
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

const char *unit_inetd_backend(const char *format, ...)
{
	va_list arguments;
	const char *rest;

	va_start(arguments, format);
	rest = text_of_list(format, arguments);
	va_end(arguments);
	return text_of("ExecStart=%s %s\nStandardInput=socket\nStandardError=journal", backend_path(), rest);
}

const char *unit_ask(const char *path, const char *text)
{
	wait_node(path);
	return client_ask_unix(path, text);
}
