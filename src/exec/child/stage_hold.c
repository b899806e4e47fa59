/* warm = N: waits until a worker process traces this one (superd/hold/hold). That begins when it has a byte from here:
 * not before superd-exec runs, and before the change of user. From then on, a tracer without CAP_SYS_PTRACE could not
 * attach any more, as the process is not dumpable before its exec. */
#include "exec/child/stages.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exec/child/child.h"
#include "os/rights/raw_syscall.h"

/* With Yama (the kernel's LSM) only an ancestor may trace a process, and the worker is none: any descendant of superd
 * may that has the same user. No process may after 0. */
static void let_trace(pid_t ancestor)
{
	prctl(PR_SET_PTRACER, (unsigned long)ancestor, 0, 0, 0);
}

/* Where the placeholder is by now. */
static int find_placeholder(const struct job *job)
{
	for (int n = 0; n < job->wanted_count; n++) {
		if (job->wanted[n] == job->hold_channel)
			return n;
	}
	return -1;
}

int stage_hold(struct job *job)
{
	int fd, error;
	char byte;
	ssize_t got;

	if (!job->hold_channel)
		return 0;
	fd = find_placeholder(job);
	if (job->hold_dumpable)
		raw_set_dumpable();
	let_trace(getppid());
	send(fd, "", 1, MSG_NOSIGNAL);  /* superd may have closed its end, which the next call sees */
	do
		got = read(fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	error = errno;
	let_trace(0);                   /* fails without Yama */
	/* superd may have closed its end, maybe with the byte unread: nobody wants it */
	errno = got == 0 || (got < 0 && error == ECONNRESET) ? ECANCELED : error;
	return got == 1 ? 0 : -1;
}
