/* Delays the signals that end the process until the traffic is reported. They stay pending, so the process still dies
 * by them afterwards.
 *
 * poll(2) does not fail with EINTR while a descriptor is always ready. So a signalfd(2) makes the signals one more
 * descriptor to poll. */
#include "helper/builtin/sigterm.h"

#include <signal.h>
#include <unistd.h>

#include <sys/signalfd.h>

static void fill_set(sigset_t *set)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

	sigemptyset(set);
	for (size_t n = 0; n < sizeof(signals) / sizeof(signals[0]); n++)
		sigaddset(set, signals[n]);
}

int sigterm_watch(void)
{
	sigset_t set;
	int fd;

	fill_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		sigprocmask(SIG_UNBLOCK, &set, NULL);
	return fd;
}

void sigterm_obey(int fd)
{
	sigset_t set;

	if (fd < 0)
		return;
	fill_set(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	close(fd);
}
