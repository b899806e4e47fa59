/* Commands, ways to end and conditions as texts: what they mean, and what is none. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "config/type/condition.h"
#include "config/words/command_prefix.h"
#include "config/words/exit_status.h"

Test(command, reads_signs_in_any_order)
{
	unsigned flags;

	cr_expect_str_eq(command_prefix("/bin/x -y", &flags), "/bin/x -y");
	cr_expect_eq(flags, 0);
	cr_expect_str_eq(command_prefix("-:+@/bin/x", &flags), "/bin/x");
	cr_expect_eq(flags, COMMAND_IGNORES_FAILURE | COMMAND_VERBATIM | COMMAND_PRIVILEGED | COMMAND_ARGV0);
	cr_expect_str_eq(command_prefix("!-/bin/x", &flags), "/bin/x");
	cr_expect_eq(flags, COMMAND_SAME_IDENTITY | COMMAND_IGNORES_FAILURE);
}

Test(command, refuses_what_is_none)
{
	static const char *const wrong[] = { "",	"-",	   "- ",       "bin/x",	  "./x",
					     "'/bin/x", "|", "+!/bin/x", "@/bin/x", "''" };
	static const char *const good[] = { "/bin/x", "x", "-/bin/x 'a b'", "@/bin/x y", "!/bin/x", "/bin/x -",
					    "|/bin/x" };

	for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++)
		cr_expect_not_null(command_refuse(wrong[n]), "'%s'", wrong[n]);
	for (size_t n = 0; n < sizeof(good) / sizeof(*good); n++)
		cr_expect_null(command_refuse(good[n]), "'%s': %s", good[n], command_refuse(good[n]));
}

Test(command, takes_for_exec_the_signs_alone)
{
	cr_expect_null(command_refuse_prefix("-:"));
	cr_expect_null(command_refuse_prefix("+"));
	cr_expect_not_null(command_refuse_prefix("@"));
	cr_expect_null(command_refuse_prefix("|-"));
	cr_expect_not_null(command_refuse_prefix("-x"));
	cr_expect_not_null(command_refuse_prefix("+!"));
}

Test(command, has_an_option_for_every_phase)
{
	for (int phase = 0; phase < PHASES; phase++)
		cr_expect_not_null(command_option((enum command_phase)phase), "%d", phase);
}

Test(exit_status, knows_numbers_names_and_signals)
{
	static const char *const set[] = { "5", "TEMPFAIL", "SIGKILL", "HUP", NULL };

	cr_expect(exit_status_is_in(set, 5 << 8));
	cr_expect(exit_status_is_in(set, 75 << 8));
	cr_expect(exit_status_is_in(set, SIGKILL));
	cr_expect(exit_status_is_in(set, SIGHUP));
	cr_expect_not(exit_status_is_in(set, 9 << 8), "9 is KILL's number, and no exit status of the set");
	cr_expect_not(exit_status_is_in(set, 5), "and signal 5 is not exit status 5");
	cr_expect_not(exit_status_is_in(set, 0));
	cr_expect_not(exit_status_is_in(NULL, 0));
}

Test(exit_status, refuses_what_is_none)
{
	static const char *const wrong[] = { "", "256", "-1", "NOSUCH", "SIGNOSUCH", "1 2", "99999999999999999999" };

	for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++)
		cr_expect_not_null(exit_status_refuse(wrong[n]), "'%s'", wrong[n]);
	cr_expect_null(exit_status_refuse("0"));
	cr_expect_null(exit_status_refuse("255"));
	cr_expect_null(exit_status_refuse("RTMIN+1"));
}

Test(condition, is_taken_apart)
{
	struct condition condition;

	cr_assert_null(condition_read("ConditionPathExists=/etc/x", &condition));
	cr_expect_eq(condition.kind, CONDITION_PATH_EXISTS);
	cr_expect_not(condition.is_assert || condition.alternative || condition.is_negated);
	cr_expect_str_eq(condition.parameter, "/etc/x");
	cr_assert_null(condition_read("AssertPathIsDirectory=| ! /etc/x", &condition));
	cr_expect(condition.is_assert && condition.alternative == 1 && condition.is_negated);
	cr_expect_str_eq(condition.parameter, "/etc/x");
	cr_assert_null(condition_read("PathExists=||/etc/x", &condition));
	cr_expect_eq(condition.alternative, 2);
	cr_assert_null(condition_read("CPUs=!=4", &condition));
	cr_expect(condition.is_negated, "as by systemd, which takes a ! first");
	cr_expect_str_eq(condition.parameter, "=4");
	cr_assert_null(condition_read("Capability=CAP_NET_ADMIN", &condition));
}

Test(condition, that_could_not_be_judged_is_refused)
{
	static const char *const wrong[] = {
		"",
		"PathExists",
		"PathExists=",
		"PathExists=|",
		"PathExists=etc",
		"NoSuchKind=1",
		"ConditionFirmware=x",
		"FirstBoot=perhaps",
		"CPUs=many",
		"CPUs=>=",
		"Memory=>",
		"Capability=fly",
		"NeedsUpdate=/usr",
		"Security=none",
		"ACPower=",
	};
	struct condition condition;

	for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++)
		cr_expect_not_null(condition_read(wrong[n], &condition), "'%s'", wrong[n]);
}

Test(condition, compares_by_every_sign)
{
	static const struct { const char *text; bool below, same, above; } cases[] = {
		{ "<3", true, false, false }, { "<=3", true, true, false }, { "=3", false, true, false },
		{ "==3", false, true, false }, { "!=3", true, false, true }, { "<>3", true, false, true },
		{ ">=3", false, true, true }, { ">3", false, false, true },
	};
	const char *number;

	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
		unsigned comparison = condition_comparison(cases[n].text, &number);

		cr_expect_str_eq(number, "3", "%s", cases[n].text);
		cr_expect_eq(condition_compares(comparison, -1), cases[n].below, "%s", cases[n].text);
		cr_expect_eq(condition_compares(comparison, 0), cases[n].same, "%s", cases[n].text);
		cr_expect_eq(condition_compares(comparison, 1), cases[n].above, "%s", cases[n].text);
	}
	cr_expect_eq(condition_comparison("3", &number), 0);
	cr_expect_eq(condition_comparison("lt3", &number), 0);
}

/* The values of systemd's own suite that it refuses: a lone sign, one that stands apart but in front, no key. */
Test(condition, refuses_lists_that_systemd_cannot_read)
{
	static const char *const wrong[] = {
		"KernelVersion=>", "KernelVersion=> 0.1.2 < 9.0.0", "KernelVersion='>1", "KernelVersion=>1\\",
		"Version=kernel >", "Version=systemd > 0.1.2 < 9.0.0", "OSRelease=_NOT_THERE=01234 56789",
		"OSRelease=WRONG FORMAT", "OSRelease=WRONG!<>=FORMAT", "OSRelease=WRONG FORMAT=",
		"OSRelease=WRONG =FORMAT", "OSRelease=WRONG = FORMAT", "OSRelease=WRONGFORMAT=   ",
		"OSRelease=WRO NG=FORMAT", "OSRelease=1A=b",
		"CPUPressure=sbarabau", "MemoryPressure=10%sbarabau", "CPUPressure=10% sbarabau", "CPUPressure=-10",
		"CPUPressure=10%/10min", "CPUPressure=10min/10%", "CPUPressure=10% 5min", "CPUPressure=/5min",
		"IOPressure=10s /   ", "IOPressure=101%", "CPUs=$=4", "CPUs=lt4",
	};
	struct condition condition;

	for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++)
		cr_expect_not_null(condition_read(wrong[n], &condition), "'%s'", wrong[n]);
}
