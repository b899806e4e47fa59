/* The least that a super-server can do, as the measure of all others:
 *
 *   floor each PORT PROGRAM [WORD...]  accept, clone, exec with the connection as 0, 1 and 2; the kernel reaps
 *   floor cold PORT PROGRAM [WORD...]  wait for a connection, clone, exec with the listener as 3, reap, again
 *
 * The hard thing is to leave out all that may be left out: no configuration, no log, no environment, no privileges. The
 * child runs in this memory while the parent waits for its exec (CLONE_VM and CLONE_VFORK): it does not get cheaper. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUEUE 4096

struct job {
	char **argv;
	char *environment[2];
	int socket;
};

static char stack[64 << 10] __attribute__((aligned(64)));

static int become_for_connection(void *argument)
{
	struct job *job = argument;

	for (int n = 0; n < 3; n++) {
		if (dup2(job->socket, n) < 0)
			_exit(126);
	}
	execve(job->argv[0], job->argv, job->environment);
	_exit(127);
}

static int become_for_listener(void *argument)
{
	struct job *job = argument;

	if (dup2(job->socket, 3) < 0)
		_exit(126);
	execve(job->argv[0], job->argv, job->environment);
	_exit(127);
}

static pid_t start(int (*become)(void *), struct job *job)
{
	pid_t pid = clone(become, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, job);

	if (pid < 0) {
		perror("floor: clone");
		exit(1);
	}
	return pid;
}

static int serve_each(int listener, struct job *job)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		job->socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (job->socket >= 0) {
			start(become_for_connection, job);
			close(job->socket);
		} else if (errno != ECONNABORTED && errno != EINTR) {
			perror("floor: accept");
			return 1;
		}
	}
}

static int serve_cold(int listener, struct job *job)
{
	struct pollfd ready = { .fd = listener, .events = POLLIN };
	char passed[] = "LISTEN_FDS=1";

	job->environment[0] = passed;
	job->socket = listener;
	for (;;) {
		if (poll(&ready, 1, -1) < 0 || waitpid(start(become_for_listener, job), NULL, 0) < 0) {
			perror("floor: waiting");
			return 1;
		}
	}
}

/* A listener whose number is above those a child gets. */
static int open_listener(long port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), high, on = 1;

	address.sin_port = htons((uint16_t)port);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, QUEUE) < 0) {
		perror("floor: listening");
		return -1;
	}
	high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	close(fd);
	return high;
}

int main(int argc, char **argv)
{
	struct job job = { .socket = -1 };
	char *end = NULL;
	long port = argc >= 4 ? strtol(argv[2], &end, 10) : 0;
	int listener;

	if (port < 1 || port > 65535 || *end || (strcmp(argv[1], "each") && strcmp(argv[1], "cold"))) {
		fputs("usage: floor each|cold PORT PROGRAM [WORD...]\n", stderr);
		return 2;
	}
	job.argv = argv + 3;
	listener = open_listener(port);
	if (listener < 0)
		return 1;
	return strcmp(argv[1], "cold") ? serve_each(listener, &job) : serve_cold(listener, &job);
}
