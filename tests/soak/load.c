/* Clients of a soak: each service gets so many a second, for hours. Each client is held to have its whole answer and
 * the end behind it; one that has not is a line of its own, with the times at which it began and ended, so that
 * tests/soak/soak can tell why.
 *
 *   load           reads orders on standard input, a line each:
 *
 *   target NAME KIND ADDRESS RATE [ON OFF]   clients for ADDRESS, PORT of 127.0.0.1 or a path, RATE a second;
 *                                            with ON and OFF for ON seconds, and then for OFF seconds none
 *   report         T NAME BEGUN SERVED REFUSED RESET UNANSWERED WRONG LATE SKIPPED P50 P99 MOST for each target,
 *                  then "R IN_FLIGHT": eight counts since the start, then microseconds, since the last report
 *   pause          begins none; "Q" once all are over
 *   resume, quit
 *
 * KIND is line (a line is answered "PID LINE"), lines (the same, and the client ends first), echo, daytime, time, mux
 * (as line, behind a name of tcpmux) or datagram (as line). A client without its answer is "L NAME KIND ERRNO BEGUN
 * ENDED SERIAL", by CLOCK_MONOTONIC.
 *
 * The hard thing is that clients of one service must not wait for those of another: one epoll, no socket blocks, and
 * clients begin by the clock. Where enough of a target are on their way, further ones are skipped and counted so. */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	TARGETS_MOST = 64,
	VISITS_MOST = 4096,
	IN_FLIGHT_MOST = 16,            /* of a target: a machine too slow for the rate must not drown in clients */
	ANSWER_MOST = 256,
	NAME_MOST = 32,
	BUCKETS = 512,                  /* of a histogram, */
	BUCKETS_OCTAVE = 16,            /* so many for a doubling */
	EVENTS = 256,
	PATIENCE_SECONDS = 180,
	ORDER_MOST = 256,
};

enum kind { LINE, LINES, ECHO, DAYTIME, TIME, MUX, DATAGRAM, KINDS };

static const char *const kinds[KINDS] = { "line", "lines", "echo", "daytime", "time", "mux", "datagram" };

enum result { SERVED, REFUSED, RESET, UNANSWERED, WRONG, LATE, RESULTS };

static const char *const results[RESULTS] = { "served", "refused", "reset", "unanswered", "wrong", "late" };

struct target {
	char name[NAME_MOST];
	enum kind kind;
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_un un;
	} address;
	socklen_t address_length;
	double every;                   /* seconds from one client to the next */
	double on, off;                 /* seconds; 0: always on */
	double next;                    /* when the next client begins */
	double since;                   /* when the present "on" began */
	size_t begun, skipped, in_flight;
	size_t results[RESULTS];
	uint32_t histogram[BUCKETS];    /* of those served since the last report */
	size_t measured;                /* so many, */
	double longest;                 /* in seconds, the longest of them */
};

struct visit {
	struct target *target;          /* NULL: free */
	int fd;
	bool connected;
	double begun;
	size_t serial, length;
	char expected[ANSWER_MOST];     /* what stands behind the pid */
	char answer[ANSWER_MOST];
};

struct load {
	struct target targets[TARGETS_MOST];
	size_t target_count;
	struct visit visits[VISITS_MOST];
	size_t free[VISITS_MOST], free_count;
	int epoll;
	bool paused, told, quits;
	char order[ORDER_MOST];
	size_t order_length;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* ---- one client ---- */

static void note_time(struct target *target, double seconds)
{
	double us = seconds * 1e6 < 1 ? 1 : seconds * 1e6;
	int bucket = (int)(log2(us) * BUCKETS_OCTAVE);

	target->histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
	target->measured++;
	if (seconds > target->longest)
		target->longest = seconds;
}

static void end_visit(struct load *load, struct visit *visit, enum result result, int error)
{
	struct target *target = visit->target;
	double ended = now();

	target->results[result]++;
	target->in_flight--;
	if (result == SERVED)
		note_time(target, ended - visit->begun);
	else
		printf("L %s %s %d %.6f %.6f %zu\n", target->name, results[result], error, visit->begun, ended,
		       visit->serial);
	close(visit->fd);
	visit->target = NULL;
	load->free[load->free_count++] = (size_t)(visit - load->visits);
}

/* What the client sends, and what it expects. */
static size_t compose(const struct target *target, struct visit *visit, char *request)
{
	const char *name = target->name;
	char line[ANSWER_MOST / 2];

	snprintf(line, sizeof(line), "request %zu of %s\n", visit->serial, name);
	snprintf(visit->expected, sizeof(visit->expected), "%s", line);
	switch (target->kind) {
	case DAYTIME:
	case TIME:
		return 0;
	case MUX:
		return (size_t)snprintf(request, ANSWER_MOST, "%s\r\n%s", name, line);
	default:
		return (size_t)snprintf(request, ANSWER_MOST, "%s", line);
	}
}

/* Whether the answer is "PID LINE" of this client. */
static bool is_answer(const char *answer, const char *expected)
{
	const char *space = strchr(answer, ' ');

	return space && !strcmp(space + 1, expected);
}

static enum result judge(const struct visit *visit)
{
	const char *answer = visit->answer;
	bool right = false;

	if (visit->length == 0)
		return UNANSWERED;
	switch (visit->target->kind) {
	case ECHO:
		right = !strcmp(answer, visit->expected);
		break;
	case DAYTIME:
		right = visit->length > 10 && answer[visit->length - 1] == '\n';
		break;
	case TIME:
		right = visit->length == 4;
		break;
	case MUX:
		right = !strncmp(answer, "+Go\r\n", 5) && is_answer(answer + 5, visit->expected);
		break;
	default:
		right = is_answer(answer, visit->expected);
		break;
	}
	return right ? SERVED : WRONG;
}

/* Sends all of the request, which is short and fits, if the socket is connected: on the loopback a handshake is mostly
 * over when connect(2) returns. false: the client is over. */
static bool send_request(struct load *load, struct visit *visit)
{
	char request[ANSWER_MOST];
	size_t length = compose(visit->target, visit, request);

	if (length && send(visit->fd, request, length, MSG_NOSIGNAL) != (ssize_t)length) {
		if (errno == EAGAIN)
			return true;
		end_visit(load, visit, errno == ECONNREFUSED ? REFUSED : RESET, errno);
		return false;
	}
	if (visit->target->kind == ECHO)
		shutdown(visit->fd, SHUT_WR);
	visit->connected = true;
	return true;
}

/* Has the loop wait for the answer, or first for the connection. */
static void watch(const struct load *load, struct visit *visit, int operation)
{
	struct epoll_event event = { .events = visit->connected ? EPOLLIN : EPOLLOUT, .data.ptr = visit };

	epoll_ctl(load->epoll, operation, visit->fd, &event);
}

/* Whether that is all of the answer of one who goes on: it ends with the line. */
static bool ends_first(const struct visit *visit)
{
	enum kind kind = visit->target->kind;

	return (kind == LINES || kind == MUX || kind == DATAGRAM) && judge(visit) == SERVED;
}

static void read_answer(struct load *load, struct visit *visit)
{
	for (;;) {
		size_t room = sizeof(visit->answer) - 1 - visit->length;
		ssize_t got = recv(visit->fd, visit->answer + visit->length, room, 0);

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got < 0) {
			end_visit(load, visit, errno == ECONNREFUSED ? REFUSED : RESET, errno);
			return;
		}
		visit->length += (size_t)got;
		visit->answer[visit->length] = '\0';
		if (got == 0 || visit->length == sizeof(visit->answer) - 1 || ends_first(visit)) {
			end_visit(load, visit, judge(visit), 0);
			return;
		}
	}
}

static void hear(struct load *load, struct visit *visit, uint32_t events)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (!visit->connected) {
		getsockopt(visit->fd, SOL_SOCKET, SO_ERROR, &error, &size);
		if (error)
			end_visit(load, visit, error == ECONNREFUSED ? REFUSED : RESET, error);
		else if (events & EPOLLOUT && send_request(load, visit) && visit->connected)
			watch(load, visit, EPOLL_CTL_MOD);
		return;
	}
	read_answer(load, visit);
}

static void begin_visit(struct load *load, struct target *target)
{
	int type = target->kind == DATAGRAM ? SOCK_DGRAM : SOCK_STREAM;
	struct visit *visit;

	if (target->in_flight >= IN_FLIGHT_MOST || load->free_count == 0) {
		target->skipped++;
		return;
	}
	visit = &load->visits[load->free[--load->free_count]];
	*visit = (struct visit){ .target = target, .begun = now(), .serial = target->begun++ };
	target->in_flight++;
	visit->fd = socket(target->address.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (visit->fd < 0) {
		perror("load: socket");
		exit(2);
	}
	if (connect(visit->fd, &target->address.any, target->address_length) < 0 && errno != EINPROGRESS) {
		/* A full queue of a unix socket: who is not in such a hurry waits for a place. */
		if (errno == EAGAIN) {
			target->skipped++;
			target->in_flight--;
			close(visit->fd);
			visit->target = NULL;
			load->free[load->free_count++] = (size_t)(visit - load->visits);
			return;
		}
		end_visit(load, visit, REFUSED, errno);
		return;
	}
	if (!send_request(load, visit))
		return;
	watch(load, visit, EPOLL_CTL_ADD);
}

/* ---- the clock ---- */

/* Begins all that are due; gives when the next one is. */
static double begin_due(struct load *load)
{
	double time = now(), soonest = time + 1;

	for (size_t n = 0; n < load->target_count && !load->paused; n++) {
		struct target *target = &load->targets[n];

		if (target->on > 0 && time > target->since + target->on) {
			target->since = time + target->off * 2 * drand48();
			target->next = target->since;
		}
		if (target->next < time - 1)
			target->next = time;
		while (target->next <= time) {
			begin_visit(load, target);
			target->next += target->every * 2 * drand48();
		}
		if (target->next < soonest)
			soonest = target->next;
	}
	return soonest;
}

static void end_late(struct load *load)
{
	double before = now() - PATIENCE_SECONDS;

	for (size_t n = 0; n < VISITS_MOST; n++) {
		if (load->visits[n].target && load->visits[n].begun < before)
			end_visit(load, &load->visits[n], LATE, 0);
	}
}

/* ---- orders ---- */

static unsigned percentile(const struct target *target, double share)
{
	size_t wanted = (size_t)ceil((double)target->measured * share), seen = 0;

	for (int n = 0; n < BUCKETS && target->measured; n++) {
		seen += target->histogram[n];
		if (seen >= wanted)
			return (unsigned)exp2((n + 0.5) / BUCKETS_OCTAVE);
	}
	return 0;
}

static void report(struct load *load)
{
	for (size_t n = 0; n < load->target_count; n++) {
		struct target *target = &load->targets[n];

		printf("T %s %zu", target->name, target->begun);
		for (int result = 0; result < RESULTS; result++)
			printf(" %zu", target->results[result]);
		printf(" %zu %u %u %.0f\n", target->skipped, percentile(target, 0.5), percentile(target, 0.99),
		       target->longest * 1e6);
		memset(target->histogram, 0, sizeof(target->histogram));
		target->measured = 0;
		target->longest = 0;
	}
	printf("R %zu\n", VISITS_MOST - load->free_count);
}

static bool add_target(struct load *load, const char *words)
{
	struct target target = { .since = now() };
	char kind[NAME_MOST], address[sizeof(target.address.un.sun_path)];
	double rate = 0;
	int n = 0, got = sscanf(words, "%31s %31s %107s %lf %lf %lf", target.name, kind, address, &rate, &target.on,
				&target.off);

	while (n < KINDS && got >= 4 && strcmp(kinds[n], kind) != 0)
		n++;
	if (got < 4 || n == KINDS || rate <= 0 || load->target_count == TARGETS_MOST)
		return false;
	target.kind = (enum kind)n;
	target.every = 1 / rate;
	target.next = target.since + target.every * drand48();
	if (*address == '/') {
		target.address.un = (struct sockaddr_un){ .sun_family = AF_UNIX };
		snprintf(target.address.un.sun_path, sizeof(target.address.un.sun_path), "%s", address);
		target.address_length = sizeof(target.address.un);
	} else {
		target.address.in = (struct sockaddr_in){ .sin_family = AF_INET };
		target.address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		target.address.in.sin_port = htons((uint16_t)strtoul(address, NULL, 10));
		target.address_length = sizeof(target.address.in);
	}
	load->targets[load->target_count++] = target;
	return true;
}

static void obey(struct load *load, const char *order)
{
	if (!strncmp(order, "target ", 7) && add_target(load, order + 7))
		return;
	if (!strcmp(order, "report")) {
		report(load);
	} else if (!strcmp(order, "pause")) {
		load->paused = true;
		load->told = false;
	} else if (!strcmp(order, "resume")) {
		load->paused = false;
		for (size_t n = 0; n < load->target_count; n++)
			load->targets[n].since = load->targets[n].next = now();
	} else if (!strcmp(order, "quit")) {
		load->quits = true;
	} else {
		fprintf(stderr, "load: no such order: %s\n", order);
		exit(2);
	}
}

static void read_orders(struct load *load)
{
	size_t room = sizeof(load->order) - 1 - load->order_length;
	ssize_t got = read(STDIN_FILENO, load->order + load->order_length, room);
	char *end;

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) {
		load->quits = true;
		return;
	}
	load->order_length += (size_t)got;
	load->order[load->order_length] = '\0';
	while ((end = strchr(load->order, '\n'))) {
		*end = '\0';
		obey(load, load->order);
		load->order_length -= (size_t)(end + 1 - load->order);
		memmove(load->order, end + 1, load->order_length + 1);
	}
}

static void wait_for_events(struct load *load, double until)
{
	struct epoll_event events[EVENTS];
	double left = (until - now()) * 1000;
	int count = epoll_wait(load->epoll, events, EVENTS, left > 0 ? (int)left + 1 : 0);

	for (int n = 0; n < count; n++) {
		if (events[n].data.ptr)
			hear(load, events[n].data.ptr, events[n].events);
		else
			read_orders(load);
	}
}

int main(void)
{
	static struct load load;
	struct epoll_event orders = { .events = EPOLLIN };
	double looked = 0;

	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load.epoll < 0 || epoll_ctl(load.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &orders) < 0) {
		perror("load: epoll");
		return 2;
	}
	srand48(1);
	for (size_t n = VISITS_MOST; n > 0; n--)
		load.free[load.free_count++] = n - 1;
	while (!load.quits) {
		wait_for_events(&load, begin_due(&load));
		if (now() > looked + 1) {
			looked = now();
			end_late(&load);
		}
		if (load.paused && !load.told && load.free_count == VISITS_MOST) {
			load.told = true;
			puts("Q");
		}
		fflush(stdout);
	}
	return 0;
}
