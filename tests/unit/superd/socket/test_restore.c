/* The options of a listener are restored in another process. */
#include "tests/unit/bind_fixture.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <net/if.h>
#include <poll.h>

#include "lib/run_limit.h"
#include "os/netdiag/foreign_socket.h"
#include "os/socket/reuseport.h"
#include "superd/socket/listeners.h"
#include "superd/socket/restore.h"
#include "superd/loop/engine.h"
#include "superd/start/worker_process.h"
#include "tests/unit/own_clock.h"

#define OTHER 77                        /* a backlog that a backend has set */

static struct listeners listeners;
static struct engine engine = { .listeners = &listeners };
static struct listen listen_one;
static int fd, calls, expected;         /* errno of the next calls */
static bool asks_again;                 /* the next call does, and that is to work */
static const char *lines;               /* that are among those of the next calls */
static const char *unexpected;          /* this is not */

static void begin(void)
{
	set_up();
	engine.loop = ev_default_loop(EVFLAG_NOENV);
	listen_one = listen_of("tcp:127.0.0.1:0");
	fd = opened(&listen_one);
	cr_assert_eq(listen(fd, OTHER), 0);
	calls = expected = 0;
	asks_again = false;
	lines = "";
	unexpected = "\n";
}

static void end(void)
{
	restore_free(&engine);
	close(fd);
	tear_down();
}

TestSuite(restore, .init = begin, .fini = end, .timeout = 120);

static void ask(void);

static void on_done(void *context, struct engine *of, const struct restore_outcome *outcome)
{
	cr_assert_eq(context, &fd);
	cr_assert_eq(of, &engine);
	cr_assert(!outcome->service || !strcmp(outcome->service, "web"));
	cr_expect_eq(outcome->fd, fd);
	cr_expect_eq(outcome->error, expected, "%s", strerror(outcome->error));
	cr_expect_null(strstr(outcome->lines, unexpected), "%s", outcome->lines);
	cr_expect_not_null(strstr(outcome->lines, lines), "%s", outcome->lines);
	calls++;
	if (asks_again) {
		asks_again = false;
		expected = 0;
		ask();
	}
	ev_break(engine.loop, EVBREAK_ALL);
}

static void ask(void)
{
	const struct restore_task task = { .fd = fd, .listen = &listen_one };

	cr_assert(restore_begin(&engine, &task, "web", on_done, &fd));
}

static bool ask_to_shut(int work)
{
	return restore_shut(&engine, &(struct restore_task){ .fd = fd, .work = work }, "web", on_done, &fd);
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

static pid_t only_child(void)
{
	char text[64] = "";
	FILE *children = fopen("/proc/thread-self/children", "r");

	cr_assert(children && fgets(text, sizeof(text), children), "the kernel lists no children");
	fclose(children);
	return (pid_t)strtol(text, NULL, 10);
}

static pid_t stop_worker(void)
{
	pid_t worker;

	ask();
	ev_run(engine.loop, 0);                 /* there is a process from now on */
	worker = only_child();
	kill(worker, SIGSTOP);
	cr_assert_eq(waitpid(worker, NULL, WUNTRACED), worker);
	return worker;
}

static bool ask_to_change(const struct listen *before, const struct listen *after)
{
	const struct restore_task task = { .fd = fd, .listen = after, .before = before, .work = RESTORE_CHANGE };

	return restore_begin(&engine, &task, "web", on_done, &fd);
}

static int keeps_alive(void)
{
	int value = -1;

	cr_assert_eq(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &(socklen_t){ sizeof(value) }), 0);
	return value;
}

/* What the program has set itself stays. */
Test(restore, sets_what_a_reload_has_changed_and_nothing_else)
{
	struct socket_options changed = options;
	struct listen after = listen_one;

	after.options = &changed;
	changed.keep_alive = true;
	cr_assert(ask_to_change(&listen_one, &after));
	ev_run(engine.loop, 0);
	cr_expect(calls == 1 && keeps_alive() && backlog() == OTHER);
	changed.backlog = 5;
	cr_assert(ask_to_change(&listen_one, &after));
	restore_recall(&engine, fd);
	ev_run(engine.loop, 0);
	cr_expect(calls == 2 && backlog() == 5);
	cr_assert(ask_to_change(&after, &listen_one));
	restore_drop(&engine, fd);
	ask();
	ev_run(engine.loop, 0);
	cr_expect_eq(calls, 3);
}

/* It may no longer be what was restored meanwhile: the last one is what holds. */
Test(restore, sets_what_several_reloads_have_changed_in_their_order)
{
	struct socket_options changed = options;
	struct listen after = listen_one;
	pid_t worker = stop_worker();

	after.options = &changed;
	changed.keep_alive = true;
	for (int n = 0; n < 3; n++)
		cr_assert(n % 2 ? ask_to_change(&after, &listen_one) : ask_to_change(&listen_one, &after));
	changed.keep_alive = false;
	kill(worker, SIGCONT);
	while (calls < 4)
		ev_run(engine.loop, EVRUN_ONCE);
	cr_expect(keeps_alive(), "a request is as it was when it was made");
}

Test(restore, tells_which_options_cannot_be_set)
{
	struct socket_options changed = options;
	struct listen after = listen_one;

	after.options = &changed;
	changed.keep_alive_time = INT64_C(40000) * 1000000;
	unexpected = "nothing";
	lines = "keep_alive_time: ";
	cr_assert(ask_to_change(&listen_one, &after));
	ev_run(engine.loop, 0);
	changed.bind_to_device = "nosuchif1";
	lines = "bind_to_device: ";
	expected = ENODEV;
	cr_assert(ask_to_change(&listen_one, &after));
	ev_run(engine.loop, 0);
	cr_expect_eq(calls, 2);
}

/* Takes it out of the group, if it is there. */
static bool was_in_group(void)
{
	struct ip_mreqn group = { .imr_ifindex = (int)if_nametoindex("lo") };

	cr_assert_eq(inet_pton(AF_INET, "239.1.2.3", &group.imr_multiaddr), 1);
	return setsockopt(fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &group, sizeof(group)) == 0;
}

/* A program may have left the group. */
Test(restore, joins_and_leaves_multicast_groups)
{
	static const char *const groups[] = { "239.1.2.3%lo", NULL };
	struct socket_options changed = options;
	struct listen before = listen_of("udp4:127.0.0.1:0"), after = before;
	struct restore_task task = { .listen = &after };

	close(fd);
	task.fd = fd = opened(&before);
	after.options = &changed;
	changed.multicast_group = groups;
	cr_assert(ask_to_change(&before, &after));
	ev_run(engine.loop, 0);
	cr_expect(was_in_group());
	cr_assert(restore_begin(&engine, &task, "web", on_done, &fd));
	ev_run(engine.loop, 0);
	cr_expect(was_in_group());
	cr_assert(restore_begin(&engine, &task, "web", on_done, &fd));
	cr_assert(ask_to_change(&after, &before));
	while (calls < 4)
		ev_run(engine.loop, EVRUN_ONCE);
	cr_expect_not(was_in_group());
}

Test(restore, lets_an_address_be_shared_and_restores_nothing)
{
	const struct restore_task task = { .fd = fd, .listen = &listen_one, .work = RESTORE_SHARED };
	int shared = 0;
	socklen_t size = sizeof(shared);

	cr_assert(restore_begin(&engine, &task, "web", on_done, &fd));
	ev_run(engine.loop, 0);
	cr_expect_eq(getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, &size), 0);
	cr_expect(calls == 1 && shared);
	cr_expect_eq(backlog(), OTHER);
}

Test(restore, shuts_one_of_two_listeners_down_for_all_its_holders)
{
	int copy = dup(fd), second;

	cr_expect_not(ask_to_shut(RESTORE_SHUT));
	cr_expect_not(bind_is_shut(fd), "it is alone");
	second = reuseport_open(fd, &listen_one, &why, &warnings);
	cr_assert_geq(second, 0, "%s", buf_string(&why));
	cr_assert(foreign_socket_mark(fd));
	cr_assert(ask_to_shut(RESTORE_SHUT));
	cr_expect(restore_is_asked(&engine, fd));
	ev_run(engine.loop, 0);
	cr_expect(calls == 1 && !restore_is_asked(&engine, fd));
	cr_expect(bind_is_shut(copy));
	cr_expect_not(bind_is_shut(second));
	foreign_socket_unmark(fd);
	close(copy);
	close(second);
}

/* The kernel keeps the port for that where it was chosen by its number. */
Test(restore, shuts_one_that_listens_again_down_but_once)
{
	int second;

	listen_one = listen_of(pool_textf(pool, "tcp:127.0.0.1:%d", port_of(fd)));
	close(fd);
	fd = opened(&listen_one);
	second = reuseport_open(fd, &listen_one, &why, &warnings);
	cr_assert_geq(second, 0, "%s", buf_string(&why));
	cr_assert(foreign_socket_mark(fd));
	cr_assert(ask_to_shut(RESTORE_SHUT));
	ev_run(engine.loop, 0);
	cr_assert(bind_is_shut(fd));
	cr_assert_eq(listen(fd, OTHER), 0);
	cr_assert(reuseport_has_other(fd));
	cr_expect_not(ask_to_shut(RESTORE_SHUT));
	cr_expect_not(bind_is_shut(fd));
	foreign_socket_unmark(fd);
	close(second);
}

Test(restore, of_a_socket_that_is_dropped_is_not_heard_of)
{
	ask();
	restore_drop(&engine, fd);
	ask();
	ev_run(engine.loop, 0);
	cr_expect_eq(calls, 1);
}

/* Who comes before the process has its turn would be reset where the kernel moves nobody. */
Test(restore, does_not_shut_a_socket_down_where_a_client_has_come_meanwhile)
{
	int second = reuseport_open(fd, &listen_one, &why, &warnings), queued;
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	pid_t worker;

	cr_assert_geq(second, 0, "%s", buf_string(&why));
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	queued = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	worker = stop_worker();
	cr_assert(foreign_socket_mark(fd));
	cr_assert(ask_to_shut(RESTORE_SHUT_EMPTY));
	close(second);                  /* so the client comes to the first */
	cr_assert_eq(connect(queued, (struct sockaddr *)&address, length), 0);
	expected = EBUSY;
	kill(worker, SIGCONT);
	while (calls < 2)
		ev_run(engine.loop, EVRUN_ONCE);
	cr_expect(bind_has_queue(fd) && !foreign_socket_was_shut(fd));
	close(accept(fd, NULL, NULL));
	second = reuseport_open(fd, &listen_one, &why, &warnings);
	cr_assert_geq(second, 0, "%s", buf_string(&why));
	expected = 0;
	cr_assert(ask_to_shut(RESTORE_SHUT_EMPTY));
	while (calls < 3)
		ev_run(engine.loop, EVRUN_ONCE);
	cr_expect(bind_is_shut(fd) && foreign_socket_was_shut(fd));
	foreign_socket_unmark(fd);
	close(queued);
	close(second);
}

/* They are killed, and the test has not told that they have ended: as if they hung in the kernel. */
Test(restore, starts_no_process_more_for_a_service_at_whose_sockets_too_many_hang)
{
	int before;

	for (int hang = 0; hang < WORKERS_HANGING_MOST; hang++) {
		expected = 0;
		stop_worker();
		ask();
		expected = ETIMEDOUT;
		before = calls;
		while (calls == before) {
			own_clock_advance(RUN_LIMIT_STEP);
			ev_run(engine.loop, EVRUN_NOWAIT);
		}
		cr_assert(wait(NULL) > 0 || errno == ECHILD);
	}
	own_clock_advance(1);
	before = calls;
	cr_assert_eq(listen(fd, OTHER), 0);
	ask();
	ev_run(engine.loop, 0);
	cr_expect_eq(calls, before + 1);
	cr_expect_eq(backlog(), OTHER);
	cr_expect_eq(wait(NULL), -1, "nobody was asked");
}

/* As on a virtual machine whose host has no time for it; the worker is the last to get its turn. */
Test(restore, takes_no_machine_that_stands_still_for_a_socket_that_hangs)
{
	pid_t worker = stop_worker();

	ask();
	own_clock_advance(2 * FOREIGN_TIMEOUT);
	for (int n = 0; n < 3; n++)
		ev_run(engine.loop, EVRUN_NOWAIT);
	cr_expect_eq(calls, 1);
	kill(worker, SIGCONT);
	while (calls < 2)
		ev_run(engine.loop, 0);
}

Test(restore, can_be_asked_for_by_who_hears_that_the_process_has_ended)
{
	pid_t worker = stop_worker();

	cr_assert_eq(listen(fd, OTHER), 0);
	ask();
	expected = EAGAIN;
	asks_again = true;
	kill(worker, SIGKILL);
	while (calls < 3)
		ev_run(engine.loop, EVRUN_ONCE);
	cr_expect_neq(backlog(), OTHER);
}

/* Closes the socket. false: somebody else has its address still. */
static bool bind_anew(void)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(fd, (struct sockaddr *)&address, length) == 0;
}

static bool sleeps(pid_t pid)
{
	char path[64], state = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	status = fopen(path, "r");
	cr_assert(status && fscanf(status, "%*d (%*[^)]) %c", &state) == 1);
	fclose(status);
	return state == 'S';
}

/* Forks a process that does this again and again while the test sleeps. */
static pid_t fork_beside(void (*act)(pid_t worker), pid_t worker)
{
	pid_t test = getpid(), beside = fork();

	if (beside == 0)
		close(fd);
	while (beside == 0 && getppid() == test) {
		if (sleeps(test))
			act(worker);
		poll(NULL, 0, 1);
	}
	if (beside == 0)
		_exit(0);
	cr_assert_gt(beside, 0);
	return beside;
}

static void end_beside(pid_t beside)
{
	kill(beside, SIGKILL);
	cr_assert_eq(waitpid(beside, NULL, 0), beside);
}

static void let_go_on(pid_t worker)
{
	kill(worker, SIGCONT);
}

static void pass_time(pid_t worker)
{
	(void)worker;
	own_clock_advance(RUN_LIMIT_STEP);
}

/* However late in real time the process gets its turn. */
Test(restore, keeps_no_copy_of_a_socket_that_closes)
{
	pid_t worker = stop_worker(), beside;

	ask();
	own_clock_hold();
	beside = fork_beside(let_go_on, worker);
	restore_drop(&engine, fd);
	cr_expect(restore_wait(&engine));
	cr_expect(bind_anew(), "%s", strerror(errno));
	cr_expect_eq(calls, 1);
	end_beside(beside);
}

Test(restore, waits_for_a_moment_alone_until_a_copy_is_closed)
{
	pid_t worker = stop_worker(), beside;

	ask();
	own_clock_hold();
	beside = fork_beside(pass_time, worker);
	restore_drop(&engine, fd);
	cr_expect_not(restore_wait(&engine));
	cr_expect_not(bind_anew());
	end_beside(beside);
}
