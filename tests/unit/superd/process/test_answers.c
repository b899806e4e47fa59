/* Worker processes that were taken over: superd uses nothing of an answer that they cannot have found, and ends
 * them. */
#include "lib/fd_message.h"
#include "superd/process/bind_worker.h"
#include "superd/stop/client_look.h"
#include "superd/stop/reclaim.h"
#include "superd/stop/freeze_fds.h"
#include "superd/process/receive_async.h"
#include "superd/process/restore_async.h"
#include "tests/unit/unit.h"

static struct worker_process worker = { .pid = -1 };
static int its_end;

static void set_up(void)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	worker.channel = ends[0];
	its_end = ends[1];
}

TestSuite(answers, .init = set_up);

static void answer(const void *bytes, size_t size)
{
	cr_assert_eq(send(its_end, bytes, size, 0), (ssize_t)size);
}

static void expect_fault(const char *process, const char *flaw)
{
	struct answer_fault fault;

	cr_assert(answer_take_fault(&fault), "nothing of %s is noted", process);
	cr_expect_str_eq(fault.process, process);
	cr_expect_str_eq(fault.flaw, flaw);
}

/* ---- superd-count ---- */

static struct client_count_answer count(const struct client_count_answer *told)
{
	struct client_count_answer heard;
	int own = dup(worker.channel);
	struct worker_process again = worker;

	answer(told, sizeof(*told));
	client_count_hear(&worker, &heard);
	worker = again;
	worker.channel = own;
	return heard;
}

static struct client_count_answer count_own(const struct conn_count *own)
{
	struct client_count_answer told = { .known = true, .own_count = 1 };

	told.own[0] = *own;
	return count(&told);
}

Test(answers, own_ports_have_a_kind_and_a_length)
{
	struct conn_count own = { .kind = CONN_TCP, .family = AF_INET, .port = 80, .count = 3 };

	cr_expect(count_own(&own).known);
	own.kind = 200;                 /* a shift by so much, and an index of a table */
	cr_expect_not(count_own(&own).known);
	expect_fault("superd-count", "own");
	own = (struct conn_count){ .kind = CONN_TCP, .family = AF_UNIX };
	cr_expect_not(count_own(&own).known);
	own = (struct conn_count){ .kind = CONN_UNIX, .length = sizeof(own.name) + 1 };
	cr_expect_not(count_own(&own).known);
	own.length = 0;
	cr_expect_not(count_own(&own).known);
}

Test(answers, own_ports_bring_no_pointers_of_their_own)
{
	static struct cookie_set set;
	struct conn_count own = { .kind = CONN_TCP, .family = AF_INET6, .cookies = &set, .only_known = true,
				  .probes = (const struct access *)&set };
	struct client_count_answer heard = count_own(&own);

	cr_assert(heard.known);
	cr_expect_null(heard.own[0].cookies);
	cr_expect_null(heard.own[0].probes);
	cr_expect_not(heard.own[0].only_known);
	cr_expect(heard.own[0].is_wildcard);
}

Test(answers, there_are_no_more_own_ports_than_there_is_room_for)
{
	cr_expect_not(count(&(struct client_count_answer){ .known = true, .own_count = OWN_PORTS_MOST + 1 }).known);
	expect_fault("superd-count", "own_count");
}

/* ---- superd-receive ---- */

static size_t count_open(void)
{
	size_t count = 0;

	for (int n = 0; n < 1024; n++)
		count += fcntl(n, F_GETFD) >= 0;
	return count;
}

Test(answers, descriptors_of_a_short_answer_are_the_callers)
{
	int pair[2], given[2] = { dup(0), dup(0) };
	struct received received;
	size_t before;

	cr_assert_eq(pipe(pair), 0);
	before = count_open();
	cr_assert(fd_message_send(its_end, "short", 5, given, 2, 0));
	cr_expect_eq(receive_async_hear(&worker, &received), RECEIVE_FAILED);
	expect_fault("superd-receive", "length");
	cr_assert_eq(received.count, 2);
	close(received.fds[0]);
	close(received.fds[1]);
	cr_expect_eq(count_open(), before);
}

/* superd would poll it in the store. */
Test(answers, descriptors_of_a_file_are_not_taken)
{
	struct { pid_t process; unsigned refused; char kind[RECEIVED_KIND]; } told = { -1, 0, "" };
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct received received;

	cr_assert(fd_message_send(its_end, &told, sizeof(told), &its_end, 1, 0));
	cr_expect_eq(receive_async_hear(&worker, &received), RECEIVE_DONE);
	close(received.fds[0]);
	cr_assert(fd_message_send(its_end, &told, sizeof(told), &file, 1, 0));
	cr_expect_eq(receive_async_hear(&worker, &received), RECEIVE_FAILED);
	expect_fault("superd-receive", "descriptors");
	cr_assert_eq(received.count, 1);
	close(received.fds[0]);
}

Test(answers, no_more_was_refused_than_can_have_come)
{
	struct { pid_t process; unsigned refused; char kind[RECEIVED_KIND]; } told = { -1, RECEIVED_MOST, "a file" };
	struct received received;

	answer(&told, sizeof(told));
	cr_assert_eq(receive_async_hear(&worker, &received), RECEIVE_DONE);
	cr_expect_str_eq(received.kind, "a file");
	told.refused = UINT32_MAX;      /* the socket would rest for weeks */
	answer(&told, sizeof(told));
	cr_expect_eq(receive_async_hear(&worker, &received), RECEIVE_FAILED);
	expect_fault("superd-receive", "refused");
	told.refused = 1;
	memset(told.kind, 'a', sizeof(told.kind));
	answer(&told, sizeof(told));
	cr_expect_eq(receive_async_hear(&worker, &received), RECEIVE_FAILED);
	expect_fault("superd-receive", "kind");
}

/* ---- the others ---- */

Test(answers, a_restore_is_answered_where_one_was_asked_for)
{
	struct restore_answer told = { EPERM, "bind_to_device: no" }, heard;
	size_t before;
	int client;

	answer(&told, sizeof(told));
	cr_assert(restore_async_hear(&worker, true, &heard, &client));
	cr_expect_eq(heard.error, EPERM);
	cr_expect_eq(client, -1);
	cr_expect_str_eq(heard.lines, "bind_to_device: no");
	answer(&told, sizeof(told));
	cr_expect_not(restore_async_hear(&worker, false, &heard, &client));
	cr_expect_eq(errno, EPIPE);
	expect_fault("superd-restore", "unasked");
	memset(told.lines, 'a', sizeof(told.lines));
	answer(&told, sizeof(told));
	cr_expect_not(restore_async_hear(&worker, true, &heard, &client));
	expect_fault("superd-restore", "lines");
	told = (struct restore_answer){ .error = -1 };
	answer(&told, sizeof(told));
	cr_expect_not(restore_async_hear(&worker, true, &heard, &client));
	expect_fault("superd-restore", "error");
	before = count_open();
	cr_assert(fd_message_send(its_end, &told, sizeof(told), &its_end, 1, 0));
	cr_expect_not(restore_async_hear(&worker, true, &heard, &client));
	expect_fault("superd-restore", "error");
	cr_expect_eq(count_open(), before, "what comes with it is closed");
	told.error = 0;
	cr_assert(fd_message_send(its_end, &told, sizeof(told), &its_end, 1, 0));
	cr_expect(restore_async_hear(&worker, true, &heard, &client));
	cr_expect_eq(close(client), 0);
}

Test(answers, flags_of_watched_sockets_are_flags)
{
	struct socket_watch_result told = { .missed = 3 }, heard;

	answer(&told, sizeof(told));
	cr_assert_eq(socket_watch_hear(&worker, &heard), SOCKET_WATCHING_DONE);
	memset(&told.forbidden, 0x41, 1);
	answer(&told, sizeof(told));
	cr_expect_eq(socket_watch_hear(&worker, &heard), SOCKET_WATCHING_FAILED);
	expect_fault("superd-copy", "forbidden");
}

Test(answers, progress_without_end_does_not_keep_superd)
{
	static const unsigned char progress = 0xff;
	int error;

	while (send(its_end, &progress, 1, MSG_DONTWAIT) == 1)
		;
	cr_expect_not(memory_reclaim_hear(&worker, &error));
	cr_expect_eq(recv(worker.channel, &error, 1, MSG_DONTWAIT), 1, "all was read at once");
	answer("two", 3);
}

Test(answers, texts_of_a_bind_end)
{
	struct bind_worker bind = { .process = worker };
	struct bind_report told = { .event = BIND_OTHER, .text = "tcp:1.2.3.4:80" }, heard;

	answer(&told, sizeof(told));
	cr_assert(bind_worker_hear(&bind, &heard));
	memset(told.text, 'A', sizeof(told.text));
	answer(&told, sizeof(told));
	cr_expect_not(bind_worker_hear(&bind, &heard));
	cr_expect_eq(errno, EPIPE);
	expect_fault("superd-bind", "text");
	told = (struct bind_report){ .event = (enum bind_event)77 };
	answer(&told, sizeof(told));
	cr_expect_not(bind_worker_hear(&bind, &heard));
	expect_fault("superd-bind", "event");
}
