/* Goes to the background. The parent waits until the daemon is ready, so that its exit status reports a failed start,
 * as for a program in the foreground. */
#include "cli/superd/daemonize.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

static int ready_pipe = -1;             /* the end that wakes the parent; -1: there is no parent that waits */

static _Noreturn void wait_for_child(pid_t pid, int fd)
{
	int status;
	char byte;

	if (read(fd, &byte, 1) == 1)
		_exit(0);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
}

int daemonize_enter(void)
{
	int ends[2];
	pid_t pid;

	if (fd_pipe(ends) < 0 || fd_set_nonblocking(ends[0], false) < 0)
		return -1;
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid > 0) {
		fd_close(&ends[1]);
		wait_for_child(pid, ends[0]);
	}
	fd_close(&ends[0]);
	ready_pipe = ends[1];
	return setsid() < 0 ? -1 : 0;   /* no chdir(2): a reload reads tables by relative paths, too */
}

void daemonize_ready(bool keep_stderr)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (ready_pipe < 0)
		return;
	for (int fd = 0; null >= 0 && fd <= (keep_stderr ? 1 : 2); fd++)
		dup2(null, fd);
	fd_close(&null);
	if (write(ready_pipe, "", 1) < 0)
		return;                 /* the parent is gone */
	fd_close(&ready_pipe);
}
