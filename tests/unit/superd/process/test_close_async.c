/* Closing what may hang: nobody waits for it, and what hangs keeps nobody else's from being closed. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "superd/start/worker_process.h"
#include "superd/process/close_async.h"
#include "tests/unit/hang.h"
#include "tests/unit/own_clock.h"
#include "tests/unit/unit.h"
#include "worker/record/request.h"

#define OWNER 7
#define ANOTHER 8

static unsigned hung, returned, owner_of_last;

static void on_hangs(void *context, unsigned owner, unsigned count)
{
	(void)context, (void)count;
	owner_of_last = owner;
	hung++;
}

/* What the loop does. */
static void look(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		spawn_reaped(pid);
	close_async_look(on_hangs, NULL);
	returned += hung && !close_async_hanging(OWNER);
}

static void give(int fd, unsigned owner)
{
	int given = fd;

	cr_assert(close_async(&given, owner));
	cr_expect_eq(given, -1);
	cr_expect_lt(fcntl(fd, F_GETFD), 0);
	cr_expect_eq(errno, EBADF);
}

/* By its other end. */
static void expect_closed(int other)
{
	struct pollfd end = { .fd = other, .events = POLLIN };

	for (int tries = 0; poll(&end, 1, 50) <= 0; tries++) {
		cr_assert_lt(tries, HANG_MS / 50, "it was never closed");
		look();
	}
	cr_expect(end.revents & POLLHUP);
}

static void expect_none_pending(void)
{
	for (int tries = 0; close_async_pending(OWNER) || close_async_is_busy(); tries++) {
		cr_assert_lt(tries, HANG_MS, "%u are pending for ever", close_async_pending(OWNER));
		poll(NULL, 0, 1);
		look();
	}
}

Test(close_async, no_descriptor_is_none)
{
	int none = -1;

	cr_expect(close_async(&none, OWNER));
	cr_expect_eq(none, -1);
	cr_expect_not(close_async_is_busy());
}

Test(close_async, what_is_given_is_gone_here_and_closed_by_and_by)
{
	int ends[100][2];

	for (int n = 0; n < 100; n++)
		cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends[n]), 0);
	for (int n = 0; n < 100; n++)
		give(ends[n][0], OWNER);
	for (int n = 0; n < 100; n++)
		expect_closed(ends[n][1]);
	for (int tries = 0; close_async_is_busy(); tries++) {
		cr_assert_lt(tries, HANG_MS, "it has never done");
		poll(NULL, 0, 1);
		look();
	}
	cr_expect_eq(hung, 0);
}

/* Also by way of what is kept. */
static void close_and_count(void)
{
	int ends[2], none = -1;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	give(ends[0], OWNER);
	cr_expect(close_async(&none, OWNER));
	expect_closed(ends[1]);
	close(ends[1]);
	expect_none_pending();
	look();
	cr_expect_eq(close_async_pending(OWNER), 0);
}

Test(close_async, what_is_closed_is_pending_no_longer)
{
	for (int n = 0; n < 3; n++)
		close_and_count();
}

static bool has_closer(void)
{
	FILE *children = fopen("/proc/thread-self/children", "re");
	bool has_one;

	cr_assert_not_null(children);
	has_one = fgetc(children) != EOF;
	fclose(children);
	return has_one;
}

Test(close_async, what_is_closed_is_pending_no_longer_through_closers_that_come_and_go)
{
	for (int n = 0; n < 2; n++) {
		close_and_count();
		for (int tries = 0; has_closer(); tries++) {
			cr_assert_lt(tries, HANG_MS, "the closer stays for ever");
			poll(NULL, 0, 1);
			look();
		}
		cr_expect_eq(close_async_pending(OWNER), 0);
	}
}

Test(close_async, more_than_the_queue_holds_is_closed_as_well)
{
	struct rlimit many;
	enum { COUNT = 600 };
	static int ends[COUNT][2];

	getrlimit(RLIMIT_NOFILE, &many);
	many.rlim_cur = many.rlim_max < 4096 ? many.rlim_max : 4096;
	setrlimit(RLIMIT_NOFILE, &many);
	for (int n = 0; n < COUNT; n++)
		cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends[n]), 0);
	for (int n = 0; n < COUNT; n++) {
		cr_assert(close_async(&ends[n][0], OWNER));
		cr_expect_eq(ends[n][0], -1);
	}
	for (int n = 0; n < COUNT; n++)
		expect_closed(ends[n][1]);
}

/* The kernel would have us wait until all is sent, which is never. */
static int make_lingering(int *receiver, int seconds)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct linger linger = { .l_onoff = 1, .l_linger = seconds };
	int listener = socket(AF_INET, SOCK_STREAM, 0), sender = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(address);
	static char much[1 << 16];

	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	cr_assert_eq(connect(sender, (struct sockaddr *)&address, sizeof(address)), 0);
	*receiver = accept(listener, NULL, NULL);
	cr_assert_geq(*receiver, 0);
	fcntl(*receiver, F_SETFD, FD_CLOEXEC);
	while (send(sender, much, sizeof(much), MSG_DONTWAIT) > 0)
		;
	cr_assert_eq(setsockopt(sender, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	close(listener);
	return sender;
}

/* The TCP sockets that this process has. */
static int count_own_sockets(void)
{
	int count = 0;

	for (int fd = 3; fd < 2000; fd++) {
		int protocol;
		socklen_t size = sizeof(protocol);

		count += getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 && protocol == IPPROTO_TCP;
	}
	return count;
}

static void wait_for(const unsigned *count, unsigned least)
{
	for (int tries = 0; *count < least; tries++) {
		cr_assert_lt(tries, HANG_MS, "it has not come to that");
		own_clock_advance(.05);
		poll(NULL, 0, 1);
		look();
	}
}

Test(close_async, what_hangs_is_told_of_and_holds_nobody_up)
{
	int receiver, ends[2];

	give(make_lingering(&receiver, 1000), OWNER);
	wait_for(&hung, 1);
	cr_expect_eq(owner_of_last, OWNER);
	cr_expect_eq(close_async_hanging(OWNER), 1);
	cr_expect_eq(close_async_hanging(ANOTHER), 0);
	cr_expect_eq(close_async_pending(OWNER), 1);
	cr_expect_eq(close_async_pending(ANOTHER), 0);
	cr_expect(close_async_is_busy());
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	give(ends[0], ANOTHER);
	expect_closed(ends[1]);
	close(receiver);                /* a reset, which ends the wait */
	wait_for(&returned, 1);
	cr_expect_eq(close_async_hanging(OWNER), 0);
	expect_none_pending();          /* what is closed is counted a moment later */
	cr_expect_eq(close_async_pending(ANOTHER), 0);
}

Test(close_async, of_an_owner_with_too_many_the_rest_waits_until_one_is_back)
{
	int receivers[CLOSE_HANGING_MOST], ends[2], others[2];
	struct pollfd end = { .events = POLLIN };

	for (unsigned n = 0; n < CLOSE_HANGING_MOST; n++) {
		give(make_lingering(&receivers[n], 1000), OWNER);
		wait_for(&hung, n + 1);
	}
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, others), 0);
	give(ends[0], OWNER);
	give(others[0], ANOTHER);
	expect_closed(others[1]);
	cr_expect_eq(close_async_pending(OWNER), CLOSE_HANGING_MOST + 1);
	end.fd = ends[1];
	cr_expect_eq(poll(&end, 1, 0), 0, "that of the first is kept");
	for (int n = 0; n < CLOSE_HANGING_MOST; n++)
		close(receivers[n]);
	expect_closed(ends[1]);
}

/* superd does not look meanwhile, so that none of them counts as hanging. */
Test(close_async, slow_closings_of_one_owner_delay_nobody_else)
{
	enum { SLOW = 30 };
	int receivers[SLOW], ends[2];
	struct pollfd end = { .events = POLLIN };

	for (int n = 0; n < SLOW; n++)
		give(make_lingering(&receivers[n], 1000), OWNER);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	give(ends[0], ANOTHER);
	end.fd = ends[1];
	cr_assert_eq(poll(&end, 1, HANG_MS), 1, "it was never closed");
	cr_expect_eq(close_async_pending(OWNER), SLOW);
}

/* What there is no room for would be dropped where it is received, and hang there. */
Test(close_async, what_one_closer_has_no_room_for_goes_to_others)
{
	enum { MANY = 400 };
	struct rlimit few = { 128, 128 };
	int receivers[CLOSE_HANGING_MOST], ends[2], others[2];
	struct pollfd end = { .events = POLLIN };

	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (unsigned n = 0; n < CLOSE_HANGING_MOST; n++)
		give(make_lingering(&receivers[n], 1000), OWNER);
	wait_for(&hung, 1);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, others), 0);
	for (int n = 0; n < MANY; n++) {
		int same = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);

		for (int tries = 0; same < 0; tries++) {
			cr_assert_lt(tries, HANG_MS / 5, "the rest is kept for ever");
			poll(NULL, 0, 5);
			look();
			same = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
		}
		cr_assert(close_async(&same, OWNER));
	}
	cr_assert(close_async(&ends[0], OWNER));
	cr_assert(close_async(&others[0], ANOTHER));
	expect_closed(others[1]);
	end.fd = ends[1];
	cr_expect_eq(poll(&end, 1, 0), 0, "of the first some are open");
	for (int n = 0; n < CLOSE_HANGING_MOST; n++)
		close(receivers[n]);
	expect_closed(ends[1]);
}

/* More of them than one might have thought of, and somebody else's all the same. */
Test(close_async, many_owners_that_hang_hold_nobody_up)
{
	enum { MANY = 50 };
	int receivers[MANY], ends[2];

	for (unsigned n = 0; n < MANY; n++)
		give(make_lingering(&receivers[n], 1000), 100 + n);
	wait_for(&hung, MANY);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	give(ends[0], ANOTHER);
	expect_closed(ends[1]);
	for (int n = 0; n < MANY; n++)
		close(receivers[n]);
}

/* What superd still had when it becomes another program, that program's start would close. */
Test(close_async, nothing_is_left_with_superd_when_it_leaves)
{
	enum { BEHIND = 400, HANGING = 30 };
	int receivers[1 + HANGING];

	give(make_lingering(&receivers[0], 1000), OWNER);
	for (int n = 0; n < BEHIND; n++) {
		int behind = fcntl(0, F_DUPFD_CLOEXEC, 100);

		cr_assert(close_async(&behind, OWNER));
	}
	wait_for(&hung, 1);
	for (int n = 1; n <= HANGING; n++) {
		int sender = make_lingering(&receivers[n], 1000);

		cr_assert(close_async(&sender, OWNER));
	}
	cr_expect_gt(count_own_sockets(), 1 + HANGING, "superd keeps none");
	close_async_leave();
	cr_expect_eq(count_own_sockets(), 1 + HANGING, "the receivers' alone, and not %d", count_own_sockets());
	for (int n = 0; n <= HANGING; n++)
		close(receivers[n]);
}

static pid_t closer_process(void)
{
	FILE *children = fopen("/proc/thread-self/children", "re");
	int pid = 0;

	cr_assert_not_null(children);
	cr_assert_eq(fscanf(children, "%d", &pid), 1);
	fclose(children);
	return pid;
}

/* Gives one after the other, and waits for what superd counts of it. */
static void expect_right_counts(void)
{
	for (int n = 0; n < 3; n++) {
		int ends[2];

		cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
		give(ends[0], OWNER);
		cr_expect_leq(close_async_pending(OWNER), 2);
		expect_closed(ends[1]);
		close(ends[1]);
		expect_none_pending();
	}
}

/* The first closer; it stands still. */
static pid_t stop_closer(void)
{
	pid_t closer = closer_process();

	kill(closer, SIGSTOP);
	cr_assert_eq(waitpid(closer, NULL, WUNTRACED), closer);
	return closer;
}

Test(close_async, what_one_that_was_killed_had_in_its_queue_is_closed)
{
	int ends[5][2];
	pid_t first;

	give(fcntl(0, F_DUPFD_CLOEXEC, 100), OWNER);
	first = stop_closer();
	for (int n = 0; n < 5; n++) {
		cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends[n]), 0);
		give(ends[n][0], OWNER);
	}
	cr_expect_geq(close_async_pending(OWNER), 5);
	kill(first, SIGKILL);
	for (int n = 0; n < 5; n++)
		expect_closed(ends[n][1]);
	expect_none_pending();
	expect_right_counts();
}

/* Else superd would drop the last reference. */
Test(close_async, what_an_ended_one_cannot_take_stays_open_until_another_has_it)
{
	int ends[2], given;
	siginfo_t end;
	pid_t closer;

	give(fcntl(0, F_DUPFD_CLOEXEC, 100), OWNER);
	closer = stop_closer();
	give(fcntl(0, F_DUPFD_CLOEXEC, 100), OWNER);    /* which it has not closed */
	kill(closer, SIGKILL);
	cr_assert_eq(waitid(P_ALL, 0, &end, WEXITED | WNOWAIT), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	given = ends[0];
	cr_assert(close_async(&given, OWNER));
	cr_expect_geq(fcntl(ends[0], F_GETFD), 0);
	expect_closed(ends[1]);
	expect_none_pending();
}

/* superd's end has an answer that nobody has heard when it closes. */
Test(close_async, superd_s_end_leaves_nothing_in_the_queue)
{
	struct pollfd end = { .events = POLLIN };
	int receiver, ends[2][2];
	pid_t closer;

	for (int n = 0; n < 2; n++)
		cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends[n]), 0);
	give(make_lingering(&receiver, 1000), OWNER);
	wait_for(&hung, 1);
	give(ends[0][0], OWNER);
	close(receiver);
	end.fd = ends[0][1];
	cr_assert_eq(poll(&end, 1, HANG_MS), 1, "it was never closed");
	closer = stop_closer();
	give(ends[1][0], OWNER);
	close_async_end();
	end.fd = ends[1][1];
	cr_expect_eq(poll(&end, 1, 0), 0, "the closer stands still");
	kill(closer, SIGCONT);
	cr_expect_eq(poll(&end, 1, HANG_MS), 1, "it was never closed");
}

static int *end_copied;

/* A closer's end of its channel, for who has taken the closer over. */
int socketpair(int domain, int type, int protocol, int ends[2])
{
	if (syscall(SYS_socketpair, domain, type, protocol, ends) < 0)
		return -1;
	if (end_copied)
		*end_copied = fcntl(ends[1], F_DUPFD_CLOEXEC, 0);
	return 0;
}

Test(close_async, one_that_tells_of_more_than_it_was_given_is_ended)
{
	const struct close_answer answer = { .closed = 1 };
	struct answer_fault fault = { 0 };
	int its_end = -1;

	end_copied = &its_end;
	give(fcntl(0, F_DUPFD_CLOEXEC, 100), OWNER);
	end_copied = NULL;
	for (int n = 0; n < 2; n++)
		cr_assert_eq(send(its_end, &answer, sizeof(answer), 0), (ssize_t)sizeof(answer));
	close(its_end);                 /* else the channel would not end with the closer */
	for (int tries = 0; !answer_take_fault(&fault); tries++) {
		cr_assert_lt(tries, HANG_MS, "nothing was noticed");
		poll(NULL, 0, 1);
		look();
	}
	cr_expect_str_eq(fault.process, "superd-close");
	cr_expect_str_eq(fault.flaw, "more than it was given");
	cr_expect_eq(close_async_pending(OWNER), 0);
	expect_right_counts();
}
