/* Sources: formats, folders, includes, and what is said when they can't be read. */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/reader.h"

static char folder[] = "/tmp/superd-reader-XXXXXX";

static void enter_folder(void)
{
	cr_assert(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static void leave_folder(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert_eq(chdir("/"), 0);
	cr_assert_eq(system(command), 0);
}

TestSuite(reader, .init = enter_folder, .fini = leave_folder);

__attribute__((format(printf, 2, 3)))
static void write_file(const char *path, const char *format, ...)
{
	FILE *file = fopen(path, "w");
	va_list arguments;

	cr_assert(file, "%s", path);
	va_start(arguments, format);
	vfprintf(file, format, arguments);
	va_end(arguments);
	cr_assert_eq(fclose(file), 0);
}

static void write_service(const char *path, const char *name, int port)
{
	write_file(path, "service %s { listen = %d exec = /bin/x }\n", name, port);
}

/* The names of the services in order, and behind them what was said. */
static char *read_one(const char *source)
{
	const char *const sources[] = { source };
	struct diags diags = { 0 };
	struct table *table = read_table(sources, 1, &diags);
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	cr_assert(table);
	for (size_t i = 0; i < table->count; i++)
		fprintf(out, "%s ", table->services[i].name);
	fputc('\n', out);
	diags_print(&diags, out);
	fclose(out);
	table_free(table);
	diags_free(&diags);
	return text;
}

static void expect(const char *source, const char *wanted)
{
	char *text = read_one(source);

	cr_expect_str_eq(text, wanted, "of: %s", source);
	free(text);
}

static void expect_said(const char *source, const char *wanted)
{
	char *text = read_one(source);

	cr_expect(strstr(text, wanted), "of: %s\nwanted: %s\nsaid: %s", source, wanted, text);
	free(text);
}

Test(reader, names_a_file_that_is_missing)
{
	expect("none.conf", "\nnone.conf: error: cannot read: No such file or directory\n");
	expect("superd:none.conf", "\nnone.conf: error: cannot read: No such file or directory\n");
}

Test(reader, warns_of_a_table_without_services)
{
	write_file("a.conf", "# nothing\n");
	expect("a.conf", "\na.conf: warning: no services: there is nothing to do\n");
}

Test(reader, knows_the_formats_and_says_which_are_to_come)
{
	write_service("a.conf", "a", 80);
	expect("superd:a.conf", "a \n");
	expect_said("inetd:a.conf", "tables of inetd: not yet");
	expect_said("xinetd:a.conf", "tables of xinetd: not yet");
	expect_said("systemd:a.conf", "tables of systemd: not yet");
	expect_said("launchd:a.conf", "tables of launchd: not yet");
	expect_said("runit:a.conf", "there is no format 'runit': known are superd, inetd, xinetd, systemd and "
		    "launchd");
	expect_said("superd:", "a source has no path");
	expect_said("", "a source has no path");
}

Test(reader, recognises_other_tables_by_their_names)
{
	write_file("inetd.conf", "ftp stream tcp nowait root /usr/sbin/ftpd ftpd\n");
	expect_said("inetd.conf", "tables of inetd: not yet");
	expect_said("./web.socket", "tables of systemd: not yet");
	write_service("service.table", "a", 80);
	expect("service.table", "a \n");
}

Test(reader, takes_a_path_with_a_colon_behind_a_folder)
{
	write_service("inetd:x", "a", 80);
	expect("./inetd:x", "a \n");
}

Test(reader, reads_the_tables_of_a_folder_by_name)
{
	cr_assert_eq(mkdir("d", 0755), 0);
	cr_assert_eq(mkdir("d/sub.conf", 0755), 0);
	write_service("d/20.conf", "b", 81);
	write_service("d/10.conf", "a", 80);
	write_service("d/.hidden.conf", "c", 82);
	write_service("d/30.bak", "d", 83);
	expect("d", "a b \n");
}

Test(reader, includes_by_pattern_sorted_and_relative_to_the_file)
{
	cr_assert_eq(mkdir("d[1]", 0755), 0);
	cr_assert_eq(mkdir("d[1]/x", 0755), 0);
	write_file("d[1]/main", "include(\"x/*.conf\")\nservice last { listen = 99 exec = /bin/x }\n"
		   "include(\"none/*\")\n");
	write_service("d[1]/x/b.conf", "b", 81);
	write_service("d[1]/x/a.conf", "a", 80);
	write_service("d[1]/x/Z.conf", "z", 82);
	expect("d[1]/main", "z a b last \n");
}

Test(reader, reports_a_plain_include_that_is_missing_or_a_folder)
{
	write_file("a.conf", "service a { listen = 80 exec = /bin/x }\n include(\"none.conf\")\n include(\".\")\n");
	expect("a.conf", "a \na.conf:2:2: error: cannot read none.conf: No such file or directory\n"
	       "a.conf:3:2: error: include: . is a folder: name its files, as in \"./*.conf\"\n");
}

Test(reader, names_a_folder_that_an_include_cannot_look_into)
{
	cr_assert_eq(mkdir("shut", 0), 0);
	write_file("a.conf", "include(\"shut/*.conf\")\nservice a { listen = 80 exec = /bin/x }\n");
	/* root looks into every folder */
	if (geteuid() == 0) {
		cr_assert_eq(chmod(".", 0755), 0);
		cr_assert_eq(seteuid(65534), 0);
	}
	expect("a.conf", "a \na.conf:1:1: error: include: cannot look for shut/*.conf: Permission denied\n");
	if (getuid() == 0)
		cr_assert_eq(seteuid(0), 0);
}

Test(reader, refuses_a_file_that_includes_itself_and_names_both_places)
{
	write_file("a.conf", "include(\"b.conf\")\n");
	write_file("b.conf", "\n  include(\"c.conf\")\n");
	cr_assert_eq(symlink("b.conf", "c.conf"), 0);
	expect("a.conf", "\nb.conf:2:3: error: c.conf is being read already: a file can't include itself\n"
	       "a.conf:1:1: note: b.conf is read because of this line\n");
	write_file("d.conf", "include(\"./*.conf\")\n");
	expect_said("d.conf", "d.conf:1:1: error: ./d.conf is being read already");
}

Test(reader, includes_one_file_twice_beside_each_other)
{
	write_file("defaults", "# nothing\n");
	write_file("a.conf", "include(\"defaults\")\ninclude(\"defaults\")\n"
		   "service a { listen = 80 exec = /bin/x }\n");
	expect("a.conf", "a \n");
}

Test(reader, bounds_the_depth_of_includes)
{
	char name[16];

	for (int i = 0; i < READING_DEPTH + 2; i++) {
		snprintf(name, sizeof(name), "%d", i);
		write_file(name, "include(\"%d\")\n", i + 1);
	}
	expect_said("0", "15:1:1: error: 16: includes go deeper than 16 files");
}

Test(reader, bounds_the_number_of_files)
{
	write_file("leaf", "#\n");
	write_file("many", "%s", "");
	for (int i = 0; i < 101; i++) {
		FILE *file = fopen("many", "a");

		cr_assert(file);
		fputs("include(\"leaf\")\n", file);
		fclose(file);
	}
	write_file("root", "%s", "");
	for (int i = 0; i < 100; i++) {
		FILE *file = fopen("root", "a");

		cr_assert(file);
		fputs("include(\"many\")\n", file);
		fclose(file);
	}
	expect_said("root", "more than 10000 files in one table");
}

Test(reader, imports_relative_to_the_file_in_any_format)
{
	cr_assert_eq(mkdir("d", 0755), 0);
	write_file("d/a.conf", "import(\"superd:b.conf\")\n import(\"inetd:/etc/inetd.conf\")\n"
		   "import(\"runit:x\")\n");
	write_service("d/b.conf", "b", 80);
	expect_said("d/a.conf", "b \nd/a.conf:2:2: error: /etc/inetd.conf: tables of inetd: not yet");
	expect_said("d/a.conf", "d/a.conf:3:1: error: runit:x: there is no format 'runit'");
}

Test(reader, shares_defaults_between_included_files)
{
	const char *const sources[] = { "a.conf" };
	struct diags diags = { 0 };
	struct table *table;

	write_file("a.conf", "include(\"b.conf\")\nservice a { listen = 80 exec = /bin/x }\n");
	write_file("b.conf", "defaults { instances = 7 }\nservice b { listen = 81 exec = /bin/x }\n");
	table = read_table(sources, 1, &diags);
	cr_assert(table);
	cr_assert_eq(table->count, 2);
	cr_expect_eq(table->services[0].gate->instances, 7);
	cr_expect_eq(table->services[1].gate->instances, 7);
	table_free(table);
	diags_free(&diags);
}

Test(reader, reads_standard_input)
{
	write_service("in", "a", 80);
	cr_assert(freopen("in", "r", stdin));
	expect("-", "a \n");
}

Test(reader, refuses_what_is_no_text)
{
	FILE *file = fopen("binary", "w");

	cr_assert(file);
	fwrite("service\0a\x01{}", 1, 12, file);
	fclose(file);
	expect_said("binary", "binary:1:8: error:");
	expect_said("/dev/null", "/dev/null: error: cannot read");
}

Test(reader, puts_every_source_into_one_table)
{
	const char *const sources[] = { "a.conf", "b.conf" };
	struct diags diags = { 0 };
	struct table *table;

	write_service("a.conf", "a", 80);
	write_service("b.conf", "b", 81);
	table = read_table(sources, 2, &diags);
	cr_assert(table);
	cr_expect_eq(table->count, 2);
	cr_expect_eq(diags.errors, 0);
	table_free(table);
	diags_free(&diags);
}
