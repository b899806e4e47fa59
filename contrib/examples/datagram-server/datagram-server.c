/* A datagram server that may be started on demand: it answers every datagram with its number and its text, and
 * ends once none has come for a second (-i SECONDS; 0: as soon as the queue is empty).
 *
 * It takes its socket the way the service manager has it: descriptor 3 by LISTEN_PID and LISTEN_FDS, or descriptor
 * 0 as inetd passes it ("wait"). The one hard thing is a datagram that arrives while it ends: it is not read, so
 * it stays in the socket's queue, which is the service manager's, and starts the next server. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../hello-world-server/listen-fds.h"

enum { LARGEST = 65536, LOWEST_CLIENT_PORT = 1024 };

static bool is_datagram_socket(int fd)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM;
}

static int find_socket(void)
{
	int passed = listen_fds();

	if (passed == 1 && is_datagram_socket(LISTEN_FDS_FIRST))
		return LISTEN_FDS_FIRST;
	if (passed == 0 && is_datagram_socket(STDIN_FILENO))
		return STDIN_FILENO;
	return -1;
}

/* Two servers that answer each other would never stop, and a forged sender can start that; servers live below
 * 1024. */
static bool is_answerable(const struct sockaddr_storage *peer, socklen_t length)
{
	if (length >= sizeof(struct sockaddr_in) && peer->ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)peer)->sin_port) >= LOWEST_CLIENT_PORT;
	if (length >= sizeof(struct sockaddr_in6) && peer->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)peer)->sin6_port) >= LOWEST_CLIENT_PORT;
	return peer->ss_family == AF_UNIX && length > sizeof(sa_family_t);
}

/* Answers one datagram if there is one. */
static bool answer_one(int fd, unsigned long *count)
{
	static char datagram[LARGEST], answer[LARGEST + 64];
	struct sockaddr_storage peer = { 0 };
	socklen_t length = sizeof(peer);
	ssize_t size = recvfrom(fd, datagram, sizeof(datagram), MSG_DONTWAIT, (struct sockaddr *)&peer, &length);
	int prefix;

	if (size < 0)
		return false;
	prefix = snprintf(answer, sizeof(answer), "%lu from process %ld: ", ++*count, (long)getpid());
	memcpy(answer + prefix, datagram, (size_t)size);
	if (is_answerable(&peer, length) &&
	    sendto(fd, answer, (size_t)(prefix + size), MSG_DONTWAIT, (struct sockaddr *)&peer, length) < 0)
		fprintf(stderr, "datagram-server: answering: %s\n", strerror(errno));
	return true;
}

static int serve(int fd, int idle)
{
	struct pollfd socket = { .fd = fd, .events = POLLIN };
	unsigned long count = 0;

	for (;;) {
		if (answer_one(fd, &count))
			continue;
		if (errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED) {
			fprintf(stderr, "datagram-server: receiving: %s\n", strerror(errno));
			return 1;
		}
		if (poll(&socket, 1, idle) == 0)
			return 0;
	}
}

int main(int argc, char **argv)
{
	double seconds = 1;
	char *end = NULL;
	int option, fd;

	while ((option = getopt(argc, argv, "i:")) != -1) {
		if (option == 'i')
			seconds = strtod(optarg, &end);
		if (option != 'i' || *end != '\0' || end == optarg || !(seconds >= 0 && seconds <= 86400)) {
			fputs("usage: datagram-server [-i SECONDS]\n", stderr);
			return 2;
		}
	}
	fd = find_socket();
	if (fd < 0) {
		fputs("datagram-server: no datagram socket was passed, neither as descriptor 3 by LISTEN_FDS nor as "
		      "standard input\n", stderr);
		return 1;
	}
	return serve(fd, (int)(seconds * 1000));
}
