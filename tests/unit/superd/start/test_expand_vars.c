/* Variables in command lines: systemd's own table of what becomes of each way to write them. */
#include "superd/start/start.h"
#include "tests/unit/unit.h"

#define VECTOR(...) ((char *const *)(uintptr_t)(const char *const[]){ __VA_ARGS__, NULL })
#define ENVIRONMENT \
	VECTOR("FOO=one", "BAR=two words", "EMPTY=", "QUX=q \"inner q\" q", "SLASH=a\\ b 'c d'", "MIXED=x\"y z\"w", \
	       "BLANK= \t ", "FOO=later")

/* What becomes of these words, each in <>; a text for comparison. */
static const char *expanded(const char *const *given)
{
	static char text[512];
	size_t length = 0;
	char **made = argv_expand((char *const *)(uintptr_t)given, ENVIRONMENT);

	cr_assert(made);
	cr_assert_str_eq(made[0], "prog");
	text[0] = '\0';
	for (char **word = made + 1; *word; word++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "<%s>", *word);
	free(made);
	return text;
}

#define EXPECT(wanted, ...) cr_expect_str_eq(expanded((const char *const[]){ "prog", __VA_ARGS__, NULL }), wanted)

Test(plan_expand, splits_a_word_that_is_a_variable_alone)
{
	EXPECT("<one>", "$FOO");
	EXPECT("<two><words>", "$BAR");
	EXPECT("<a><two><words><b>", "a", "$BAR", "b");
}

Test(plan_expand, keeps_what_is_in_braces_one_word)
{
	EXPECT("<two words>", "${BAR}");
	EXPECT("<xtwo wordsy>", "x${BAR}y");
	EXPECT("<onetwo words>", "${FOO}${BAR}");
	EXPECT("<two words$BAR>", "${BAR}$BAR");
}

Test(plan_expand, leaves_a_bare_dollar_within_a_word)
{
	EXPECT("<x$BAR>", "x$BAR");
	EXPECT("<a$>", "a$");
	EXPECT("<5$ each>", "5$ each");
}

Test(plan_expand, takes_all_behind_a_first_dollar_for_the_name)
{
	EXPECT("", "$FOO,$BAR");
	EXPECT("", "$FOO-x");
	EXPECT("", "$");
}

Test(plan_expand, makes_nothing_of_what_is_empty_or_unset_but_in_braces_a_word)
{
	EXPECT("", "$EMPTY", "$UNSET", "$BLANK");
	EXPECT("<><>", "${EMPTY}", "${UNSET}");
	EXPECT("<xy>", "x${UNSET}y");
}

Test(plan_expand, knows_no_defaults_of_the_shell)
{
	EXPECT("<${UNSET:-def}>", "${UNSET:-def}");
	EXPECT("<${FOO:+alt}>", "${FOO:+alt}");
	EXPECT("<${FOO>", "${FOO");
	EXPECT("<${A:one}>", "${A:${FOO}}");
}

Test(plan_expand, takes_two_dollars_for_one)
{
	EXPECT("<$FOO>", "$$FOO");
	EXPECT("<${FOO}>", "$${FOO}");
	EXPECT("<a$b>", "a$$b");
	EXPECT("<$$>", "$$$$");
	EXPECT("<$one>", "$$${FOO}");
}

Test(plan_expand, respects_and_removes_the_quotes_of_a_value_that_is_split)
{
	EXPECT("<q><inner q><q>", "$QUX");
	EXPECT("<q \"inner q\" q>", "${QUX}");
	EXPECT("<xy zw>", "$MIXED");
	EXPECT("<a b><c d>", "$SLASH");
}

Test(plan_expand, leaves_a_word_without_a_dollar_as_it_is)
{
	EXPECT("<><a b><'x'><\\>", "", "a b", "'x'", "\\");
}

Test(plan_expand, does_not_expand_what_came_of_a_variable)
{
	char **made = argv_expand(VECTOR("prog", "${A}", "$A"), VECTOR("A=$B ${B}", "B=b"));

	cr_assert(made);
	cr_expect_str_eq(made[1], "$B ${B}");
	cr_expect_str_eq(made[2], "$B");
	cr_expect_str_eq(made[3], "${B}");
	cr_expect_null(made[4]);
	free(made);
}

Test(plan_expand, never_loses_the_name_of_the_program)
{
	char **made = argv_expand(VECTOR("$UNSET"), ENVIRONMENT);

	cr_assert(made);
	cr_expect_str_eq(made[0], "$UNSET");
	cr_expect_null(made[1]);
	free(made);
}

Test(plan_expand, refuses_what_no_kernel_would_take)
{
	static char big[600 << 10];

	memset(big, 'x', sizeof(big) - 1);
	memcpy(big, "BIG=", 4);
	errno = 0;
	cr_expect_null(argv_expand(VECTOR("prog", "${BIG}${BIG}", "${BIG}${BIG}"), VECTOR(big)));
	cr_expect_eq(errno, E2BIG);
}
