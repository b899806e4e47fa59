/* A "hello world" server that may be started on demand: one process a client, and it ends itself when the
 * last client has gone.
 *
 * Started by a service manager it finds its one listening socket at descriptor 3 (LISTEN_PID, LISTEN_FDS);
 * started by hand it binds a port of its own, 5000 unless another is given. The one hard thing is to end
 * without losing a client and without missing the end of a child: SIGCHLD is let in only while ppoll waits,
 * so none falls between the look and the wait, and before it ends it accepts once more without waiting. Who
 * comes after that stays in the queue of the socket, which is the service manager's, and starts the next server.
 *
 * With -p SECONDS it waits so long for a further client first, as every end costs the next client a start. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "listen-fds.h"

enum { DEFAULT_PORT = 5000, BACKLOG = 128, LINGER_SECONDS = 1 };

struct server {
	int listener;
	bool passed;                    /* the socket came from a service manager */
	long pause;                     /* milliseconds to wait for a further client */
	unsigned clients;               /* children that serve one */
	bool served;                    /* somebody has been here */
	struct timespec empty_since;    /* when the last client left, or when it all began */
	sigset_t waiting_mask;          /* the mask while waiting: SIGCHLD may come in */
};

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	if (number != SIGCHLD)
		ended = 1;
}

static long milliseconds_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - then->tv_sec) * 1000 + (now.tv_nsec - then->tv_nsec) / 1000000;
}

static int bind_own_port(long port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in address4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ipv6 = fd >= 0;
	int result;

	if (!ipv6)
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (ipv6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 0 }, sizeof(int));
	result = ipv6 ? bind(fd, (struct sockaddr *)&address, sizeof(address))
		      : bind(fd, (struct sockaddr *)&address4, sizeof(address4));
	if (result == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

/* What a child does. It says all it has to say, then gives the client a moment to close first: a socket closed with
 * something unread in it would take the greeting away from the client again. */
static void greet(int client, const struct server *server)
{
	struct timeval linger = { .tv_sec = LINGER_SECONDS };
	char text[128], rest[512];
	int length = snprintf(text, sizeof(text), "Hello world from process %ld, %s\n", (long)getpid(),
			      server->passed ? "my socket came from the service manager" : "I bound my port myself");

	if (write(client, text, (size_t)length) != length)
		return;
	shutdown(client, SHUT_WR);
	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &linger, sizeof(linger));
	while (read(client, rest, sizeof(rest)) > 0)
		;
}

/* Takes one client if there is one; never waits. */
static bool serve_one(struct server *server)
{
	int client = accept(server->listener, NULL, NULL);
	pid_t child;

	if (client < 0)
		return errno == ECONNABORTED || errno == EINTR;
	child = fork();
	if (child == 0) {
		signal(SIGTERM, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		sigprocmask(SIG_SETMASK, &server->waiting_mask, NULL);
		greet(client, server);
		_exit(0);
	}
	if (child < 0)
		perror("hello-world-server: fork");
	else
		server->clients++;
	server->served = true;
	close(client);
	return true;
}

static void count_leavers(struct server *server)
{
	while (server->clients > 0 && waitpid(-1, NULL, WNOHANG) > 0) {
		if (--server->clients == 0)
			clock_gettime(CLOCK_MONOTONIC, &server->empty_since);
	}
}

/* Milliseconds to wait at most; -1: for ever, as there are clients, or as the first one is still to come to a
 * server that was started by hand. */
static long time_left(const struct server *server)
{
	long left;

	if (server->clients > 0 || (!server->passed && !server->served))
		return -1;
	left = server->pause - milliseconds_since(&server->empty_since);
	return left > 0 ? left : 0;
}

/* Serves until nobody is left. */
static int serve(struct server *server)
{
	struct pollfd listener = { .fd = server->listener, .events = POLLIN };

	while (!ended) {
		long left = time_left(server);
		struct timespec wait = { .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };
		int ready = ppoll(&listener, 1, left < 0 ? NULL : &wait, &server->waiting_mask);

		if (ready < 0 && errno != EINTR) {
			perror("hello-world-server: ppoll");
			return 1;
		}
		count_leavers(server);
		if (ready > 0)
			serve_one(server);
		else if (time_left(server) == 0 && !serve_one(server))
			break;
	}
	return 0;
}

static void catch_signals(struct server *server)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, &server->waiting_mask);
	sigdelset(&server->waiting_mask, SIGCHLD);
	sigaction(SIGCHLD, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool parse_number(const char *text, long most, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(text, &end, 10);
	return end != text && *end == '\0' && errno == 0 && *out >= 0 && *out <= most;
}

static int usage(void)
{
	fputs("usage: hello-world-server [-p SECONDS] [PORT]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct server server = { .listener = -1 };
	long seconds = 0, port = DEFAULT_PORT;
	int option, passed;

	while ((option = getopt(argc, argv, "p:")) != -1) {
		if (option != 'p' || !parse_number(optarg, 86400, &seconds))
			return usage();
	}
	if (argc - optind > 1 || (argc > optind && !parse_number(argv[optind], 65535, &port)))
		return usage();
	passed = listen_fds();
	if (passed < 0 || passed > 1) {
		fprintf(stderr, "hello-world-server: %s: exactly one socket is wanted\n",
			passed > 1 ? "several sockets were passed" : errno == EBADF ?
			"LISTEN_FDS counts sockets that are not open" : "LISTEN_PID or LISTEN_FDS is no number");
		return 1;
	}
	server.passed = passed == 1;
	server.pause = seconds * 1000;
	server.listener = server.passed ? LISTEN_FDS_FIRST : bind_own_port(port);
	if (server.listener < 0 || fcntl(server.listener, F_SETFL, O_NONBLOCK) < 0) {
		fprintf(stderr, "hello-world-server: listening: %s\n", strerror(errno));
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &server.empty_since);
	catch_signals(&server);
	return serve(&server);
}
