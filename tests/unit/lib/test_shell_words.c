/* Commands into words and back. */
#include "lib/shell_words.h"
#include "tests/unit/unit.h"

static struct pool *pool;

static void make_pool(void)
{
	pool = pool_new();
}

static void drop_pool(void)
{
	pool_free(pool);
}

TestSuite(words, .init = make_pool, .fini = drop_pool);

/* Splits text and compares with the words, which are separated by | in expected. */
static void expect_words(const char *text, size_t count, const char *expected)
{
	struct buf joined = { 0 };
	const char *const *words;
	const char *wrong;
	size_t found = 99;

	wrong = shell_words_split(pool, text, &words, &found);
	cr_assert_null(wrong, "%s: %s", text, wrong);
	for (size_t i = 0; i < found; i++)
		buf_addf(&joined, "%s%s", i ? "|" : "", words[i]);
	cr_expect_eq(found, count, "%s: %zu words", text, found);
	cr_expect_null(words[found]);
	cr_expect_str_eq(buf_string(&joined), expected);
	buf_free(&joined);
}

static void expect_wrong(const char *text, const char *part)
{
	const char *const *words = NULL;
	const char *wrong;
	size_t found = 99;

	wrong = shell_words_split(pool, text, &words, &found);
	cr_assert_not_null(wrong, "%s", text);
	cr_expect_not_null(strstr(wrong, part), "%s: %s", text, wrong);
	cr_expect_null(words);
	cr_expect_eq(found, 99);
}

Test(words, separates_by_blanks)
{
	expect_words("", 0, "");
	expect_words(" \t\n", 0, "");
	expect_words("/bin/true", 1, "/bin/true");
	expect_words("  a\tb\n\n c  \r\n", 3, "a|b|c");
}

Test(words, takes_quotes_literally_and_in_the_middle)
{
	expect_words("nginx -g 'daemon off;'", 3, "nginx|-g|daemon off;");
	expect_words("a'b c'd\"e f\"g", 1, "ab cde fg");
	expect_words("'' \"\"", 2, "|");
	expect_words("'a\\b\"c'", 1, "a\\b\"c");
	expect_words("\"it's\"", 1, "it's");
}

Test(words, takes_what_follows_a_backslash_as_itself)
{
	expect_words("a\\ b \\\"c\\' \\\\", 3, "a b|\"c'|\\");
	expect_words("\"a\\\"b\\\\c\\d\"", 1, "a\"b\\cd");
}

Test(words, expands_nothing)
{
	expect_words("$HOME `id` * ~ a&b >c ; # ${X} %d", 10, "$HOME|`id`|*|~|a&b|>c|;|#|${X}|%d");
}

Test(words, refuses_what_is_not_closed)
{
	expect_wrong("a 'b", "' is not closed");
	expect_wrong("a \"b", "\" is not closed");
	expect_wrong("a \"b\\", "\" is not closed");
	expect_wrong("a \"b\\\"", "\" is not closed");
	expect_wrong("a b\\", "backslash");
	expect_wrong("\\", "backslash");
}

Test(words, leaves_plain_words_unquoted)
{
	struct buf out = { 0 };

	shell_words_quote(&out, "--foreground=/srv/a.b:80");
	cr_assert_str_eq(buf_string(&out), "--foreground=/srv/a.b:80");
	buf_free(&out);
}

Test(words, reads_back_what_it_quotes)
{
	static const char *const words[] = {
		"plain", "",	 " ",	 "two words", "it's", "\"",    "'",	 "\\",
		"\\'",	 "\\\"", "a\tb", "a\nb\r",    "$x",   "end\\", "'\"\\ ",
	};
	size_t count = sizeof(words) / sizeof(words[0]), found;
	const char *const *back;
	struct buf line = { 0 };

	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_char(&line, ' ');
		shell_words_quote(&line, words[i]);
	}
	cr_assert_null(shell_words_split(pool, buf_string(&line), &back, &found));
	cr_assert_eq(found, count);
	for (size_t i = 0; i < count; i++)
		cr_expect_str_eq(back[i], words[i]);
	buf_free(&line);
}
