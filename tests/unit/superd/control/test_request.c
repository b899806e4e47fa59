/* What a client asks, taken apart. */
#include "superd/control/request.h"
#include "tests/unit/unit.h"

static struct request request;
static struct buf why;

static bool reads(const char *line)
{
	buf_clear(&why);
	return request_read(&request, line, &why);
}

static void end(void)
{
	request_free(&request);
	buf_free(&why);
}

TestSuite(request, .fini = end);

Test(request, is_a_verb_options_and_names)
{
	cr_assert(reads("stop --no-wait --timeout=5s web 'my service'"), "%s", buf_string(&why));
	cr_expect_str_eq(request.verb, "stop");
	cr_expect_eq(request.options, ASKS_NO_WAIT | ASKS_TIMEOUT);
	cr_expect_float_eq(request.timeout, 5, 1e-9);
	cr_assert_eq(request.name_count, 2);
	cr_expect_str_eq(request.names[1], "my service");
}

Test(request, forgets_the_one_before)
{
	cr_assert(reads("events --level=debug --service=web*"));
	cr_expect_eq(request.level, LEVEL_DEBUG);
	cr_expect_str_eq(request.service, "web*");
	cr_assert(reads("events"));
	cr_expect_eq(request.level, LEVEL_INFO);
	cr_expect_null(request.service);
	cr_expect_eq(request.options, 0u);
}

Test(request, takes_what_is_behind_two_dashes_for_names)
{
	cr_assert(reads("status -- --check"));
	cr_assert_eq(request.name_count, 1);
	cr_expect_str_eq(request.names[0], "--check");
}

Test(request, says_what_is_wrong)
{
	static const struct { const char *line, *why; } cases[] = {
		{ "", "a request begins with a verb" },
		{ "stop 'web", "a ' is not closed" },
		{ "stop --frobnicate web", "--frobnicate is no option" },
		{ "stop --timeout web", "it needs a value" },
		{ "stop --no-wait=1 web", "it has no value" },
		{ "stop --timeout=0 web", "expected a time of 100ms to 1d" },
		{ "stop --timeout=infinity web", "expected a time of 100ms to 1d" },
		{ "events --level=loud", "a level is" },
		{ "list --no", "--no is no option" },
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
		cr_expect_not(reads(cases[n].line), "%s", cases[n].line);
		cr_expect_not_null(strstr(buf_string(&why), cases[n].why), "%s: %s", cases[n].line, buf_string(&why));
	}
}

Test(request, has_at_most_so_many_words)
{
	char line[8192] = "list";

	for (size_t n = 4; n + 3 < sizeof(line); n += 2)
		memcpy(line + n, " x", 3);
	cr_expect_not(reads(line));
	cr_expect_not_null(strstr(buf_string(&why), "at most"));
}
