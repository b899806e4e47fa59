/* Delays the signals that end the process until the traffic is reported. They stay pending, so the process still dies
 * by them afterwards. A signalfd(2) makes them one more descriptor to watch. */
#include "builtin/sigterm.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>

static void fill_set(sigset_t *set)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

	sigemptyset(set);
	for (size_t n = 0; n < sizeof(signals) / sizeof(signals[0]); n++)
		sigaddset(set, signals[n]);
}

void sigterm_deliver(void)
{
	sigset_t set;

	fill_set(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int sigterm_watch(void)
{
	sigset_t set;
	int fd;

	fill_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		sigterm_deliver();
	return fd;
}
