/* A backend that has connections stored whose closing takes an hour: SO_LINGER, and bytes that the other side does not
 * read.
 *
 *   store_linger remove PORT   stores COUNT connections to the port, removes them, and stores one more a second
 *   store_linger end PORT      stores as many and ends
 *   store_linger pair          stores one end of a pair of sockets, removes it, and answers each client when the other
 *                              end has seen that one close */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pass_descriptors.h"

#define COUNT 6
#define HOUR 3600

static int connect_full(int port)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct linger linger = { .l_onoff = 1, .l_linger = HOUR };
	static char bytes[65536];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0)
		exit(1);
	for (int n = 0; n < 1000 && send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0; n++)
		;
	return fd;
}

static void store(int superd, int fd)
{
	if (!pass_descriptors(superd, "FDSTORE=1\nFDPOLL=0\nFDNAME=x", &fd, 1))
		exit(1);
	close(fd);
}

static void drop(int superd)
{
	if (send(superd, "FDSTOREREMOVE=1\nFDNAME=x", 24, 0) < 0)
		exit(1);
}

static void store_connections(int superd, int port)
{
	for (int n = 0; n < COUNT; n++)
		store(superd, connect_full(port));
	fprintf(stderr, "stored %d connections\n", COUNT);
}

static void go_on_storing(int superd, int port)
{
	for (;;) {
		nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
		store(superd, connect_full(port));
	}
}

/* false: it has not been closed within a few seconds. */
static bool is_closed_in_store(int superd)
{
	int ends[2];
	struct pollfd other = { .events = POLLIN };

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		return false;
	store(superd, ends[0]);
	drop(superd);
	other.fd = ends[1];
	return poll(&other, 1, 4000) == 1;
}

static void serve_pairs(int superd)
{
	for (;;) {
		int client = accept(3, NULL, NULL);

		if (client >= 0 && is_closed_in_store(superd))
			dprintf(client, "closed\n");
		close(client);
	}
}

int main(int argc, char **argv)
{
	const char *notify = getenv("NOTIFY_SOCKET");
	int superd, port = argc > 2 ? atoi(argv[2]) : 0;

	if (!notify || argc < 2)
		return 2;
	superd = connect_to(SOCK_DGRAM, notify);
	if (send(superd, "READY=1", 7, 0) < 0)
		return 1;
	if (!strcmp(argv[1], "pair"))
		serve_pairs(superd);
	store_connections(superd, port);
	if (!strcmp(argv[1], "end"))
		return 0;
	drop(superd);
	go_on_storing(superd, port);
}
