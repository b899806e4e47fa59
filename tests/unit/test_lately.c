/* The last lines of each service, within one bound for all. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "control/lately.h"

static struct lately lately;

static void take(const char *service, const char *text)
{
	lately_take(&lately, service, 1, LEVEL_INFO, text, strlen(text));
}

static size_t count(const char *service)
{
	struct list *lines = lately_of(&lately, service);
	size_t number = 0;

	for (struct list *link = lines ? lines->next : NULL; link && link != lines; link = link->next)
		number++;
	return number;
}

static const char *first(const char *service)
{
	return container_of(lately_of(&lately, service)->next, struct late_line, link)->text;
}

static void end(void)
{
	lately_free(&lately);
	cr_expect_eq(lately.used, 0, "%zu bytes are left", lately.used);
}

TestSuite(lately, .fini = end);

Test(lately, has_nothing_of_who_said_nothing)
{
	cr_expect_null(lately_of(&lately, "web"));
	take("echo", "started");
	cr_expect_null(lately_of(&lately, "web"));
}

Test(lately, keeps_the_last_ten)
{
	char text[32];

	for (int n = 0; n < 25; n++) {
		snprintf(text, sizeof(text), "line %d", n);
		take("web", text);
	}
	cr_expect_eq(count("web"), LATELY_LINES);
	cr_expect_str_eq(first("web"), "line 15");
}

Test(lately, cuts_a_long_line_between_two_characters)
{
	char text[2 * LATELY_TEXT + 2] = "x";

	for (size_t n = 1; n + 1 < sizeof(text); n += 2)
		memcpy(text + n, "ä", 2);
	text[sizeof(text) - 1] = '\0';
	take("web", text);
	cr_expect_leq(strlen(first("web")), (size_t)LATELY_TEXT);
	cr_expect_eq(strlen(first("web")) % 2, 1, "a character is torn");
}

Test(lately, stays_within_its_bound_and_forgets_the_silent_first)
{
	char name[32], text[LATELY_TEXT + 1];

	memset(text, 'x', LATELY_TEXT);
	text[LATELY_TEXT] = '\0';
	take("first", "I was here");
	for (int n = 0; n < 5000; n++) {
		snprintf(name, sizeof(name), "service%d", n);
		take(name, text);
		take("steady", text);
		cr_assert_leq(lately.used, (size_t)LATELY_MOST);
	}
	cr_expect_null(lately_of(&lately, "first"));
	cr_expect_null(lately_of(&lately, "service0"));
	cr_expect_eq(count("service4999"), 1);
	cr_expect_eq(count("steady"), LATELY_LINES);
}
