/* A backend beside which a process runs that shares its table of descriptors, and that nothing connects with it: an
 * orphan in a session of its own, which has wiped its environment. It puts by turns a socket and a file that nobody
 * else can close into the places of that table, also while the backend stands still. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuse_server.h"

#define PLACES 32
#define FIRST 100                       /* of the places */
#define SOCKETS 200                     /* where the sockets themselves are: behind the places */

extern char **environ;

static pid_t fork_sharing(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
}

static void swap(void)
{
	int file, fd;

	setsid();
	for (char **variable = environ; *variable; variable++)
		memset(*variable, 'x', strlen(*variable));
	fuse_mount(SILENT_TO_OTHERS);
	file = fuse_open(O_RDONLY);
	for (int n = 0; n < PLACES; n++) {
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		dup2(fd, SOCKETS + n);
		close(fd);              /* superd copies a socket once, where it meets it first */
	}
	fprintf(stderr, "the swapping begins\n");
	for (int n = 0;; n = (n + 1) % PLACES) {
		dup2(file, FIRST + n);
		dup2(SOCKETS + n, FIRST + n);
	}
}

int main(void)
{
	pid_t child;

	close(3);                       /* the listener, by which the other process would be found */
	child = fork_sharing();
	if (child == 0) {
		if (fork_sharing() == 0)
			swap();
		_exit(0);
	}
	waitpid(child, NULL, 0);
	for (;;)
		pause();
}
