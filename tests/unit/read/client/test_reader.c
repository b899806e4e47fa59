/* Sources that a case of tests/read cannot have: standard input, what may not be read, and too many files. */
#include "read/client/client.h"
#include "tests/unit/unit.h"

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

__attribute__((format(printf, 2, 3))) static void write_file(const char *path, const char *format, ...)
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

static void write_inetd(const char *path, const char *port)
{
	write_file(path, "%s stream tcp4 nowait root /bin/x x\n", port);
}

/* The names of the services in order, and behind them what was said. */
static char *read_one(const char *source)
{
	const char *const sources[] = { source };
	struct diags diags = { 0 };
	struct table *table = read_table(&(struct read_request){ .sources = sources, .count = 1 }, &diags);
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

Test(reader, recognises_standard_input_even_from_a_pipe)
{
	int ends[2];

	write_inetd("in", "80");
	cr_assert(freopen("in", "r", stdin));
	expect("-", "80 \n");
	cr_assert_eq(pipe(ends), 0);
	cr_assert_gt(dprintf(ends[1], "81 stream tcp4 nowait root /bin/x x\n"), 0);
	close(ends[1]);
	cr_assert_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	expect("-", "81 \n");
}

Test(reader, takes_a_path_with_a_colon_behind_a_folder)
{
	write_service("inetd:x", "a", 80);
	expect("./inetd:x", "a \n");
}

Test(reader, names_a_folder_that_an_include_cannot_look_into)
{
	cr_assert_eq(mkdir("shut", 0), 0);
	write_file("a.conf", "include(\"shut/*.conf\")\nservice a { listen = 80 exec = /bin/x }\n");
	cr_assert_eq(chmod("a.conf", 0644), 0);
	/* root looks into every folder */
	if (geteuid() == 0) {
		cr_assert_eq(chmod(".", 0755), 0);
		cr_assert_eq(seteuid(65534), 0);
	}
	expect("a.conf", "a \na.conf:1:1: error: include: cannot search for shut/*.conf: Permission denied\n");
	if (getuid() == 0)
		cr_assert_eq(seteuid(0), 0);
}

Test(reader, bounds_the_number_of_files)
{
	write_file("leaf", "#\n");
	write_file("many", "%s", "");
	for (int i = 0; i < 401; i++) {
		FILE *file = fopen("many", "a");

		cr_assert(file);
		fputs("include(\"leaf\")\n", file);
		fclose(file);
	}
	write_file("root", "%s", "");
	for (int i = 0; i < 250; i++) {
		FILE *file = fopen("root", "a");

		cr_assert(file);
		fputs("include(\"many\")\n", file);
		fclose(file);
	}
	expect_said("root", "more than 100000 files in one configuration");
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
	table = read_table(&(struct read_request){ .sources = sources, .count = 2 }, &diags);
	cr_assert(table);
	cr_expect_eq(table->count, 2);
	cr_expect_eq(diags.errors, 0);
	table_free(table);
	diags_free(&diags);
}
