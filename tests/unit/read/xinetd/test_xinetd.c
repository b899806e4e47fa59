/* xinetd.conf: its lines, its files, and what a caller is told of it. What entries become is in tests/read/xinetd. */
#include "xinetd_text.h"

#include "read/xinetd/internal.h"

#define GOOD " type = UNLISTED\n port = 7777\n protocol = tcp\n wait = no\n user = nobody\n server = /bin/x\n"

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0, "%s", path);
}

/* Reads a file or folder as the command line would; gives the names of the services, and what was said. */
static void expect_read(const char *path, const char *names, const char *said)
{
	const struct read_request request = { .sources = &path, .count = 1 };
	struct diags diags = { 0 };
	struct table *table = read_table(&request, &diags);
	char got[1000] = "", *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	cr_assert(table && out);
	for (size_t i = 0; i < table->count; i++) {
		strncat(got, table->services[i].name, sizeof(got) - strlen(got) - 1);
		strncat(got, " ", sizeof(got) - strlen(got) - 1);
	}
	diags_print(&diags, out);
	fclose(out);
	cr_expect_str_eq(got, names, "of %s: %s", path, text);
	cr_expect(*said ? strstr(text, said) != NULL : !*text, "of %s: wanted: %s\nsaid: %s", path, said, text);
	free(text);
	table_free(table);
	diags_free(&diags);
}

static char folder[] = "/tmp/superd-xinetd-XXXXXX";

static void enter_folder(void)
{
	cr_assert(mkdtemp(folder) && chdir(folder) == 0);
}

static void leave_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert(chdir("/") == 0 && system(command) == 0);
}

TestSuite(xinetd_files, .init = enter_folder, .fini = leave_folder);

Test(xinetd, gives_every_option_the_place_of_its_attribute)
{
	struct outcome *outcome =
		read_xinetd("defaults\n{\n instances = 7\n disabled = a\n}\nservice a\n{\n" GOOD "\n  nice\t= 5\n}\n");
	const struct service *service = table_find(outcome->table, "a");
	struct origin at;

	cr_assert(service);
	cr_expect_eq(service_origin(service, "instances").line, 3);
	cr_expect_eq(service_origin(service, "disable").line, 4);
	at = service_origin(service, "nice");
	cr_expect_eq(at.line, 15);
	cr_expect_eq(at.column, 3);
	cr_expect_eq(service_origin(service, "listen").line, 9);
	outcome_free(outcome);
}

Test(xinetd, says_of_lines_that_begin_no_entry_what_they_are_and_reads_on)
{
	struct outcome *outcome = read_xinetd("hello world\nservice a\n{\n" GOOD "}\n}\ndefaults\n{\n foo = 1\n}\n");

	cr_expect_eq(outcome->diags.errors, 2, "%s", outcome->said);
	cr_expect_eq(outcome->table->skipped_count, 2);
	cr_expect_null(table_next_role(outcome->table, ROLE_VITAL, NULL));
	cr_expect_str_eq(only_name(outcome), "a");
	outcome_free(outcome);
}

Test(xinetd, adds_thousands_of_lines_to_a_list_without_a_copy_for_each)
{
	const char *word[] = { "10.0.0.1", NULL };
	struct origin at = { .file = "t", .line = 1, .column = 1 };
	const struct assignment line = {
		.name = "no_access", .sign = APPEND, .words = word, .count = 1, .at = at, .word_at = &at,
	};
	struct xinetd_service service = { .draft.pool = pool_new() };
	struct assignment *value = NULL;

	for (int i = 0; i < 4000; i++)
		value = xinetd_value_add(&service, value, &line);
	cr_expect_eq(value->count, 4000);
	cr_expect_str_eq(value->words[3999], "10.0.0.1");
	cr_expect_null(value->words[4000]);
	cr_expect_lt(pool_used(service.draft.pool), 1 << 20);
	pool_free(service.draft.pool);
}

Test(xinetd, knows_itself_by_words_that_superd_conf_does_not_have)
{
	static const struct {
		const char *text;
		bool is;
	} texts[] = {
		{ "service a\n{\n socket_type = stream\n}\n", true },
		{ "# c\n\ndefaults\n{\n instances = 60\n}\nincludedir /etc/xinetd.d\n", true },
		{ "include /etc/x\n", true },
		{ "service a\n{\n user = root\n disable = yes\n server = /bin/x\n}\n", true },
		{ "service a { listen = 80 exec = /bin/x }\n", false },
		{ "service a {\n user = root\n exec = /bin/x\n}\n", false },
		{ "defaults\n{\n user = \"nobody\"\n}\n", false },
		{ "include(\"a\")\n", false },
		{ "telnet stream tcp nowait root /bin/x x\n", false },
		{ "127.0.0.1:80 stream tcp nowait root /bin/x x\n", false },
		{ "a = b\n", false },
		{ "", false },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct source_file source = { .file = "t",
					      .text = strdup(texts[i].text),
					      .length = strlen(texts[i].text) };

		cr_expect_eq(reader_xinetd.recognises(&source), texts[i].is, "%s", texts[i].text);
		free(source.text);
	}
}

Test(xinetd_files, reads_a_folder_without_names_that_have_a_dot_or_end_in_a_tilde)
{
	cr_assert_eq(mkdir("d", 0755), 0);
	write_file("xinetd.conf", "includedir d\n");
	write_file("d/b", "service b\n{\n" GOOD "}\n");
	write_file("d/a",
		   "defaults\n{\n instances = 3\n}\nservice a\n{\n type = UNLISTED\n port = 2\n protocol = tcp\n wait "
		   "= no\n"
		   "user = nobody\n server = /bin/x\n}\n");
	write_file("d/a~", "service old\n{\n" GOOD "}\n");
	write_file("d/.hidden", "service hidden\n{\n" GOOD "}\n");
	expect_read("xinetd.conf", "a b ", "");
	expect_read("xinetd:d", "a b ", "");
	write_file("d/c.conf", "service c\n{\n" GOOD "}\n");
	expect_read("xinetd.conf", "a b ",
		    "d/c.conf: warning: skipped: xinetd reads no files with a dot");
}

Test(xinetd_files, takes_a_text_in_a_folder_for_no_table)
{
	cr_assert_eq(mkdir("d", 0755), 0);
	write_file("d/README", "Files in this folder are services.\n\nservices: one each\n");
	write_file("d/empty", "# nothing yet\n");
	write_file("d/b", "service b\n{\n" GOOD "}\n");
	expect_read("xinetd:d", "b ", "d/README: warning: skipped: by its name it is no configuration\n");
}

Test(xinetd_files, keeps_the_defaults_of_one_source_from_another)
{
	const char *const sources[] = { "xinetd:one", "xinetd:two" };
	const struct read_request request = { .sources = sources, .count = 2 };
	struct diags diags = { 0 };
	struct table *table;

	write_file("one", "defaults\n{\n only_from = 10.0.0.0\n}\n");
	write_file("two", "service a\n{\n" GOOD "}\n");
	table = read_table(&request, &diags);
	cr_assert(table);
	cr_assert_eq(table->count, 1);
	cr_expect_null(table->services[0].sockets[0].options->only_from);
	table_free(table);
	diags_free(&diags);
}

Test(xinetd_lines, have_a_name_an_operator_and_values)
{
	static const struct {
		const char *text;
		enum xinetd_line_kind kind;
		const char *name;
		int sign;
		size_t count;
	} lines[] = {
		{ "a = b c", XINETD_ATTRIBUTE, "a", ASSIGN, 2 },
		{ "\ta=b", XINETD_ATTRIBUTE, "a", ASSIGN, 1 },
		{ "a+=b", XINETD_ATTRIBUTE, "a", APPEND, 1 },
		{ "a -=b=c", XINETD_ATTRIBUTE, "a", REMOVE, 1 },
		{ "a =", XINETD_ATTRIBUTE, "a", ASSIGN, 0 },
		{ "a + = b", XINETD_STATEMENT, "a", ASSIGN, 4 },
		{ "include /a=b", XINETD_STATEMENT, "", ASSIGN, 2 },
		{ "{", XINETD_OPEN, "{", ASSIGN, 0 },
		{ "{ a", XINETD_STATEMENT, "", ASSIGN, 2 },
		{ "} x", XINETD_CLOSE, "}", ASSIGN, 1 },
		{ "= b", XINETD_STATEMENT, "", ASSIGN, 2 },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct source_file source = { .text = strdup(lines[i].text), .length = strlen(lines[i].text) };
		struct xinetd_line line = { .source = &source, .pool = pool_new() };

		cr_assert(source_find_lines(&source));
		cr_assert(xinetd_line_next(&line), "%s", lines[i].text);
		cr_expect_eq(line.kind, lines[i].kind, "%s: %d", lines[i].text, line.kind);
		cr_expect_eq(line.words.count, lines[i].count, "%s: %zu", lines[i].text, line.words.count);
		if (line.kind == XINETD_ATTRIBUTE) {
			cr_expect_eq(line.sign, lines[i].sign, "%s", lines[i].text);
			cr_expect_str_eq(line.name, lines[i].name);
		}
		cr_expect_not(xinetd_line_next(&line));
		word_list_free(&line.words);
		pool_free(line.pool);
		source_free(&source);
	}
}
