/* The signal is left pending until all is said, and then let through: so we end by it, as one expects who sent it. The
 * hard thing is that a poll(2) that always finds something ready would never notice a signal by itself. */
#include "helper/builtin/ending.h"

#include <signal.h>
#include <unistd.h>

#if __has_include(<sys/signalfd.h>)
#include <sys/signalfd.h>
#endif

#ifdef SFD_CLOEXEC
static void set_endings(sigset_t *endings)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

	sigemptyset(endings);
	for (size_t n = 0; n < sizeof(signals) / sizeof(signals[0]); n++)
		sigaddset(endings, signals[n]);
}

int ending_watch(void)
{
	sigset_t endings;
	int fd;

	set_endings(&endings);
	sigprocmask(SIG_BLOCK, &endings, NULL);
	fd = signalfd(-1, &endings, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		sigprocmask(SIG_UNBLOCK, &endings, NULL);
	return fd;
}

void ending_obey(int fd)
{
	sigset_t endings;

	if (fd < 0)
		return;
	set_endings(&endings);
	sigprocmask(SIG_UNBLOCK, &endings, NULL);
	close(fd);
}
#else
int ending_watch(void)
{
	return -1;
}

void ending_obey(int fd)
{
	(void)fd;
}
#endif
