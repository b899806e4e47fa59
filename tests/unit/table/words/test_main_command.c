/* Commands, ways to end and conditions as texts: what they mean, and what is none. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "table/type/condition.h"
#include "table/words/command_prefix.h"
#include "table/words/exit_status.h"

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
		"Capability=fly",
		"Security=selinux",
		"Group=root",
		"ControlGroupController=v2",
		"ACPower=yes",
	};
	struct condition condition;

	for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++)
		cr_expect_not_null(condition_read(wrong[n], &condition), "'%s'", wrong[n]);
}
