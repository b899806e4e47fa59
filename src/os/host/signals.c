/* The list of signals that superd handles. The child reads it between fork and exec too, so nothing here allocates or
 * locks.
 *
 * The numbers of real-time signals are not constants: libc keeps the first few for itself (signal(7)). */
#include "os/host/host.h"

/* Halt (systemd(1)): SIGRTMIN + 3, as glibc counts, and the container runtimes that send it. musl counts from 35. */
#define HALT 37

static const int fixed[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGUSR1, SIGUSR2, SIGPIPE,
	SIGALRM, SIGTERM, SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH, SIGCONT,
	SIGPWR,
};

/* Signals that are sent by mistake, or by a limit of time or size, and that would end superd by default. SIGURG would
 * not, but may be meant for the main command. */
static const int strays[] = {
	SIGURG, SIGVTALRM, SIGPROF, SIGIO, SIGXCPU, SIGXFSZ,
#ifdef SIGSTKFLT
	SIGSTKFLT,
#endif
};

#define FIXED (sizeof(fixed) / sizeof(*fixed))
#define STRAYS (sizeof(strays) / sizeof(*strays))

int signals_handled(size_t n)
{
	if (n < FIXED)
		return fixed[n];
	n -= FIXED;
	if (n < STRAYS)
		return strays[n];
	if (n - STRAYS <= (size_t)(SIGRTMAX - SIGRTMIN))
		return SIGRTMIN + (int)(n - STRAYS);
	return 0;
}

bool signal_is_stop(int signal)
{
	return signal == SIGPWR || signal == HALT || signal == SIGTERM || signal == SIGINT || signal == SIGQUIT;
}

bool signal_is_stray(int signal)
{
	for (size_t n = 0; n < STRAYS; n++) {
		if (strays[n] == signal)
			return true;
	}
	return signal >= SIGRTMIN && signal <= SIGRTMAX && signal != HALT;
}
