/* A backend that does not end: at the first SIGTERM each of its processes leaves its group and session and makes
 * others, as long as its user may have more. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t is_told;

static void on_term(int signal)
{
	(void)signal;
	is_told = 1;
}

int main(void)
{
	sigset_t term, before;

	signal(SIGTERM, on_term);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	fprintf(stderr, "the bomb waits\n");
	while (!is_told)
		sigsuspend(&before);
	signal(SIGTERM, SIG_IGN);
	for (;;) {
		if (fork() == 0)
			setsid();
	}
}
