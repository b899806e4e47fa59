/* What may stand behind the name of a builtin. */
#include <criterion/criterion.h>

#include <string.h>

#include "table/words/builtin.h"

static struct builtin_options options;
static const char *bad;

#define READ(...) builtin_read_options((const char *const[]){ __VA_ARGS__, NULL }, &options, &bad)

static void expect_refusal(const char *reason, const char *about, const char *part)
{
	cr_assert_not_null(reason, "%s was taken", about);
	cr_expect_not_null(strstr(reason, part), "'%s' is told of with '%s'", about, reason);
	cr_expect_str_eq(bad ? bad : "", about);
}

Test(builtin_options, without_any_every_builtin_is_plain)
{
	static const char *const names[] = { "echo",   "discard", "chargen", "daytime", "time",
					     "tcpmux", "auth",	  "servers", "services" };

	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
		cr_expect_null(READ(names[n]));
	cr_assert_null(READ("auth"));
	cr_expect_not(options.real || options.random || options.hide || options.fallback);
	cr_expect_eq(options.timeout, 10000000);
}

Test(builtin_options, a_builtin_without_options_takes_none)
{
	expect_refusal(READ("echo", "-r"), "-r", "takes no options");
	expect_refusal(READ("tcpmux", "help"), "help", "takes no options");
}

Test(builtin_options, daytime_and_chargen_have_two_forms)
{
	cr_assert_null(READ("daytime", "xinetd"));
	cr_expect(options.xinetd_text);
	cr_assert_null(READ("daytime", "bsd"));
	cr_expect_not(options.xinetd_text);
	expect_refusal(READ("daytime", "gnu"), "gnu", "bsd and xinetd");
	cr_assert_null(READ("chargen", "xinetd"));
	cr_expect(options.xinetd_text);
}

Test(builtin_options, auth_takes_letters_together_and_apart)
{
	cr_assert_null(READ("auth", "-rn", "-f", "-iF", "-oUNIX", "-t", "2.5", "-d", "somebody"));
	cr_expect(options.real && options.hide && options.fake && options.numeric && options.fake_any);
	cr_expect_not(options.random);
	cr_expect_str_eq(options.system, "UNIX");
	cr_expect_str_eq(options.fallback, "somebody");
	cr_expect_eq(options.timeout, 2500000);
	cr_assert_null(READ("auth", "-rdsomebody"));
	cr_expect(options.real);
	cr_expect_str_eq(options.fallback, "somebody");
}

Test(builtin_options, auth_refuses_what_it_does_not_know)
{
	expect_refusal(READ("auth", "-z"), "-z", "auth has");
	expect_refusal(READ("auth", "r"), "r", "begin with -");
	expect_refusal(READ("auth", "-"), "-", "begin with -");
	expect_refusal(READ("auth", "-r", "-d"), "-d", "needs a value");
}

Test(builtin_options, what_goes_over_the_wire_can_break_no_line)
{
	expect_refusal(READ("auth", "-d", "two words"), "-d", "visible characters");
	expect_refusal(READ("auth", "-d", "a\r\nb"), "-d", "visible characters");
	expect_refusal(READ("auth", "-o", "A:B"), "-o", "without a colon");
	expect_refusal(READ("auth", "-d", ""), "-d", "visible characters");
}

Test(builtin_options, auth_waits_neither_no_time_nor_for_ever)
{
	static const char *const wrong[] = { "0", "-1", "3601", "infinity", "soon", "" };

	for (size_t n = 0; n < sizeof(wrong) / sizeof(wrong[0]); n++)
		expect_refusal(READ("auth", "-t", wrong[n]), "-t", "at most 1 h");
}

Test(builtin_options, a_process_has_several_clients_unless_it_looks_up_users_or_hands_them_on)
{
	static const char *const shared[] = { "echo", "time", "health", "servers", "services", "auth" };

	for (size_t n = 0; n < sizeof(shared) / sizeof(shared[0]); n++)
		cr_expect(builtin_shares_process((words)(const char *const[]){ shared[n], NULL }), "%s", shared[n]);
	cr_expect(builtin_shares_process((words)(const char *const[]){ "auth", "-g", "-d", "nobody", NULL }));
	cr_expect_not(builtin_shares_process((words)(const char *const[]){ "auth", "-ri", NULL }));
	cr_expect_not(builtin_shares_process((words)(const char *const[]){ "tcpmux", NULL }));
	cr_expect_not(builtin_shares_process((words)(const char *const[]){ "metrics", NULL }));
}
