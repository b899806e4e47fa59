/* Words into commands and back. How commands are split is in tests/read/superd/scalars.conf. */
#include "lib/lib.h"
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
