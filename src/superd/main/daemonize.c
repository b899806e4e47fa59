/* Goes to the background. The parent waits until the daemon is ready, so that its exit status reports a failed start,
 * as for a program in the foreground. */
#include "superd/main/daemonize.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/netdiag/socket_id.h"

/* The end that wakes the parent. With a guard, a superd may get it that was started when the one before had closed it;
 * a socket can be told from another. */
static struct {
	int fd;                         /* -1: there is no parent that waits */
	uint64_t id;                    /* its socket_id */
} ready = { .fd = -1 };

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

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid > 0) {
		fd_close(&ends[1]);
		wait_for_child(pid, ends[0]);
	}
	fd_close(&ends[0]);
	ready.fd = ends[1];
	ready.id = socket_id(ends[1]);
	return setsid() < 0 ? -1 : 0;   /* no chdir(2): a reload reads tables by relative paths, too */
}

int daemonize_channel(void)
{
	return ready.fd >= 0 && socket_id(ready.fd) == ready.id ? ready.fd : -1;
}

void daemonize_ready(bool keep_stderr)
{
	int null;

	if (daemonize_channel() < 0)
		return;
	send(ready.fd, "", 1, MSG_NOSIGNAL);    /* unless the parent is gone */
	fd_close(&ready.fd);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);   /* the last descriptor may have been that one */
	for (int fd = 0; null >= 0 && fd <= (keep_stderr ? 1 : 2); fd++)
		dup2(null, fd);
	fd_close(&null);
}
