/* Connections are counted later, once, and for nobody who does not want to know any more. */
#include <netinet/in.h>

#include "lib/clock.h"
#include "superd/stop/conn_query.h"
#include "superd/service/runtime_event.h"
#include "scarce.h"
#include "tests/unit/unit.h"

static struct engine engine;
static struct table table = { .users = 1 };
static struct exec_options options;
static const struct service service = { .name = "web", .exec = &options };
static struct service_runtime runtime = { .engine = &engine, .table = &table, .service = &service };
static struct conn_query query;
static struct sockaddr_in address;
static int listener;
static unsigned answers;

static double now, step;                /* seconds; each reading of the clock is a step on, where there is one */

double __real_clock_thread_cpu(void);
double __wrap_clock_thread_cpu(void);

double __wrap_clock_thread_cpu(void)
{
	return step > 0 ? (now += step) : __real_clock_thread_cpu();
}

static void on_counted(struct conn_query *counted)
{
	cr_assert_eq(counted, &query);
	answers++;
}

static void set_up(void)
{
	socklen_t length = sizeof(address);

	engine.loop = ev_loop_new(0);
	address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, length), 0);
	cr_assert_eq(listen(listener, 16), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	cr_assert(conn_query_init(&query, &runtime, 2, ASK_ALL, on_counted));
}

static void tear_down(void)
{
	conn_query_free(&query);
	conn_query_free(&query);
	cr_assert_eq(table.users, 1u);
	conn_queries_end(&engine);
	ev_loop_destroy(engine.loop);
	close(listener);
}

TestSuite(conn_query, .init = set_up, .fini = tear_down, .timeout = 120);

static int come(void)
{
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	return client;
}

static void start(void)
{
	unsigned before = answers;

	cr_assert(conn_query_start(&query));
	cr_assert(conn_query_is_open(&query));
	cr_assert_eq(answers, before);
}

static void wait_for_answer(void)
{
	unsigned before = answers;

	while (answers == before)
		ev_run(engine.loop, EVRUN_ONCE);
}

static void ask(void)
{
	start();
	wait_for_answer();
	cr_assert(!conn_query_is_open(&query));
}

Test(conn_query, counts_those_who_are_connected)
{
	int first = come(), second = come();

	cr_assert(conn_query_add(&query, listener));
	ask();
	cr_assert(conn_query_is_complete(&query));
	cr_assert_eq(conn_query_sum(&query), 2u);
	close(first);
	close(second);
}

Test(conn_query, takes_only_sockets_of_the_kinds_that_are_wanted)
{
	int other = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	query.asks = ASK_WAKER;
	cr_assert(!conn_query_add(&query, other));
	cr_assert_eq(query.count, 0u);
	query.asks = ASK_ALL;
	cr_assert(conn_query_add(&query, other));
	cr_assert_eq(query.count, 1u);
	close(other);
}

Test(conn_query, counts_its_failures_until_it_is_cancelled)
{
	cr_assert(conn_query_add(&query, -1));
	ask();
	ask();
	cr_assert(!conn_query_is_complete(&query));
	cr_assert_eq(query.failures, 2u);
	conn_query_cancel(&query);
	cr_assert_eq(query.failures, 0u);
}

Test(conn_query, seeks_those_it_has_noted_and_nobody_else)
{
	int first = come(), second;

	cr_assert(conn_query_add(&query, listener));
	ask();
	cr_assert_eq(query.cookies.count, 1u);
	second = come();
	query.asks = ASK_LEFT;
	close(accept(listener, NULL, NULL));
	close(first);
	ask();
	cr_assert_eq(conn_query_sum(&query), 0u);
	close(second);
}

/* A state that is saved in the meantime must name them. A thread counts where the kernel is slow. */
Test(conn_query, has_those_it_follows_while_they_are_counted)
{
	int client = come();
	bool under_way = false;

	step = 1.;
	cr_assert(conn_query_add(&query, listener));
	ask();
	query.asks = ASK_LEFT;
	for (int n = 0; n < 100 && !under_way; n++) {
		start();
		while (conn_query_is_open(&query)) {
			under_way |= query.place != NULL;
			cr_assert_eq(conn_query_followed(&query)->count, 1u);
			ev_run(engine.loop, EVRUN_ONCE);
		}
	}
	cr_assert(under_way);
	close(client);
}

static void on_other_counted(struct conn_query *other)
{
	(void)other;
	answers++;
}

/* Another query is answered by the same question, or by a later one. */
static void expect_no_answer(void)
{
	unsigned before = answers;
	struct conn_query other;

	cr_assert(conn_query_init(&other, &runtime, runtime.listener_count, ASK_ALL, on_other_counted));
	cr_assert(conn_query_start(&other));
	wait_for_answer();
	conn_query_free(&other);
	cr_assert_eq(answers, before + 1);
}

Test(conn_query, is_not_answered_once_cancelled)
{
	conn_query_add(&query, listener);
	start();
	conn_query_cancel(&query);
	expect_no_answer();
}

/* For the first question a thread waits, as the kernel was never seen to be quick. */
Test(conn_query, is_not_answered_if_freed_while_the_kernel_is_asked)
{
	conn_query_add(&query, listener);
	start();
	ev_run(engine.loop, EVRUN_ONCE);
	if (conn_query_is_open(&query))
		cr_assert(list_empty(&query.link), "it still waits for its turn");
	else
		cr_skip_test("the kernel has answered already");
	conn_query_free(&query);
	expect_no_answer();
}

static void on_counted_ask_anew(struct conn_query *counted)
{
	if (++answers % 2)
		conn_query_start(counted);
}

Test(conn_query, may_be_started_anew_by_its_own_answer)
{
	query.counted = on_counted_ask_anew;
	conn_query_add(&query, listener);
	start();
	wait_for_answer();
	cr_assert(conn_query_is_open(&query));
	wait_for_answer();
	cr_assert(!conn_query_is_open(&query));
}

Test(conn_query, knows_nothing_without_memory_and_comes_again)
{
	query.counted = on_counted_ask_anew;
	conn_query_add(&query, listener);
	start();
	scarce.all = true;
	wait_for_answer();
	scarce.all = false;
	cr_assert_eq(answers, 1u);
	cr_assert_eq(query.failures, 1u);
	wait_for_answer();
	cr_assert(conn_query_is_complete(&query));
	cr_assert_eq(query.failures, 0u);
}

/* It is quick if the last one was, by a clock that goes so far while the kernel answers. */
Test(conn_query, answers_at_once_only_when_that_is_quick)
{
	int client = come();

	now = clock_thread_cpu();
	conn_query_add(&query, listener);
	cr_expect(!conn_query_now(&query), "nothing is known yet");
	step = 0.01;
	ask();
	cr_expect(!conn_query_now(&query), "the last one took 10 ms");
	step = 1e-5;
	ask();
	cr_assert(conn_query_now(&query));
	cr_assert_eq(conn_query_sum(&query), 1u);
	close(client);
}
