/* The load of a redirect: a source behind it and a sink in front, each as cheap as can be, so that what lies between
 * them is what is measured.
 *
 *   stream bytes PORT TARGET MEGABYTES [CLIENTS]   MB/s through PORT to the source at TARGET, which this program is
 *   stream connections PORT TARGET SECONDS         connections/s, one after the other
 *
 * Data is sent from one buffer and thrown away in the kernel (MSG_TRUNC). */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE (256 << 10)

static uint64_t bytes_each;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void *give(void *argument)
{
	static const char piece[PIECE];
	int fd = (int)(intptr_t)argument;
	char byte;

	for (uint64_t left = bytes_each; left;) {
		ssize_t sent = send(fd, piece, left < PIECE ? left : PIECE, 0);

		if (sent <= 0)
			break;
		left -= (uint64_t)sent;
	}
	shutdown(fd, SHUT_WR);
	while (read(fd, &byte, 1) > 0)
		continue;
	close(fd);
	return NULL;
}

static void *listen_for(void *argument)
{
	int listener = (int)(intptr_t)argument;

	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0)
			return NULL;
		if (bytes_each <= 1)
			give((void *)(intptr_t)fd);
		else if (pthread_create(&thread, NULL, give, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
	}
}

static void serve(int port)
{
	struct sockaddr_in address = loopback(port);
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	pthread_t thread;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 128) < 0) {
		perror("listen");
		exit(1);
	}
	pthread_create(&thread, NULL, listen_for, (void *)(intptr_t)listener);
}

static uint64_t take(int port)
{
	struct sockaddr_in address = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t all = 0;
	ssize_t got;

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		perror("connect");
		exit(1);
	}
	while ((got = recv(fd, NULL, 1 << 30, MSG_TRUNC)) > 0)
		all += (uint64_t)got;
	close(fd);
	return all;
}

static void *take_all(void *argument)
{
	if (take((int)(intptr_t)argument) != bytes_each) {
		fprintf(stderr, "stream: bytes were lost\n");
		exit(1);
	}
	return NULL;
}

static void measure_bytes(int port, int clients)
{
	pthread_t threads[64];
	double begun = now();

	for (int n = 0; n < clients; n++)
		pthread_create(&threads[n], NULL, take_all, (void *)(intptr_t)port);
	for (int n = 0; n < clients; n++)
		pthread_join(threads[n], NULL);
	printf("%.0f\n", (double)bytes_each * clients / 1e6 / (now() - begun));
}

static void measure_connections(int port, double seconds)
{
	double begun = now();
	unsigned count = 0;

	for (; now() < begun + seconds; count++) {
		if (take(port) != 1) {
			fprintf(stderr, "stream: a connection was lost\n");
			exit(1);
		}
	}
	printf("%.0f\n", count / (now() - begun));
}

int main(int count, char **argv)
{
	bool bytes = count > 4 && !strcmp(argv[1], "bytes");
	int port, clients;

	if (count < 5 || (!bytes && strcmp(argv[1], "connections") != 0)) {
		fprintf(stderr, "usage: stream bytes PORT TARGET MEGABYTES [CLIENTS]\n"
				"       stream connections PORT TARGET SECONDS\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	port = (int)strtol(argv[2], NULL, 10);
	clients = count > 5 ? (int)strtol(argv[5], NULL, 10) : 1;
	bytes_each = bytes ? strtoull(argv[4], NULL, 10) * 1000000 : 1;
	if (clients < 1 || clients > 64)
		return 2;
	serve((int)strtol(argv[3], NULL, 10));
	if (bytes)
		measure_bytes(port, clients);
	else
		measure_connections(port, strtod(argv[4], NULL));
	return 0;
}
