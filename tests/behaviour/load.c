/* The load: threads that connect, ask, read to the end and count. The hard thing is to tell apart what went wrong,
 * so no error is retried and none is lumped together with another; only running out of our own ports would be our
 * own fault. */
#include "load.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <sys/un.h>

#include "harness.h"

enum { PATIENCE_SECONDS = 120 };

struct load {
	struct load_plan plan;
	pthread_t threads[LOAD_THREADS_MOST];
	struct tally tallies[LOAD_THREADS_MOST];
	atomic_size_t begun, finished;
	atomic_bool stop;
};

struct worker {
	struct load *load;
	unsigned number;
};

static int connect_to(int fd, const struct load_plan *plan)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)plan->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)plan->port),
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (plan->path) {
		snprintf(un.sun_path, sizeof(un.sun_path), "%s", plan->path);
		return connect(fd, (struct sockaddr *)&un, sizeof(un));
	}
	if (plan->by_ipv6)
		return connect(fd, (struct sockaddr *)&in6, sizeof(in6));
	return connect(fd, (struct sockaddr *)&in, sizeof(in));
}

static int open_connection(const struct load_plan *plan)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	int family = plan->path ? AF_UNIX : plan->by_ipv6 ? AF_INET6 : AF_INET;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), refusal;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect_to(fd, plan) == 0)
		return fd;
	refusal = errno;
	close(fd);
	errno = refusal;
	return -1;
}

/* Reads to the end; the length of the answer, or -1 and errno. */
static ssize_t read_answer(int fd, char *answer, size_t size)
{
	size_t length = 0;

	while (length < size - 1) {
		ssize_t got = recv(fd, answer + length, size - 1 - length, 0);

		/* With a timeout it ends so as well where the test was stopped and goes on, signal(7). */
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	answer[length] = '\0';
	return (ssize_t)length;
}

static size_t ask_line(char *request, size_t serial, unsigned client)
{
	return (size_t)snprintf(request, LOAD_REQUEST_MOST, "request %zu of client %u\n", serial, client);
}

/* The answer is "PID REQUEST" and a newline. */
static bool answers_line(const char *answer, size_t length, const char *request)
{
	const char *space = strchr(answer, ' ');

	(void)length;
	return space && strcmp(space + 1, request) == 0;
}

static const struct dialogue lines = { ask_line, answers_line };

static void ask_once(const struct load_plan *plan, size_t serial, unsigned client, struct tally *tally)
{
	const struct dialogue *dialogue = plan->dialogue ? plan->dialogue : &lines;
	char request[LOAD_REQUEST_MOST + 1] = "", answer[LOAD_ANSWER_MOST];
	size_t asked = dialogue->ask(request, serial, client);
	int fd = open_connection(plan);
	ssize_t length = -1;

	if (fd < 0) {
		tally->refusal = errno;
		tally->refused++;
		return;
	}
	if (send(fd, request, asked, MSG_NOSIGNAL) == (ssize_t)asked)
		length = read_answer(fd, answer, sizeof(answer));
	if (length < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		tally->reset++;
	else if (length <= 0)
		tally->unanswered++;
	else if (dialogue->answers(answer, (size_t)length, request))
		tally->served++;
	else
		tally->wrong++;
	close(fd);
}

static void *work(void *context)
{
	struct worker *worker = context;
	struct load *load = worker->load;
	struct tally *tally = &load->tallies[worker->number];

	while (!atomic_load(&load->stop)) {
		size_t serial = atomic_fetch_add(&load->begun, 1);

		if (load->plan.connections && serial >= load->plan.connections)
			break;
		ask_once(&load->plan, serial, worker->number, tally);
		atomic_fetch_add(&load->finished, 1);
	}
	free(worker);
	return NULL;
}

struct load *load_start(const struct load_plan *plan)
{
	struct load *load = calloc(1, sizeof(*load));

	cr_assert(load && plan->threads > 0 && plan->threads <= LOAD_THREADS_MOST);
	load->plan = *plan;
	for (unsigned i = 0; i < plan->threads; i++) {
		struct worker *worker = malloc(sizeof(*worker));

		cr_assert_not_null(worker);
		*worker = (struct worker){ .load = load, .number = i };
		cr_assert_eq(pthread_create(&load->threads[i], NULL, work, worker), 0);
	}
	return load;
}

size_t load_progress(const struct load *load)
{
	return atomic_load(&load->finished);
}

struct tally load_wait(struct load *load)
{
	struct tally sum = { 0 };

	for (unsigned i = 0; i < load->plan.threads; i++) {
		const struct tally *one = &load->tallies[i];

		pthread_join(load->threads[i], NULL);
		sum.served += one->served;
		sum.refused += one->refused;
		sum.refusal = one->refusal ? one->refusal : sum.refusal;
		sum.reset += one->reset;
		sum.unanswered += one->unanswered;
		sum.wrong += one->wrong;
	}
	free(load);
	return sum;
}

struct tally load_stop(struct load *load)
{
	atomic_store(&load->stop, true);
	return load_wait(load);
}

void tally_expect_all_served(const struct tally *tally)
{
	cr_assert(tally->refused + tally->reset + tally->unanswered + tally->wrong == 0,
		  "%zu served, %zu refused (%s), %zu reset, %zu unanswered, %zu answered wrongly\n%s",
		  tally->served, tally->refused, strerror(tally->refusal), tally->reset, tally->unanswered,
		  tally->wrong, world_logs());
	cr_assert_gt(tally->served, 0);
}
