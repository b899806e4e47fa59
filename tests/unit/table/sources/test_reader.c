/* Sources: formats, folders, includes, and what is said when they can't be read. */
#include "table/sources/sources.h"
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

static void write_xinetd(const char *path, const char *name, int port)
{
	write_file(path,
		   "service %s\n{\n\ttype = UNLISTED\n\tsocket_type = stream\n\tprotocol = tcp\n\tport = %d\n"
		   "\twait = no\n\tuser = root\n\tserver = /bin/x\n}\n",
		   name, port);
}

/* A socket and its service, both called so. */
static void write_pair(const char *path, const char *name, unsigned port)
{
	char file[64];

	snprintf(file, sizeof(file), "%s.socket", path);
	write_file(file, "[Socket]\nListenStream=%u\n", port);
	snprintf(file, sizeof(file), "%s.service", path);
	write_file(file, "[Service]\nExecStart=/bin/%s\nUser=nobody\n", name);
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

struct taken {
	char format[32];
	size_t entries;
};

static void on_taken(void *context, const char *path, const char *format, size_t entries)
{
	struct taken *taken = context;

	(void)path;
	snprintf(taken->format, sizeof(taken->format), "%s", format);
	taken->entries = entries;
}

static void expect_taken(const char *source, const char *format, size_t entries)
{
	struct taken taken = { 0 };
	struct diags diags = { 0 };
	struct read_request request = { .sources = &source, .count = 1, .on_source = on_taken, .context = &taken };

	table_free(read_table(&request, &diags));
	diags_free(&diags);
	cr_expect_str_eq(taken.format, format, "of: %s", source);
	cr_expect_eq(taken.entries, entries, "%zu of: %s", taken.entries, source);
}

static size_t count_sockets(const char *source, enum compat compat)
{
	struct diags diags = { 0 };
	struct read_request request = { .sources = &source, .count = 1, .compat = compat };
	struct table *table = read_table(&request, &diags);
	size_t count = 0;

	for (size_t i = 0; table && i < table->count; i++)
		count += table->services[i].socket_count;
	table_free(table);
	diags_free(&diags);
	return count;
}

Test(reader, names_a_file_that_is_missing)
{
	expect("none.conf", "\nnone.conf: error: cannot read: No such file or directory\n");
	expect("superd:none.conf", "\nnone.conf: error: cannot read: No such file or directory\n");
}

Test(reader, warns_of_a_table_without_services)
{
	write_file("a.conf", "# nothing\n");
	expect("a.conf", "\na.conf: warning: no services: superd has nothing to do\n");
}

Test(reader, knows_the_formats_by_their_names_in_front)
{
	write_service("a.conf", "a", 80);
	write_inetd("i", "80");
	write_xinetd("x", "x", 80);
	expect("superd:a.conf", "a \n");
	expect("inetd:i", "80 \n");
	expect("xinetd:x", "x \n");
	write_pair("u", "u", 81);
	expect("systemd:u.socket", "u \n");
	expect_said("systemd:a.conf", "this looks like a systemd unit: name it NAME.socket or NAME.service");
	expect_said("launchd:a.conf", "XML");
	expect_said("runit:a.conf",
		    "there is no format 'runit': known are superd, inetd, xinetd, systemd and "
		    "launchd");
	expect_said("superd:", "a source has no path");
	expect_said("inetd+gnu:", "a source has no path");
	expect_said("", "a source has no path");
}

Test(reader, recognises_tables_by_their_names)
{
	static const char *const inetd[] = { "inetd.conf", "inetd.conf.old", "inetd.d/web", "e/../inetd.d/web" };
	static const char *const xinetd[] = { "xinetd.conf", "xinetd.d/web", "./xinetd.d//web" };

	cr_assert_eq(mkdir("inetd.d", 0755), 0);
	cr_assert_eq(mkdir("xinetd.d", 0755), 0);
	cr_assert_eq(mkdir("e", 0755), 0);
	for (size_t n = 0; n < sizeof(inetd) / sizeof(*inetd); n++) {
		write_file(inetd[n], "# nothing\n");
		expect_taken(inetd[n], "inetd.conf", 0);
	}
	for (size_t n = 0; n < sizeof(xinetd) / sizeof(*xinetd); n++) {
		write_file(xinetd[n], "# nothing\n");
		expect_taken(xinetd[n], "xinetd.conf", 0);
	}
	write_pair("web", "web", 80);
	expect_taken("./web.socket", "unit files", 1);
	expect_taken("web.service", "unit files", 1);
}

Test(reader, recognises_tables_by_what_is_in_them)
{
	write_service("native", "a", 80);
	write_file("braces", "service a\n{\n\tlisten = 80\n\texec = /bin/x\n}\n");
	write_file("defaults", "defaults {\n}\nservice a { listen = 80 exec = /bin/x }\n");
	write_file("empty", "%s", "");
	write_file("comment", "# a table that is still to be written\n");
	write_inetd("inetd", "80");
	write_file("address", "127.0.0.1:80 stream tcp nowait root /bin/x x\n");
	write_xinetd("xinetd", "x", 80);
	write_file("including", "# all of it\n\nincludedir none.d\n");
	write_file("merged", "defaults\n{\n\tinstances = 60\n}\n");
	expect_taken("native", "superd.conf", 1);
	expect_taken("braces", "superd.conf", 1);
	expect_taken("defaults", "superd.conf", 1);
	expect_taken("empty", "superd.conf", 0);
	expect_taken("comment", "superd.conf", 0);
	expect_taken("inetd", "inetd.conf", 1);
	expect_taken("address", "inetd.conf", 1);
	expect_taken("xinetd", "xinetd.conf", 1);
	expect_said("including", "none.d");
	write_file("unit", "# from a package\n[Unit]\nDescription=x\n[Socket]\nListenStream=80\n");
	expect_said("unit", "unit: error: this looks like a systemd unit: name it");
}

Test(reader, recognises_a_folder_by_its_name_or_its_files)
{
	cr_assert_eq(mkdir("xinetd.d", 0755), 0);
	write_xinetd("xinetd.d/b", "b", 81);
	write_xinetd("xinetd.d/a", "a", 80);
	cr_assert_eq(mkdir("other", 0755), 0);
	write_inetd("other/web", "81");
	write_inetd("other/web~", "82");
	write_inetd("other/.web", "83");
	cr_assert_eq(mkdir("native", 0755), 0);
	write_service("native/a.conf", "a", 80);
	cr_assert_eq(mkdir("units", 0755), 0);
	write_file("units/README", "Units of ours.\n");
	write_file("units/default.target", "[Unit]\nDescription=x\n");
	write_pair("units/b", "b", 81);
	write_pair("units/a", "a", 80);
	expect("units", "a b \n");
	expect_taken("units", "unit files", 2);
	expect("xinetd.d", "a b \n");
	expect("xinetd.d/", "a b \n");
	expect_said("other", "81 \nother/web~: warning: it is left out");
	expect("native", "a \n");
	expect_taken("xinetd.d", "xinetd.conf", 2);
	expect_taken("other", "inetd.conf", 1);
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

/* Bare tcp is both families in superd's meaning, and IPv4 alone in FreeBSD's. */
Test(reader, reads_with_the_meaning_that_was_asked_for)
{
	write_file("inetd.conf", "80 stream tcp nowait root /bin/x x\n");
	cr_expect_eq(count_sockets("inetd.conf", COMPAT_NONE), 2u);
	cr_expect_eq(count_sockets("inetd.conf", COMPAT_FREEBSD), 1u);
	cr_expect_eq(count_sockets("inetd+freebsd:inetd.conf", COMPAT_NONE), 1u);
	cr_expect_eq(count_sockets("inetd+openbsd:inetd.conf", COMPAT_FREEBSD), 2u);
	expect_said("inetd+linux:inetd.conf", "no system 'linux' is known");
	expect_said("superd+gnu:inetd.conf", "gnu has no meaning of its own for files of superd");
	expect_said("xinetd+gnu:inetd.conf", "gnu has no meaning of its own for files of xinetd");
}

Test(reader, imports_with_a_meaning_that_is_not_that_of_the_next)
{
	write_file("one", "80 stream tcp nowait root /bin/x x\n");
	write_file("two", "81 stream tcp nowait root /bin/x x\n");
	write_file("a.conf", "import(\"inetd+freebsd:one\")\nimport(\"inetd:two\")\n");
	cr_expect_eq(count_sockets("a.conf", COMPAT_NONE), 3u);
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
	write_file("d[1]/main",
		   "include(\"x/*.conf\")\nservice last { listen = 99 exec = /bin/x }\n"
		   "include(\"none/*\")\n");
	write_service("d[1]/x/b.conf", "b", 81);
	write_service("d[1]/x/a.conf", "a", 80);
	write_service("d[1]/x/Z.conf", "z", 82);
	expect("d[1]/main", "z a b last \n");
}

Test(reader, reports_a_plain_include_that_is_missing_or_a_folder)
{
	write_file("a.conf", "service a { listen = 80 exec = /bin/x }\n include(\"none.conf\")\n include(\".\")\n");
	expect("a.conf",
	       "a \na.conf:2:2: error: cannot read none.conf: No such file or directory\n"
	       "a.conf:3:2: error: include: . is a folder: name its files, as in \"./*.conf\"\n");
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

Test(reader, refuses_a_file_that_includes_itself_and_names_both_places)
{
	write_file("a.conf", "include(\"b.conf\")\n");
	write_file("b.conf", "\n  include(\"c.conf\")\n");
	cr_assert_eq(symlink("b.conf", "c.conf"), 0);
	expect("a.conf",
	       "\nb.conf:2:3: error: c.conf is being read already: a file cannot include itself\na.conf:1:1: note: "
	       "b.conf is read because of this line\n");
	write_file("d.conf", "include(\"./*.conf\")\n");
	expect_said("d.conf", "d.conf:1:1: error: ./d.conf is being read already");
}

Test(reader, includes_one_file_twice_beside_each_other)
{
	write_file("defaults", "# nothing\n");
	write_file("a.conf",
		   "include(\"defaults\")\ninclude(\"defaults\")\n"
		   "service a { listen = 80 exec = /bin/x }\n");
	expect("a.conf", "a \n");
}

Test(reader, takes_the_settings_of_superd_itself_from_one_file_alone)
{
	write_file("a.conf", "superd { max_starting = 2 }\n");
	write_file("b.conf", "include(\"a.conf\")\nservice b { listen = 80 exec = /bin/x }\n");
	expect("b.conf", "b \n");
	write_file("c.conf", "superd { }\nimport(\"superd:b.conf\")\n");
	expect("c.conf",
	       "b \na.conf:1:1: error: there is another superd { } at c.conf:1: a configuration has at most one\n"
	       "a.conf:1:1: hint: write all settings in one of the two\n");
	expect_taken("a.conf", "superd.conf", 0);
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

Test(reader, imports_relative_to_the_file_in_any_format)
{
	cr_assert_eq(mkdir("d", 0755), 0);
	write_file("d/a.conf", "import(\"superd:b.conf\")\n import(\"inetd:i\")\nimport(\"runit:x\")\n");
	write_service("d/b.conf", "b", 80);
	write_inetd("d/i", "81");
	expect_said("d/a.conf", "b 81 \n");
	expect_said("d/a.conf", "d/a.conf:3:1: error: runit:x: there is no format 'runit'");
}

Test(reader, imports_what_may_be_missing)
{
	write_file("a.conf", "import(\"-inetd:i\")\nimport(\"-inetd:none/j\")\nimport(\"inetd:k\")\n");
	write_inetd("i", "81");
	expect_said("a.conf", "a.conf:3:1: error: cannot read k: ");
	write_file("a.conf", "import(\"-inetd:i\")\nimport(\"-inetd:none/j\")\nimport(\"-xinetd:none\")\n");
	expect_said("a.conf", "81 \n");
}

Test(reader, takes_standard_input_from_the_command_line_alone)
{
	write_service("in", "in", 80);
	write_service("-", "dash", 81);
	write_file("a.conf", "import(\"-\")\nimport(\"superd:-\")\nimport(\"--\")\n");
	cr_assert(freopen("in", "r", stdin));
	expect_said("a.conf", "a.conf:1:1: error: -: standard input cannot be imported");
	expect_said("a.conf", "a.conf:2:1: error: superd:-: standard input cannot be imported");
	expect_said("a.conf", "a.conf:3:1: error: -: standard input cannot be imported");
	write_file("a.conf", "include(\"-\")\n");
	expect("a.conf", "dash \n");
	expect("-", "in \n");
}

Test(reader, shares_defaults_between_included_files)
{
	const char *const sources[] = { "a.conf" };
	struct diags diags = { 0 };
	struct table *table;

	write_file("a.conf", "include(\"b.conf\")\nservice a { listen = 80 exec = /bin/x }\n");
	write_file("b.conf", "defaults { instances = 7 }\nservice b { listen = 81 exec = /bin/x }\n");
	table = read_table(&(struct read_request){ .sources = sources, .count = 1 }, &diags);
	cr_assert(table);
	cr_assert_eq(table->count, 2);
	cr_expect_eq(table->services[0].groups->access->instances, 7);
	cr_expect_eq(table->services[1].groups->access->instances, 7);
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
	table = read_table(&(struct read_request){ .sources = sources, .count = 2 }, &diags);
	cr_assert(table);
	cr_expect_eq(table->count, 2);
	cr_expect_eq(diags.errors, 0);
	table_free(table);
	diags_free(&diags);
}

static bool is_left_out(const struct table *table, unsigned line)
{
	for (size_t i = 0; i < table->left_out_count; i++) {
		if (table->left_out[i].at.line == line)
			return true;
	}
	return false;
}

Test(reader, remembers_what_was_too_broken_for_a_row_and_what_others_hang_on)
{
	const char *const sources[] = { "a.conf" };
	struct diags diags = { 0 };
	const struct note *first, *second;
	struct table *table;

	write_file("a.conf",
		   "service a { listen = 80 exec = /bin/x }\nservice b { listen = }\n"
		   "defaults { instances = 5 }\nservcie c { }\nservice d { listen = 81 exec = /bin/x }\n");
	table = read_table(&(struct read_request){ .sources = sources, .count = 1 }, &diags);
	cr_assert(table);
	cr_assert_eq(table->count, 2);
	cr_expect(is_left_out(table, 2) && !is_left_out(table, 1) && !is_left_out(table, 5));
	first = table_next_note(table, NOTE_VITAL, NULL);
	second = first ? table_next_note(table, NOTE_VITAL, first) : NULL;
	cr_assert(second && !table_next_note(table, NOTE_VITAL, second));
	cr_expect(first->at.line == 3 && second->at.line == 4);
	table_free(table);
	diags_free(&diags);
}
