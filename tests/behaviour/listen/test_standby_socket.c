/* A backend that is told to end and goes on accepting would lose every client that it takes then. None comes to it: new
 * ones come to a second socket at the same address, and wait there for the next backend. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "controlling.h"
#include "load.h"

#define OFTEN "runtime_max = 150ms\n timeout_stop = 10s"

Behaviour(standby_socket, are_not_left_over)
{
	struct superd *superd = clock_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n "
					  "runtime_max = 10min\n timeout_stop = 10h\n}\n", backend("careless"));
	int port = superd_port(superd, "web");
	size_t descriptors = 0;

	for (int n = 0; n < 7; n++) {
		long pid = client_ask_pid(port);

		clock_advance(superd, 11 * MINUTE_MS);
		WAIT_UNTIL(!process_lives(pid));
		if (n == 1)             /* from the second start on, its control group is kept open */
			descriptors = process_fd_count(superd->pid);
	}
	WAIT_UNTIL(process_fd_count(superd->pid) <= descriptors);
}

static long talk(int client, const char *text)
{
	client_send(client, text);
	return strtol(client_line(client), NULL, 10);
}

#define TALK "service web {\n listen = \"%s\"\n exec = \"%s\"\n on_change = overlap\n env = \"A=%s\"\n}\n"

static int the_port;
static const char *the_path;

static int come_by_port(void)
{
	return client_connect(the_port);
}

static int come_by_path(void)
{
	return client_connect_unix(the_path, SOCK_STREAM);
}

static const char *local_endpoint(void)
{
	the_port = free_port();
	return text_of("127.0.0.1:%d", the_port);
}

static void order(const char *text)
{
	cr_assert(control_is_done(control_once("%s", text)), "%s", world_logs());
}

/* Who comes is the next one's, which has the same socket; the one that was there gets its signal when that is ready. */
static void replaces(int (*come)(void), const char *endpoint, bool by_order)
{
	struct superd *superd = controlled_run(TALK, endpoint, backend("talk"), "1");
	int client;
	long pids[3];

	superd_wait_log(superd, "web: listening on ");
	for (size_t n = 0; n < 3; n++) {
		client = come();
		pids[n] = talk(client, "one\n");
		close(client);
		if (n > 0)
			cr_assert_neq(pids[n], pids[n - 1]);
		if (by_order)
			order("restart web");
		else
			cr_assert(superd_reload(superd, TALK, endpoint, backend("talk"), text_of("%zu", n + 2)));
		superd_wait_log(superd, text_of("web: stopping pid %ld: the next one is ready", pids[n]));
		WAIT_UNTIL(!process_lives(pids[n]));
	}
	cr_expect_eq(superd_log_count(superd, "listening on "), 1);
	superd_stop(superd);
}

Behaviour(standby_socket, let_a_changed_row_run_beside)
{
	replaces(come_by_port, local_endpoint(), false);
	the_path = path_in("web.sock");
	replaces(come_by_path, the_path, false);
}

Behaviour(standby_socket, let_a_restart_run_beside)
{
	replaces(come_by_port, local_endpoint(), true);
}

/* A program may be one that must not run twice, so nobody runs beside it unless on_change says so. */
Behaviour(standby_socket, are_no_reason_to_run_twice)
{
	struct superd *superd = controlled_clock_run(
		"service web { listen = \"%s\" exec = \"%s\" kill_signal = SIGWINCH timeout_stop = 10min }\n",
		local_endpoint(), backend("hang"));
	int client;

	superd_port(superd, "web");
	client = come_by_port();
	superd_wait_log(superd, "web: started");
	order("restart --no-wait web");
	clock_advance(superd, 9 * MINUTE_MS);
	cr_expect_eq(superd_log_count(superd, "web: started"), 1);
	clock_advance(superd, 2 * MINUTE_MS);
	superd_wait_log(superd, "web: started");
	close(client);
	clock_stop(superd, 10 * MINUTE_MS);
}

#define LOCKED \
	"service web {\n listen = \"%s\"\n exec = \"%s\"\n timeout_stop = 10h\n backoff_min = 10ms\n %s\n}\n"

static struct superd *run_locked(const char *endpoint, const char *options)
{
	struct superd *superd = controlled_clock_run(LOCKED, endpoint, backend("lock %s", path_in("lock")), options);

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

static void expect_one_at_a_time(struct superd *superd, size_t starts)
{
	superd_expect_count(superd, "web: started", starts);
	cr_expect_not(superd_logged(superd, "another one has the lock"), "%s", world_logs());
	superd_stop(superd);
}

/* Whom the log brings comes before or after the second socket is there. */
Behaviour(standby_socket, have_instances_follow_each_other_whenever_a_client_comes)
{
	struct superd *superd = run_locked(local_endpoint(), "idle_timeout = 10min");

	for (size_t n = 1; n <= 5; n++) {
		cr_expect_gt(client_ask_pid(the_port), 0);
		CLOCK_UNTIL(superd, 5 * MINUTE_MS, 10,
			    superd_log_count(superd, "no client has been connected for ") >= n);
	}
	expect_one_at_a_time(superd, superd_log_count(superd, "web: started"));
}

/* It takes half a second for that. */
Behaviour(standby_socket, have_who_comes_while_an_idle_instance_ends_wait_for_the_end)
{
	struct superd *superd = run_locked(local_endpoint(), "idle_timeout = 10min");
	long first = client_ask_pid(the_port);

	CLOCK_UNTIL(superd, 5 * MINUTE_MS, 10, superd_logged(superd, "it ends"));
	cr_expect_neq(client_ask_pid(the_port), first);
	cr_expect_not(process_lives(first));
	expect_one_at_a_time(superd, 2);
}

#define ALONE "service web { listen = \"%s\" exec = \"%s\" }\n"

/* on_change or not: what takes effect on what runs is no reason for another. */
Behaviour(standby_socket, are_not_for_changes_that_need_no_start)
{
	const char *endpoint;
	struct superd *superd;
	int client;
	long first;

	the_port = free_port();
	endpoint = text_of("127.0.0.1:%d", the_port);
	superd = superd_run(TALK, endpoint, backend("talk"), "1");
	superd_port(superd, "web");
	client = come_by_port();
	first = talk(client, "one\n");
	cr_assert(superd_reload(superd, "service web {\n listen = \"%s\"\n exec = \"%s\"\n on_change = overlap\n "
				"env = \"A=1\"\n backlog = 77\n on_remove = stop\n}\n", endpoint, backend("talk")));
	cr_assert_eq(talk(client, "two\n"), first);
	close(client);
	cr_assert_eq(client_ask_pid(the_port), first);
	cr_assert_not(superd_logged(superd, "to the end"));
}
