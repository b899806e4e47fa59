/* A separate signalfd(2): libev's, which reads all other signals, does not say who sent a signal. */
#include "os/host/signal_sender.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/fd.h"

bool signal_is_kernels_too(int signal)
{
	return signal == SIGPIPE || signal == SIGTTIN || signal == SIGTTOU;
}

int sent_signals_open(void)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGPIPE);
	sigaddset(&signals, SIGTTIN);
	sigaddset(&signals, SIGTTOU);
	fd = fd_raise(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), FD_HIGH);
	if (fd >= 0)
		sigprocmask(SIG_BLOCK, &signals, NULL);
	return fd;
}

/* For a broken pipe, the kernel reports superd itself as the sender. */
int sent_signals_next(int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_code <= 0 && (pid_t)info.ssi_pid != getpid())
			return (int)info.ssi_signo;
	}
	return 0;
}
