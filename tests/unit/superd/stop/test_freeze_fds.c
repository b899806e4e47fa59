/* An epoll set that watches sockets of other processes. */
#include <poll.h>
#include <sys/epoll.h>

#include "tests/unit/bind_fixture.h"
#include "tests/unit/unit.h"

#include "lib/fd.h"
#include "os/netdiag/socket_address.h"
#include "superd/stop/freeze_fds.h"
#include "tests/unit/hang.h"

TestSuite(socket_watch, .init = set_up, .fini = tear_down, .timeout = 120);

/* A process that has what this one has now, and does nothing. */
static pid_t start_holder(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	return pid;
}

static void end_holder(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int connect_to(int listener)
{
	struct socket_address address = { .length = sizeof(address.storage) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(getsockname(listener, &address.any, &address.length), 0);
	cr_assert_eq(connect(fd, &address.any, address.length), 0);
	return fd;
}

/* Has the sockets added, and returns the result. The caller may not have the sockets any more. */
static struct socket_watch_result watch(struct socket_watch_request *request, int set)
{
	struct socket_watch_result result = { 0 };
	struct worker_process helper;
	struct pollfd ready = { .events = POLLIN };

	for (request->pid_count = 0; request->pids[request->pid_count];)
		request->pid_count++;
	helper = socket_watch_begin(request, 0, set);
	ready.fd = helper.channel;
	cr_assert_geq(helper.channel, 0);
	cr_assert_eq(poll(&ready, 1, HANG_MS), 1);
	cr_assert_eq(socket_watch_hear(&helper, &result), SOCKET_WATCHING_DONE);
	fd_close(&helper.channel);
	cr_assert_eq(waitpid(helper.pid, NULL, 0), helper.pid);
	spawn_reaped(helper.pid);
	return result;
}

static bool is_readable(int set)
{
	struct pollfd state = { set, POLLIN, 0 };

	return poll(&state, 1, 0) == 1;
}

static void wait_readable(int set)
{
	struct pollfd state = { set, POLLIN, 0 };

	cr_assert_eq(poll(&state, 1, HANG_MS), 1);
}

Test(socket_watch, tells_of_data_at_more_sockets_than_superd_has_descriptors)
{
	enum { MANY = 600 };
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int listener = opened(&listen), set = epoll_create1(EPOLL_CLOEXEC), clients[MANY], ends[MANY];
	struct socket_watch_request request = { 0 };
	struct socket_watch_result result;
	pid_t pids[2] = { 0 };

	for (int n = 0; n < MANY; n++) {
		clients[n] = connect_to(listener);
		do
			ends[n] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		while (ends[n] < 0 && errno == EAGAIN);
	}
	pids[0] = start_holder();
	for (int n = 0; n < MANY; n++)
		close(ends[n]);
	request.pids = pids;
	result = watch(&request, set);
	if (!result.forbidden) {
		cr_expect_eq(result.missed, 0);
		cr_expect_not(is_readable(set));
		cr_assert_eq(send(clients[MANY - 1], "x", 1, 0), 1);
		wait_readable(set);
	}
	end_holder(pids[0]);
	for (int n = 0; n < MANY; n++)
		close(clients[n]);
	close(listener);
	close(set);
}

/* A client that has closed, as the holder would not notice. */
static bool sees_end(bool has_ends)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int listener = opened(&listen), set = epoll_create1(EPOLL_CLOEXEC), client = connect_to(listener), end;
	struct conn_count own;
	struct socket_watch_request request = { .listeners = &own, .listener_count = 1, .has_ends = has_ends };
	struct socket_watch_result result;
	pid_t pids[2] = { 0 };
	struct pollfd gone;
	bool seen;

	do
		end = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	while (end < 0 && errno == EAGAIN);
	close(client);
	gone = (struct pollfd){ end, POLLRDHUP, 0 };
	cr_assert_eq(poll(&gone, 1, HANG_MS), 1);
	conn_count_init(&own, listener);
	close(listener);
	pids[0] = start_holder();
	close(end);
	request.pids = pids;
	result = watch(&request, set);
	seen = is_readable(set) || (result.forbidden && has_ends);
	end_holder(pids[0]);
	close(set);
	return seen;
}

Test(socket_watch, leaves_out_what_has_ended_with_nothing_to_read)
{
	cr_expect_not(sees_end(false));
}

Test(socket_watch, tells_of_the_end_of_a_client_where_that_matters)
{
	cr_expect(sees_end(true));
}
