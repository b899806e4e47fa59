/* How long others wait, beside how long the clients of a floor do: a server that only accepts, clones and execs
 * (tests/bench/floor.c). What slows the floor down is the machine and what else runs on it: no superd could help it.
 * Connects to ports of 127.0.0.1 at a steady rate, whether those before were answered or not, and takes the time from
 * connect(2) to the first byte.
 *
 *   latency measure FILE PORT FLOOR_PORT  60 connections a second to each, in turns, for 1.2 s; adds to FILE a line for
 *                                      each two, microseconds of both. Those of the first 0.2 s are not counted: what
 *                                      went before may still be at work
 *   latency compare QUIET ATTACKED [median]
 *                                      prints medians and 95th percentiles of both files; fails beyond the bound: twice
 *                                      what it was, what FLOOR_… has for a machine that others use, and twice what was
 *                                      added to the floor's. Who was lost counts beyond those that the floor has lost.
 *                                      median: the bound is that of the median alone */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RATE 60
#define WARM_UP 12                      /* connections that are not counted */
#define COUNT (WARM_UP + RATE)
#define SERVERS 2                       /* superd and the floor */
#define PATIENCE_US 5000000LL           /* who is not answered by then counts as if he were */
#define FLOOR_MEDIAN_US 2000LL
#define FLOOR_P95_US 15000LL
#define SAMPLES_MOST 100000

struct client {
	int fd;                         /* -1: not begun, or over */
	long long begun, took;
};

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void begin(struct client *client, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((in_port_t)port) };

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	client->begun = now_us();
	client->took = PATIENCE_US;
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd >= 0 && connect(client->fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS) {
		close(client->fd);
		client->fd = -1;
	}
}

/* An end without a byte leaves `took` at what a lost one counts. */
static void finish(struct client *client)
{
	char byte;

	if (recv(client->fd, &byte, 1, MSG_DONTWAIT) == 1)
		client->took = now_us() - client->begun;
	close(client->fd);
	client->fd = -1;
}

/* Takes the answers that come until then. all: returns as soon as nobody waits any more. */
static void wait_until(struct client *clients, size_t begun, long long until, bool all)
{
	struct pollfd polled[SERVERS * COUNT];
	struct client *of[SERVERS * COUNT];
	long long left;

	while ((left = until - now_us()) > 0) {
		struct timespec most = { .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };
		nfds_t count = 0;

		for (size_t n = 0; n < begun; n++) {
			if (clients[n].fd < 0)
				continue;
			of[count] = &clients[n];
			polled[count++] = (struct pollfd){ .fd = clients[n].fd, .events = POLLIN };
		}
		if (all && !count)
			return;
		if (ppoll(polled, count, &most, NULL) <= 0)
			continue;
		for (nfds_t n = 0; n < count; n++) {
			if (polled[n].revents)
				finish(of[n]);
		}
	}
}

/* The servers' clients come in turns, so that a machine that stands still has some of each wait. */
static int measure(const char *path, const int ports[SERVERS])
{
	struct client clients[SERVERS * COUNT];
	long long start = now_us();
	FILE *file = fopen(path, "a");

	if (!file)
		return 2;
	for (size_t n = 0; n < SERVERS * COUNT; n++) {
		wait_until(clients, n, start + (long long)n * 1000000 / (SERVERS * RATE), false);
		begin(&clients[n], ports[n % SERVERS]);
	}
	wait_until(clients, SERVERS * COUNT, now_us() + PATIENCE_US, true);
	for (size_t n = SERVERS * WARM_UP; n < SERVERS * COUNT; n += SERVERS)
		fprintf(file, "%lld %lld\n", clients[n].took, clients[n + 1].took);
	return fclose(file) ? 2 : 0;
}

struct figures {
	size_t count, lost;
	long long median, p95;
};

static int is_longer(const void *one, const void *other)
{
	long long a = *(const long long *)one, b = *(const long long *)other;

	return (a > b) - (a < b);
}

static void set_figures(struct figures *figures, long long *samples, size_t count)
{
	qsort(samples, count, sizeof(*samples), is_longer);
	*figures = (struct figures){ .count = count, .median = samples[count / 2], .p95 = samples[count * 95 / 100] };
	for (size_t n = 0; n < count; n++)
		figures->lost += samples[n] >= PATIENCE_US;
}

static bool read_figures(const char *path, struct figures figures[SERVERS])
{
	static long long samples[SERVERS][SAMPLES_MOST];
	FILE *file = fopen(path, "r");
	size_t count = 0;

	while (file && count < SAMPLES_MOST && fscanf(file, "%lld %lld", &samples[0][count], &samples[1][count]) == 2)
		count++;
	if (file)
		fclose(file);
	if (!count) {
		printf("%s: nothing was measured\n", path);
		return false;
	}
	for (size_t n = 0; n < SERVERS; n++)
		set_figures(&figures[n], samples[n], count);
	return true;
}

static void print_figures(const char *what, const struct figures *figures)
{
	printf("  %-16s median %6.2f ms, 95th percentile %6.2f ms, of %zu, %zu not answered\n", what,
	       (double)figures->median / 1000, (double)figures->p95 / 1000, figures->count, figures->lost);
}

/* What came to it with the attack; 0 if it became less. */
static long long added(long long quiet, long long attacked)
{
	return attacked > quiet ? attacked - quiet : 0;
}

static int compare(const char *before, const char *during, bool is_whole)
{
	struct figures quiet[SERVERS], attacked[SERVERS];
	const struct figures *superd = &attacked[0], *floor = &attacked[1];
	long long median, p95;
	size_t lost;

	if (!read_figures(before, quiet) || !read_figures(during, attacked))
		return 2;
	median = 2 * (quiet[0].median + added(quiet[1].median, floor->median)) + FLOOR_MEDIAN_US;
	p95 = 2 * (quiet[0].p95 + added(quiet[1].p95, floor->p95)) + FLOOR_P95_US;
	lost = quiet[0].lost + (size_t)added((long long)quiet[1].lost, (long long)floor->lost);
	print_figures("quiet", &quiet[0]);
	print_figures("attacked", superd);
	print_figures("floor, quiet", &quiet[1]);
	print_figures("floor, attacked", floor);
	printf("  %-16s median %6.2f ms, ", "bound", (double)median / 1000);
	if (is_whole)
		printf("95th percentile %6.2f ms\n", (double)p95 / 1000);
	else
		puts("95th percentile      none");
	return superd->lost > lost || superd->median > median || (is_whole && superd->p95 > p95);
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "measure"))
		return measure(argv[2], (const int[SERVERS]){ atoi(argv[3]), atoi(argv[4]) });
	if ((argc == 4 || argc == 5) && !strcmp(argv[1], "compare"))
		return compare(argv[2], argv[3], argc == 4);
	return 2;
}
