/* A superd-read that says nothing. */
#include <sched.h>
#include <sys/time.h>

#include "read/client/client.h"
#include "tests/unit/unit.h"

TestSuite(reader_client, .timeout = 120);

static int ends[2];

static bool start_nothing(void *context, int *channel, pid_t *pid, struct buf *why)
{
	const struct timeval limit = { .tv_usec = 10000 };

	(void)context, (void)pid, (void)why;
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	cr_assert_eq(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	*channel = ends[0];
	return true;
}

static void describe_end(void *context, struct buf *why)
{
	(void)context;
	buf_text(why, "it has ended");
}

static void ignore(int signal)
{
	(void)signal;
}

/* Interrupts whoever waits for it, and ends. */
static bool start_interrupting(void *context, int *channel, pid_t *pid, struct buf *why)
{
	const struct sigaction interrupted = { .sa_handler = ignore };
	const struct timeval limit = { .tv_sec = 100 };

	(void)context, (void)why;
	cr_assert_eq(sigaction(SIGUSR1, &interrupted, NULL), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	cr_assert_eq(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	*pid = fork();
	cr_assert_geq(*pid, 0);
	for (int n = 0; n < 10000 && *pid == 0; n++) {
		kill(getppid(), SIGUSR1);
		sched_yield();
	}
	if (*pid == 0)
		_exit(0);
	close(ends[1]);
	*channel = ends[0];
	return true;
}

Test(reader_client, one_that_is_waited_for_with_interruptions_is_heard)
{
	const struct read_request request = { .start = start_interrupting, .describe_end = describe_end };
	struct diags diags = { 0 };
	struct reading reading = { .table = table_new(), .diags = &diags, .request = &request };
	struct import imports[] = { { .source = "inetd:one", .path = "one", .waits = true } };

	cr_assert(reading.table);
	reading.imports = imports;
	reading.import_count = 1;
	ask_imports(&reading);
	cr_assert_eq(diags.errors, 1);
	cr_expect_str_eq(diags.list[0].message, "cannot read one: it has ended");
	while (wait(NULL) < 0 && errno == EINTR)
		;
	table_free(reading.table);
	diags_free(&diags);
}

/* Nobody reads the other end. */
Test(reader_client, one_that_says_nothing_is_given_up)
{
	const struct read_request request = { .start = start_nothing, .describe_end = describe_end };
	struct diags diags = { 0 };
	struct reading reading = { .table = table_new(), .diags = &diags, .request = &request };
	struct import imports[] = {
		{ .source = "inetd:one", .path = "one", .waits = true },
		{ .source = "inetd:two", .path = "two", .waits = true,
		  .from = { "superd.conf", 3, 1 } },
	};

	cr_assert(reading.table);
	reading.imports = imports;
	reading.import_count = 2;
	ask_imports(&reading);
	cr_assert_eq(diags.errors, 2);
	cr_expect_str_eq(diags.list[0].message, "cannot read one: superd-read does not answer");
	cr_expect_str_eq(diags.list[0].file, "one");
	cr_expect_str_eq(diags.list[1].message, "cannot read two: superd-read does not answer");
	cr_expect_str_eq(diags.list[1].file, "superd.conf");
	close(ends[1]);
	table_free(reading.table);
	diags_free(&diags);
}
