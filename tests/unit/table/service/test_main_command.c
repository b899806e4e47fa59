/* What the words of commands and of ways to end mean. tests/read/superd/words.conf has those that are none. */
#include "table/option/option.h"
#include "tests/unit/unit.h"

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
