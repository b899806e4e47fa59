/* Clients of a super-server: opens connections, so many at once, reads each to its end, and says on one line of JSON
 * how long they took and how many were lost.
 *
 *   load [-a ADDRESS] [-c AT_ONCE | -d MS] [-t MS] [-b MS] [-e TEXT] [-s FILE] [-f] FIRST_PORT PORTS TOTAL
 *
 * Connections go to the ports of ADDRESS (127.0.0.1) from FIRST_PORT on in turn. A connection is lost when it is
 * refused, reset, ends without TEXT (hi) in its answer, or when for MS (5000) no connection has ended. After -b
 * MS no more are begun, and the total is what was begun by then. With -d there is one client at a time, and MS from
 * its end to the next one's begin. With -s each client sends the content of FILE once it is connected; with -f it
 * closes after the first bytes of its answer. The status is 0 when none was lost, 1 when some were, 2 when it could
 * not measure. It must be no part of what is measured: one process, one epoll, no allocation under way. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER 64                       /* bytes kept of an answer */
#define EVENTS 256
#define WORDS 4096                      /* bytes a client sends at most */

struct visit {
	int fd;                         /* -1: over */
	double since, first;            /* first: when the first byte came; 0: not yet */
	size_t length;
	char answer[ANSWER];
};

struct load {
	struct in_addr address;
	long first_port, ports, total, at_once;
	double patience;
	long distance;                  /* microseconds from the end of a client to the next */
	double begin_for;               /* seconds; 0: until all are begun */
	const char *expected;
	char words[WORDS];              /* what each client sends */
	size_t words_length;
	bool ends_first;                /* a client closes after the first bytes */
	int epoll;
	struct visit *visits;
	long begun, ended, answered;
	double since;                   /* when the first was begun */
	double last;                    /* when one ended */
	double *to_first, *to_end;      /* seconds, of those answered */
	const char *step;               /* where the first loss was, */
	int error;                      /* and its errno; 0: none */
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void lose(struct load *load, struct visit *visit, const char *step, int error)
{
	if (!load->step) {
		load->step = step;
		load->error = error;
	}
	if (visit->fd >= 0)
		close(visit->fd);
	visit->fd = -1;
	load->ended++;
	load->last = now();
}

/* Opens the next connection in this place. false: it is lost already. */
static bool begin(struct load *load, struct visit *visit)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = load->address };
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = visit };

	if (load->words_length)
		event.events |= EPOLLOUT;

	address.sin_port = htons((uint16_t)(load->first_port + load->begun % load->ports));
	load->begun++;
	visit->length = 0;
	visit->first = 0;
	visit->since = now();
	visit->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (visit->fd < 0) {
		lose(load, visit, "socket", errno);
		return false;
	}
	if (connect(visit->fd, (struct sockaddr *)&address, sizeof(address)) < 0 && errno != EINPROGRESS) {
		lose(load, visit, "connect", errno);
		return false;
	}
	if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, visit->fd, &event) < 0) {
		lose(load, visit, "epoll_ctl", errno);
		return false;
	}
	return true;
}

static void begin_next(struct load *load, struct visit *visit)
{
	if (load->begin_for > 0 && now() > load->since + load->begin_for)
		load->total = load->begun;
	do {
		if (load->distance && load->begun)
			usleep((useconds_t)load->distance);
	} while (load->begun < load->total && !begin(load, visit));
}

/* The other end has closed: was it an answer? */
static void end(struct load *load, struct visit *visit)
{
	if (!memmem(visit->answer, visit->length, load->expected, strlen(load->expected))) {
		lose(load, visit, "no answer", 0);
		return;
	}
	load->last = now();
	load->to_first[load->answered] = visit->first - visit->since;
	load->to_end[load->answered] = load->last - visit->since;
	load->answered++;
	load->ended++;
	close(visit->fd);
	visit->fd = -1;
}

/* Sends its words once it is connected. false: the visit is over. */
static bool speak(struct load *load, struct visit *visit)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = visit };

	if (send(visit->fd, load->words, load->words_length, MSG_NOSIGNAL) == (ssize_t)load->words_length &&
	    epoll_ctl(load->epoll, EPOLL_CTL_MOD, visit->fd, &event) == 0)
		return true;
	lose(load, visit, "send", errno);
	return false;
}

/* Reads what is there. true: the visit is over. */
static bool follow(struct load *load, struct visit *visit)
{
	char rest[4096];
	size_t room = sizeof(visit->answer) - visit->length;
	ssize_t got = read(visit->fd, room ? visit->answer + visit->length : rest, room ? room : sizeof(rest));

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got > 0) {
		if (visit->first == 0)
			visit->first = now();
		visit->length += room ? (size_t)got : 0;
		if (load->ends_first)
			end(load, visit);
		return load->ends_first;
	}
	if (got < 0)
		lose(load, visit, "read", errno);
	else
		end(load, visit);
	return true;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool run(struct load *load)
{
	load->since = load->last = now();
	for (long n = 0; n < load->at_once; n++)
		begin_next(load, &load->visits[n]);
	while (load->ended < load->total) {
		struct epoll_event events[EVENTS];
		int count = epoll_wait(load->epoll, events, EVENTS, 100);

		if (count < 0 && errno != EINTR)
			return false;
		if (count == 0 && now() > load->last + load->patience)
			break;          /* by its own clock alone: the machine may have stood still */
		for (int n = 0; n < count; n++) {
			struct visit *visit = events[n].data.ptr;

			if (events[n].events & EPOLLOUT && speak(load, visit))
				continue;
			if (visit->fd < 0 || follow(load, visit))
				begin_next(load, visit);
		}
	}
	if (load->ended < load->total && !load->step)
		load->step = "no end in time";
	return true;
}

static double at(const double *sorted, long count, double part)
{
	return count ? sorted[(long)((double)(count - 1) * part)] * 1e6 : 0;
}

static void say_times(const char *name, double *times, long count)
{
	qsort(times, (size_t)count, sizeof(*times), compare);
	printf("\"%s_p50\": %.1f, \"%s_p90\": %.1f, ", name, at(times, count, .5), name, at(times, count, .9));
	printf("\"%s_p99\": %.1f, \"%s_max\": %.1f, ", name, at(times, count, .99), name, at(times, count, 1));
}

static void say(struct load *load, double seconds)
{
	long count = load->answered;

	printf("{\"total\": %ld, \"answered\": %ld, \"lost\": %ld, ", load->total, count, load->total - count);
	printf("\"seconds\": %.6f, \"rate\": %.1f, ", seconds, (double)count / seconds);
	say_times("first", load->to_first, count);
	say_times("end", load->to_end, count);
	printf("\"loss\": \"%s%s%s\"}\n", load->step ? load->step : "", load->error ? ": " : "",
	       load->error ? strerror(load->error) : "");
}

static long number(const char *text, long least, long most)
{
	char *rest;
	long value;

	errno = 0;
	value = strtol(text, &rest, 10);
	if (errno || rest == text || *rest || value < least || value > most) {
		fprintf(stderr, "load: %s: a number from %ld to %ld is wanted\n", text, least, most);
		exit(2);
	}
	return value;
}

static void read_words(struct load *load, const char *path)
{
	FILE *file = fopen(path, "r");

	load->words_length = file ? fread(load->words, 1, sizeof(load->words), file) : 0;
	if (!load->words_length) {
		fprintf(stderr, "load: %s: nothing to send\n", path);
		exit(2);
	}
	fclose(file);
}

static void read_arguments(struct load *load, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "a:c:d:t:b:e:s:f")) > 0) {
		switch (option) {
		case 'a':
			if (inet_pton(AF_INET, optarg, &load->address) != 1) {
				fprintf(stderr, "load: %s: an IPv4 address is wanted\n", optarg);
				exit(2);
			}
			break;
		case 'c':
			load->at_once = number(optarg, 1, 10000);
			break;
		case 'd':
			load->distance = number(optarg, 1, 999) * 1000;
			break;
		case 't':
			load->patience = (double)number(optarg, 1, 3600000) / 1e3;
			break;
		case 'b':
			load->begin_for = (double)number(optarg, 1, 3600000) / 1e3;
			break;
		case 'e':
			load->expected = optarg;
			break;
		case 's':
			read_words(load, optarg);
			break;
		case 'f':
			load->ends_first = true;
			break;
		default:
			exit(2);
		}
	}
	if (argc - optind != 3 || (load->distance && load->at_once > 1)) {
		fputs("usage: load [-a ADDRESS] [-c AT_ONCE | -d MS] [-t MS] [-b MS] [-e TEXT] [-s FILE] [-f] "
		      "FIRST_PORT PORTS TOTAL\n", stderr);
		exit(2);
	}
	load->first_port = number(argv[optind], 1, 65535);
	load->ports = number(argv[optind + 1], 1, 65536 - load->first_port);
	load->total = number(argv[optind + 2], 1, 10000000);
}

int main(int argc, char **argv)
{
	struct load load = { .at_once = 1, .patience = 5, .expected = "hi", .address.s_addr = htonl(INADDR_LOOPBACK) };

	read_arguments(&load, argc, argv);
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	load.visits = calloc((size_t)load.at_once, sizeof(*load.visits));
	load.to_first = calloc((size_t)load.total, sizeof(double));
	load.to_end = calloc((size_t)load.total, sizeof(double));
	if (load.epoll < 0 || !load.visits || !load.to_first || !load.to_end) {
		perror("load: cannot begin");
		return 2;
	}
	if (!run(&load)) {
		perror("load: epoll_wait");
		return 2;
	}
	say(&load, now() - load.since);
	return load.answered < load.total;
}
