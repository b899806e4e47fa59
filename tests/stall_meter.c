/* Measures how long the machine keeps a process waiting that has nothing to do but to wake up, until SIGTERM: prints
 * the longest wait in milliseconds; called with "sum", all of them together. A machine that has the time
 * takes a few. A virtual machine whose host has none may take a second, and a test that failed meanwhile says
 * nothing. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PAUSE_MS 20

static volatile sig_atomic_t is_over;

static void on_term(int signal)
{
	(void)signal;
	is_over = 1;
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	const struct sigaction end = { .sa_handler = on_term };
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };
	long long before = now_ms(), longest = 0, sum = 0;

	sigaction(SIGTERM, &end, NULL);
	while (!is_over) {
		long long now, waited;

		nanosleep(&pause, NULL);
		now = now_ms();
		waited = now - before > PAUSE_MS ? now - before - PAUSE_MS : 0;
		longest = waited > longest ? waited : longest;
		sum += waited;
		before = now;
	}
	printf("%lld\n", argc > 1 && !strcmp(argv[1], "sum") ? sum : longest);
	return fflush(stdout) != 0;
}
