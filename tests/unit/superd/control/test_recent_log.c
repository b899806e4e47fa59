/* The last lines of each service, within one bound for all. */
#include "superd/control/recent_log.h"
#include "tests/unit/unit.h"

static struct recent_log recent_log;

static void take(const char *service, const char *text)
{
	const struct logged_line line = { .at = 1, .level = LEVEL_INFO, .text = text, .length = strlen(text) };

	recent_log_add(&recent_log, service, &line);
}

static size_t count(const char *service)
{
	struct list *lines = recent_log_of(&recent_log, service);
	size_t number = 0;

	for (struct list *link = lines ? lines->next : NULL; link && link != lines; link = link->next)
		number++;
	return number;
}

static const char *first(const char *service)
{
	return container_of(recent_log_of(&recent_log, service)->next, struct recent_line, link)->text;
}

static void end(void)
{
	recent_log_free(&recent_log);
	cr_expect_eq(recent_log.used, 0, "%zu bytes are left", recent_log.used);
}

TestSuite(recent_log, .fini = end);

Test(recent_log, has_nothing_of_who_said_nothing)
{
	cr_expect_null(recent_log_of(&recent_log, "web"));
	take("echo", "started");
	cr_expect_null(recent_log_of(&recent_log, "web"));
}

Test(recent_log, keeps_the_last_hundred)
{
	char text[32];

	for (int n = 0; n < 125; n++) {
		snprintf(text, sizeof(text), "line %d", n);
		take("web", text);
	}
	cr_expect_eq(count("web"), RECENT_LOG_LINES);
	cr_expect_str_eq(first("web"), "line 25");
}

Test(recent_log, cuts_a_long_line_between_two_characters)
{
	char text[2 * RECENT_LOG_TEXT + 2] = "x";

	for (size_t n = 1; n + 1 < sizeof(text); n += 2)
		memcpy(text + n, "ä", 2);
	text[sizeof(text) - 1] = '\0';
	take("web", text);
	cr_expect_leq(strlen(first("web")), RECENT_LOG_TEXT + strlen("…"));
	cr_expect_eq((strlen(first("web")) - strlen("…")) % 2, 1, "a character is torn");
	cr_expect_str_eq(first("web") + strlen(first("web")) - strlen("…"), "…", "the cut has a mark");
}

Test(recent_log, stays_within_its_bound_and_forgets_the_silent_first)
{
	char name[32], text[RECENT_LOG_TEXT + 1];

	memset(text, 'x', RECENT_LOG_TEXT);
	text[RECENT_LOG_TEXT] = '\0';
	take("first", "I was here");
	for (int n = 0; n < 5000; n++) {
		snprintf(name, sizeof(name), "service%d", n);
		take(name, text);
		take("steady", text);
		cr_assert_leq(recent_log.used, (size_t)RECENT_LOG_MOST);
	}
	cr_expect_null(recent_log_of(&recent_log, "first"));
	cr_expect_null(recent_log_of(&recent_log, "service0"));
	cr_expect_eq(count("service4999"), 1);
	cr_expect_eq(count("steady"), RECENT_LOG_LINES);
}
