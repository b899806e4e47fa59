/* The options of a listener are restored in another process. */
#include "tests/unit/bind_fixture.h"

#include <linux/filter.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/netdiag/foreign_socket.h"
#include "superd/listener/listeners.h"
#include "superd/listener/restore.h"
#include "superd/loop/engine.h"
#include "tests/unit/own_clock.h"

#define OTHER 77                        /* a backlog that a backend has set */

static struct listeners listeners;
static struct engine engine = { .listeners = &listeners };
static struct listen listen_one;
static int fd, calls;

static void begin(void)
{
	set_up();
	engine.loop = ev_default_loop(EVFLAG_NOENV);
	listen_one = listen_of("tcp:127.0.0.1:0");
	fd = opened(&listen_one);
	cr_assert_eq(listen(fd, OTHER), 0);
	calls = 0;
}

static void end(void)
{
	restore_free(&engine);
	close(fd);
	tear_down();
}

TestSuite(restore, .init = begin, .fini = end, .timeout = 120);

static void on_done(void *context, struct engine *of, const char *service, int error)
{
	cr_assert_eq(context, &fd);
	cr_assert_eq(of, &engine);
	cr_assert_str_eq(service, "web");
	cr_expect_eq(error, 0, "%s", strerror(error));
	calls++;
	ev_break(engine.loop, EVBREAK_ALL);
}

static void ask(void)
{
	const struct restore_task task = { .fd = fd, .listen = &listen_one };

	cr_assert(restore_begin(&engine, &task, "web", on_done, &fd));
}

static unsigned backlog(void)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	cr_assert_eq(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
	return info.tcpi_sacked;
}

Test(restore, is_done_by_another_process)
{
	ask();
	ev_run(engine.loop, 0);
	cr_expect_eq(calls, 1);
	cr_expect_neq(backlog(), OTHER);
}

Test(restore, lets_an_address_be_shared_and_restores_nothing)
{
	const struct restore_task task = { .fd = fd, .listen = &listen_one, .sharing = SHARING_BEGINS };
	int shared = 0;
	socklen_t size = sizeof(shared);

	cr_assert(restore_begin(&engine, &task, "web", on_done, &fd));
	ev_run(engine.loop, 0);
	cr_expect_eq(getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, &size), 0);
	cr_expect(calls == 1 && shared);
	cr_expect_eq(backlog(), OTHER);
}

Test(restore, of_a_socket_that_is_dropped_is_not_heard_of)
{
	ask();
	restore_drop(&engine, fd);
	ask();
	ev_run(engine.loop, 0);
	cr_expect_eq(calls, 1);
}

static pid_t only_child(void)
{
	char text[64] = "";
	FILE *children = fopen("/proc/thread-self/children", "r");

	cr_assert(children && fgets(text, sizeof(text), children), "the kernel lists no children");
	fclose(children);
	return (pid_t)strtol(text, NULL, 10);
}

/* As on a virtual machine whose host has no time for it; the worker is the last to get its turn. */
Test(restore, takes_no_machine_that_stands_still_for_a_socket_that_hangs)
{
	pid_t worker;

	ask();
	ev_run(engine.loop, 0);                 /* there is a process from now on */
	worker = only_child();
	kill(worker, SIGSTOP);
	cr_assert_eq(waitpid(worker, NULL, WUNTRACED), worker);
	ask();
	own_clock_advance(2 * FOREIGN_TIMEOUT);
	for (int n = 0; n < 3; n++)
		ev_run(engine.loop, EVRUN_NOWAIT);
	cr_expect_eq(calls, 1);
	kill(worker, SIGCONT);
	while (calls < 2)
		ev_run(engine.loop, 0);
}

/* Closes the socket; nobody else has its address then. */
static void bind_anew(void)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_expect_eq(bind(fd, (struct sockaddr *)&address, length), 0, "%s", strerror(errno));
}

Test(restore, keeps_no_copy_of_a_socket_that_closes)
{
	ask();
	restore_cancel(&engine, fd);
	bind_anew();
	cr_expect_eq(calls, 0);
}
