/* The list of signals: whole, each once, and within the room that is kept for their watchers. */
#include "os/host/host.h"
#include "tests/unit/unit.h"

static size_t count_of(int wanted)
{
	size_t found = 0;
	int signal;

	for (size_t n = 0; (signal = signals_handled(n)); n++)
		found += signal == wanted;
	return found;
}

Test(signals, are_each_listed_once)
{
	int signal;

	for (size_t n = 0; (signal = signals_handled(n)); n++) {
		cr_expect_eq(count_of(signal), 1u, "%d", signal);
		cr_expect(signal > 0 && signal < NSIG);
	}
}

Test(signals, hold_what_stops_reloads_and_reaps)
{
	cr_expect_eq(count_of(SIGTERM), 1u);
	cr_expect_eq(count_of(SIGINT), 1u);
	cr_expect_eq(count_of(SIGHUP), 1u);
	cr_expect_eq(count_of(SIGCHLD), 1u);
	cr_expect_eq(count_of(37), 1u);
	cr_expect_eq(count_of(SIGKILL), 0u);
}

Test(signals, have_an_end)
{
	cr_expect_eq(signals_handled((size_t)-1), 0);
}

Test(signals, that_mean_nothing_are_handled_all_the_same)
{
	size_t strays = 0;
	int signal;

	for (size_t n = 0; (signal = signals_handled(n)); n++)
		strays += signal_is_stray(signal);
	cr_expect_geq(strays, 5u + (size_t)(SIGRTMAX - SIGRTMIN));
	cr_expect(signal_is_stray(SIGVTALRM) && signal_is_stray(SIGIO) && signal_is_stray(SIGRTMAX));
	cr_expect_not(signal_is_stray(SIGTERM) || signal_is_stray(SIGHUP) || signal_is_stray(37));
}
