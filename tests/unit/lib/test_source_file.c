/* Sources: what is refused, and that every byte knows its line and column. */
#include "lib/lib.h"
#include "tests/unit/source_text.h"
#include "tests/unit/unit.h"

static struct pool *pool;
static struct diags diags;
static char folder[] = "/tmp/superd-source-XXXXXX";
static char path[64];

static void set_up(void)
{
	pool = pool_new();
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.conf", folder);
}

static void tear_down(void)
{
	diags_free(&diags);
	pool_free(pool);
	unlink(path);
	rmdir(folder);
}

TestSuite(source, .init = set_up, .fini = tear_down);

static void write_file(const char *text, size_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, length), (ssize_t)length);
	close(fd);
}

/* Reads text and expects its one error to hold part, at this place. */
static void refused(const char *text, size_t length, unsigned line, unsigned column, const char *part)
{
	struct source_file source;

	cr_assert(!source_from_text(&source, "t", text, length, pool, &diags));
	cr_assert_null(source.text);
	cr_assert_geq(diags.count, 1);
	cr_expect_eq(diags.list[0].line, line);
	cr_expect_eq(diags.list[0].column, column);
	cr_expect_not_null(strstr(diags.list[0].message, part), "%s", diags.list[0].message);
	source_free(&source);
	diags_free(&diags);
}

/* Loads `path` and expects this one error without a line. */
static void load_refused(const char *what, const char *message)
{
	struct source_file source;

	cr_assert(!source_load(&source, what, pool, &diags));
	cr_assert_eq(diags.errors, 1);
	cr_expect_str_eq(diags.list[0].message, message);
	cr_expect_str_eq(diags.list[0].file, what);
	cr_expect_eq(diags.list[0].line, 0);
	source_free(&source);
}

Test(source, reads_a_file_as_it_is)
{
	static const char text[] = "service a {\r\n\tlisten = \"80\"\f\n}\n# caf\xc3\xa9 \xff";
	struct source_file source;

	write_file(text, sizeof(text) - 1);
	cr_assert(source_load(&source, path, pool, &diags));
	cr_assert_eq(diags.count, 0);
	cr_assert_eq(source.length, sizeof(text) - 1);
	cr_assert_str_eq(source.text, text);
	cr_assert_str_eq(source.file, path);
	cr_assert_eq(source.line_count, 4);
	source_free(&source);
}

Test(source, knows_the_place_of_every_byte)
{
	static const char text[] = "ab\n\ncd\n";
	static const unsigned places[][2] = { { 1, 1 }, { 1, 2 }, { 1, 3 }, { 2, 1 },
					      { 3, 1 }, { 3, 2 }, { 3, 3 }, { 4, 1 } };
	struct source_file source;

	cr_assert(source_from_text(&source, "t", text, sizeof(text) - 1, pool, &diags));
	for (size_t i = 0; i < 8; i++) {
		struct origin at = source_origin(&source, i);

		cr_expect_str_eq(at.file, "t");
		cr_expect_eq(at.line, places[i][0], "byte %zu is in line %u", i, at.line);
		cr_expect_eq(at.column, places[i][1], "byte %zu is in column %u", i, at.column);
	}
	cr_expect_eq(source_origin(&source, 1000).line, 4);
	source_free(&source);
	cr_expect_eq(source_origin(&source, 3).line, 0);
}

Test(source, knows_the_place_of_bytes_in_any_order)
{
	static const size_t offsets[] = { 0, 9, 4, 4, 11, 2, 50, 0, 7 };
	struct source_file source = { 0 };
	size_t line = 0, far = 1000;

	cr_assert(source_from_text(&source, "t", "ab\n\ncd\nefg\nh", 12, pool, &diags));
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		struct origin near = source_origin_near(&source, offsets[i], &line);
		struct origin at = source_origin(&source, offsets[i]);

		cr_expect_eq(near.line, at.line, "of byte %zu", offsets[i]);
		cr_expect_eq(near.column, at.column, "of byte %zu", offsets[i]);
		cr_expect_eq(line + 1, at.line, "of byte %zu", offsets[i]);
	}
	cr_expect_eq(source_origin_near(&source, 3, &far).line, 2, "from a line that is none");
	source_free(&source);
}

Test(source, takes_an_empty_file)
{
	struct source_file source;

	write_file("", 0);
	cr_assert(source_load(&source, path, pool, &diags));
	cr_assert_str_eq(source.text, "");
	cr_assert_eq(source.line_count, 1);
	cr_assert_eq(source_origin(&source, 0).line, 1);
	source_free(&source);
}

Test(source, reads_standard_input)
{
	struct source_file source;
	int fd;

	write_file("a\nb", 3);
	fd = open(path, O_RDONLY);
	cr_assert_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
	cr_assert(source_load(&source, "-", pool, &diags));
	cr_assert_str_eq(source.text, "a\nb");
	cr_assert_str_eq(source.file, "<stdin>");
	source_free(&source);
}

Test(source, copies_a_text_in_memory)
{
	char text[] = "abc";
	struct source_file source;

	cr_assert(source_from_text(&source, "t", text, 3, pool, &diags));
	text[0] = 'x';
	cr_assert_str_eq(source.text, "abc");
	source_free(&source);
}

Test(source, refuses_a_missing_file)
{
	load_refused(path, "cannot read: No such file or directory");
}

Test(source, refuses_a_folder)
{
	load_refused(folder, "cannot read: Is a directory");
}

Test(source, refuses_a_fifo_without_waiting, .timeout = 120)
{
	cr_assert_eq(mkfifo(path, 0600), 0);
	load_refused(path, "cannot read: not a regular file");
	cr_assert_not_null(strstr(diags.list[0].hint, "standard input"));
}

Test(source, refuses_a_device)
{
	load_refused("/dev/zero", "cannot read: not a regular file");
}

Test(source, refuses_what_is_larger_than_the_limit)
{
	struct source_file source;

	write_file("", 0);
	cr_assert_eq(truncate(path, SOURCE_MOST + 1), 0);
	cr_assert(!source_load(&source, path, pool, &diags));
	cr_assert_str_eq(diags.list[0].message, "cannot read: larger than 16.0M, the most a configuration may have");
}

Test(source, refuses_control_characters_at_their_place)
{
	refused("ab\nc\x01"
		"d\n",
		7, 2, 2, "\\x01");
	refused("\x1b[2J", 4, 1, 1, "\\x1b");
	refused("a\x7f", 2, 1, 2, "\\x7f");
	refused("a\vb", 3, 1, 2, "\\x0b");
}

Test(source, refuses_a_binary_once)
{
	struct source_file source;

	cr_assert(!source_from_text(&source, "t",
				    "\x7f"
				    "ELF\n\x02\n\0\x01\n\x01\n",
				    12, pool, &diags));
	cr_assert_eq(diags.errors, 1);
	cr_assert_eq(diags.list[0].line, 3);
	cr_assert_not_null(strstr(diags.list[0].message, "NUL"));
}

Test(source, refuses_a_byte_order_mark)
{
	refused("\xef\xbb\xbf"
		"a",
		4, 1, 1, "byte order mark");
}

Test(source, bounds_a_line)
{
	char *text = malloc(SOURCE_LINE + 4);
	struct source_file source;

	cr_assert_not_null(text);
	memset(text, 'x', SOURCE_LINE + 4);
	text[0] = text[SOURCE_LINE + 1] = '\n';
	cr_assert(source_from_text(&source, "t", text, SOURCE_LINE + 2, pool, &diags));
	source_free(&source);
	text[SOURCE_LINE + 1] = 'x';
	text[SOURCE_LINE + 2] = '\n';
	refused(text, SOURCE_LINE + 3, 2, 1, "longer than 1.0M");
	refused(text, SOURCE_LINE + 2, 2, 1, "longer than 1.0M");
	free(text);
}

static void load_in_parts(struct source_file *source, const char *text, size_t length)
{
	write_file(text, length);
	cr_assert(source_load_in_parts(source, path, pool, &diags));
}

Test(source, loaded_in_parts_leaves_a_line_that_is_no_text_to_its_reader)
{
	static const char text[] = "good\nb\1d\2\nlast";
	struct source_file source;

	load_in_parts(&source, text, sizeof(text) - 1);
	cr_expect_not(source_refuse_flaw(&source, 0, 5, &diags));
	cr_assert_eq(diags.count, 0);
	cr_expect(source_refuse_flaw(&source, 5, 10, &diags));
	cr_expect_not(source_refuse_flaw(&source, 10, source.length, &diags));
	cr_assert_eq(diags.errors, 1);
	cr_expect(diags.list[0].line == 2 && diags.list[0].column == 2);
	cr_expect_not_null(strstr(diags.list[0].message, "\\x01"), "%s", diags.list[0].message);
	source_free(&source);
}

Test(source, loaded_in_parts_refuses_a_long_line_alone)
{
	size_t length = SOURCE_LINE + 5;
	char *text = malloc(length);
	struct source_file source;

	cr_assert_not_null(text);
	memset(text, 'x', length);
	text[1] = text[length - 1] = '\n';
	load_in_parts(&source, text, length);
	cr_expect_not(source_refuse_flaw(&source, 0, 1, &diags));
	cr_expect(source_refuse_flaw(&source, 2, length, &diags));
	source_free(&source);
	free(text);
}

Test(source, loaded_in_parts_is_no_file_with_a_nul)
{
	struct source_file source;

	write_file("good\nN\0L\n", 9);
	cr_expect_not(source_load_in_parts(&source, path, pool, &diags));
	cr_assert_eq(diags.errors, 1);
	cr_expect(diags.list[0].line == 2 && diags.list[0].column == 2);
	cr_expect_not_null(strstr(diags.list[0].message, "NUL"), "%s", diags.list[0].message);
}

Test(source, loaded_in_parts_takes_a_byte_order_mark_away)
{
	struct source_file source;

	load_in_parts(&source, "\xef\xbb\xbfone\ntwo", 10);
	cr_expect_str_eq(source.text, "one\ntwo");
	cr_expect_eq(source.lines[1], 4);
	cr_expect(diags.warnings == 1 && !diags.errors);
	source_free(&source);
}
