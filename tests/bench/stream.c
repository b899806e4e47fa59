/* The load of a redirect: clients in front of it and a target behind, each as cheap as can be, so that the redirect is
 * what is measured. This program is the target, too.
 *
 *   stream bytes PORT TARGET MEGABYTES [CLIENTS]       MB/s from TARGET through PORT
 *   stream upload PORT TARGET MEGABYTES [CLIENTS]      MB/s through PORT to TARGET
 *   stream connections PORT TARGET SECONDS [CLIENTS]   connections/s, one after the other by each client
 *   stream requests PORT TARGET SECONDS [CLIENTS]      requests/s, of 64 bytes each way, by connections that stay
 *
 * Data is sent from one buffer and thrown away in the kernel (MSG_TRUNC). Requests and answers are the work of one
 * thread, so that no switch between client and target is measured. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE (256 << 10)
#define REQUEST 64                      /* bytes */
#define CLIENTS_MOST 64
#define PATIENCE 5000                   /* milliseconds until an answer counts as lost */

/* What a client does, and what the target does with its connection. They return how much of it, up to `until`. */
struct load {
	const char *name;
	uint64_t (*run_client)(void);
	void (*run_target)(int fd);
	bool is_timed;                  /* the amount is seconds, not megabytes */
	bool in_threads;                /* each of the target's connections has its own */
};

static const struct load *load;
static int port;
static uint64_t bytes_each;
static double seconds, begun, until;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void begin(void)
{
	begun = now();
	until = begun + seconds;
}

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	exit(1);
}

static int connect_one(int to)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)to),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	require(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "connect");
	return fd;
}

static int listen_on(int own)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)own),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	require(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 1024) == 0, "listen");
	return fd;
}

static void send_all(int fd, uint64_t count)
{
	static const char piece[PIECE];

	while (count) {
		ssize_t sent = send(fd, piece, count < PIECE ? count : PIECE, 0);

		require(sent > 0, "send");
		count -= (uint64_t)sent;
	}
	shutdown(fd, SHUT_WR);
}

/* Returns the number of bytes up to the end. */
static uint64_t throw_away(int fd)
{
	uint64_t all = 0;
	ssize_t got;

	while ((got = recv(fd, NULL, 1 << 30, MSG_TRUNC)) > 0)
		all += (uint64_t)got;
	return all;
}

/* ---- bytes and connections: a thread for each client ---- */

static void give(int fd)
{
	send_all(fd, bytes_each);
	throw_away(fd);
}

static void take(int fd)
{
	require(throw_away(fd) == bytes_each, "bytes were lost");
}

static void give_byte(int fd)
{
	send_all(fd, 1);
}

static uint64_t download(void)
{
	int fd = connect_one(port);

	take(fd);
	close(fd);
	return bytes_each;
}

/* The target closes its connection when it has all. */
static uint64_t upload(void)
{
	int fd = connect_one(port);

	give(fd);
	close(fd);
	return bytes_each;
}

static uint64_t connect_again(void)
{
	uint64_t count = 0;

	for (; now() < until; count++) {
		int fd = connect_one(port);

		require(throw_away(fd) == 1, "a connection was lost");
		close(fd);
	}
	return count;
}

static void *run_client(void *count)
{
	*(uint64_t *)count = load->run_client();
	return NULL;
}

static void *run_target(void *argument)
{
	int fd = (int)(intptr_t)argument;

	load->run_target(fd);
	close(fd);
	return NULL;
}

static void *run_targets(void *argument)
{
	int listener = (int)(intptr_t)argument;

	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		require(fd >= 0, "accept");
		if (!load->in_threads)
			run_target((void *)(intptr_t)fd);
		else if (pthread_create(&thread, NULL, run_target, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
	}
	return NULL;
}

static uint64_t run_clients(int listener, int clients)
{
	uint64_t counts[CLIENTS_MOST], all = 0;
	pthread_t threads[CLIENTS_MOST], target;

	pthread_create(&target, NULL, run_targets, (void *)(intptr_t)listener);
	for (int n = 0; n < clients; n++)
		pthread_create(&threads[n], NULL, run_client, &counts[n]);
	for (int n = 0; n < clients; n++) {
		pthread_join(threads[n], NULL);
		all += counts[n];
	}
	return all;
}

/* ---- requests: one loop ---- */

static void watch(int epoll, int fd, bool is_client)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)fd << 1 | is_client };
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	require(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

/* The target sends each request back, and the client takes that for its next one. The time begins when all connections
 * are there: what they cost is a load of its own. */
static uint64_t bounce(int listener, int clients)
{
	int epoll = epoll_create1(0);
	uint64_t count = 0;

	for (int n = 0; n < clients; n++) {
		const char request[REQUEST] = { 0 };
		int fd = connect_one(port);

		watch(epoll, fd, true);
		require(send(fd, request, REQUEST, 0) == REQUEST, "send");
	}
	for (int n = 0; n < clients; n++)
		watch(epoll, accept(listener, NULL, NULL), false);
	begin();
	while (now() < until) {
		struct epoll_event events[2 * CLIENTS_MOST];
		int ready = epoll_wait(epoll, events, 2 * CLIENTS_MOST, PATIENCE);

		require(ready > 0, "a request was lost");
		for (int n = 0; n < ready; n++) {
			int fd = (int)(events[n].data.u64 >> 1);
			char request[REQUEST];

			require(recv(fd, request, REQUEST, 0) == REQUEST, "recv");
			require(send(fd, request, REQUEST, 0) == REQUEST, "send");
			count += events[n].data.u64 & 1;
		}
	}
	return count;
}

static const struct load loads[] = {
	{ "bytes", download, give, false, true },
	{ "upload", upload, take, false, true },
	{ "connections", connect_again, give_byte, true, false },
	{ "requests", NULL, NULL, true, false },
};

int main(int count, char **argv)
{
	int listener, clients = count > 5 ? (int)strtol(argv[5], NULL, 10) : 1;
	double all;

	for (size_t n = 0; count > 4 && n < sizeof(loads) / sizeof(loads[0]); n++) {
		if (!strcmp(argv[1], loads[n].name))
			load = &loads[n];
	}
	if (!load || clients < 1 || clients > CLIENTS_MOST) {
		fprintf(stderr, "usage: stream bytes|upload PORT TARGET MEGABYTES [CLIENTS]\n"
				"       stream connections|requests PORT TARGET SECONDS [CLIENTS]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	port = (int)strtol(argv[2], NULL, 10);
	listener = listen_on((int)strtol(argv[3], NULL, 10));
	if (load->is_timed)
		seconds = strtod(argv[4], NULL);
	else
		bytes_each = strtoull(argv[4], NULL, 10) * 1000000;
	begin();
	all = (double)(load->run_client ? run_clients(listener, clients) : bounce(listener, clients));
	printf("%.0f\n", all / (load->is_timed ? 1 : 1e6) / (now() - begun));
	return 0;
}
