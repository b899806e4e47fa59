/* Where twins are easily lost, or lose somebody: what backends do to their sockets, ends that take their time,
 * and a machine that has run out of something while clients wait at two sockets of one address. */
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "controlling.h"
#include "disturbing.h"
#include "load.h"
#include "private.h"
#include "superctl.h"

#define SERVICE "service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n timeout_stop = 10s\n %s\n}\n"

/* Each backend shuts its listener down, which goes for all copies of it, while clients wait at the other one
 * of the port. */
Behaviour(standby_socket_traps, a_shut_down_listener_does_not_take_its_twin_along)
{
	int port = free_port(), waiting, later;
	struct superd *superd = controlled_run(SERVICE, port, backend("shutdown"), "");

	superd_port(superd, "web");
	waiting = client_connect(port); /* the backend waits for its line */
	superd_wait_log(superd, "web: started");
	WAIT_UNTIL(strstr(control_once("status web"), "\"queue\":0"));
	cr_assert(control_is_done(control_once("restart --no-wait web")));
	WAIT_UNTIL(strstr(control_once("status web"), "stopping"));
	later = client_connect(port);   /* comes to the twin */
	client_send(waiting, "one\n");
	cr_assert_not_null(strstr(client_line(waiting), " one"));
	client_send(later, "two\n");
	cr_assert_not_null(strstr(client_line(later), " two"));
	close(waiting);
	close(later);
	cr_assert_not(superd_logged(superd, "cannot open it"), "%s", world_logs());
	cr_assert_not(superd_logged(superd, "in use"), "%s", world_logs());
	for (unsigned n = 0; n < 3; n++) {
		WAIT_UNTIL(superd_processes(superd) == 0);      /* until then it is shut down */
		WAIT_UNTIL(strstr(control_once("status web"), "\"listening\""));        /* and it is opened anew */
		cr_assert_gt(client_ask_pid(port), 0);
	}
}

/* As a process has for a moment that superd has just forked. A socket that went on listening there would leave no room
 * for the one that keeps clients apart in the next restart. */
Behaviour(standby_socket_traps, a_copy_of_a_drained_listener_does_not_listen_any_more)
{
	int port = free_port(), client, copy;
	struct superd *superd = controlled_run(SERVICE, port, backend("talk"), "");

	superd_port(superd, "web");
	client_ask_pid(port);
	copy = process_copy_listener(superd->pid, port);
	SKIP_WITHOUT(copy >= 0, "this kernel or user copies no descriptors of another process");
	cr_assert(control_is_done(control_once("restart web")));
	WAIT_UNTIL(!process_has_file(superd->pid, copy));       /* handshakes with it may have been under way */
	client = client_connect(port);
	client_send(client, "one\n");
	client_line(client);
	cr_assert(control_is_done(control_once("drain --no-wait web")));
	superd_wait_log(superd, "serves the 1 client it has to the end");
	close(client);
	close(copy);
}

/* The one that serves clients to the end is at the address still. */
Behaviour(standby_socket_traps, a_shut_down_listener_is_made_again_beside_an_instance_that_drains)
{
	int port = free_port(), old;
	struct superd *superd = controlled_run(SERVICE, port, backend("talk"), "on_change = drain");
	const char *before;

	superd_port(superd, "web");
	old = client_connect(port);
	client_send(old, "one\n");
	before = client_line(old);
	cr_assert(superd_reload(superd, SERVICE, port, backend("shutdown"), "on_change = drain"));
	superd_wait_log(superd, "serves the 1 client it has to the end");
	for (size_t n = 1; n <= 3; n++) {
		cr_assert_gt(client_ask_pid(port), 0);
		WAIT_UNTIL(superd_log_count(superd, "shut its listener down") == n);
	}
	cr_assert_not(superd_logged(superd, "in use"), "%s", world_logs());
	client_send(old, "one\n");
	cr_assert_str_eq(client_line(old), before);
	close(old);
	superd_wait_log(superd, "its clients have left");
	cr_assert_gt(client_ask_pid(port), 0);
}

/* It has a second for each of its clients, and there are more of them than seconds in its patience. */
Behaviour(standby_socket_traps, a_slow_backend_has_the_time_it_takes)
{
	int port = free_port();
	const struct load_plan plan = { .port = port, .threads = 10, .connections = 10 };
	struct superd *superd = controlled_run(SERVICE, port, backend("-d 500 careless 20"), "");
	struct load *load;
	struct tally tally;

	superd_port(superd, "web");
	load = load_start(&plan);
	superd_wait_log(superd, "web: started");
	WAIT_UNTIL(load_progress(load) > 0);
	cr_assert(control_is_done(control_once("restart web")), "%s", world_logs());
	tally = load_wait(load);
	tally_expect_all_served(&tally);
}

static bool write_sysctl(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

/* Whom a backend never takes goes to its twin, where the kernel may move him. */
Behaviour(standby_socket_traps, a_kernel_that_migrates_leaves_nobody_to_a_lazy_backend)
{
	int clients[5];
	struct superd *superd;

	SKIP_WITHOUT(private_enter(), "needs root, and a network of its own");
	private_file("/etc/hosts", "127.0.0.1 localhost\n");
	if (!write_sysctl("/proc/sys/net/ipv4/tcp_migrate_req", "1"))
		SKIP_WITHOUT(false, "this kernel has no tcp_migrate_req, or it can't be set");
	superd = controlled_run(SERVICE, 8888, backend("lazy"), "on_change = finish");
	superd_port(superd, "web");
	for (size_t n = 0; n < 5; n++)
		clients[n] = client_connect(8888);
	superd_wait_log(superd, "web: started");
	cr_assert(superd_reload(superd, SERVICE, 8888, backend("serve"), "on_change = finish"));
	cr_assert(control_is_done(control_once("restart web")), "%s", world_logs());
	for (size_t n = 0; n < 5; n++) {
		client_send(clients[n], "hello\n");
		cr_assert_not_null(strstr(client_line(clients[n]), " hello"));
		close(clients[n]);
	}
}

static const char *changing(int port, const char *a)
{
	return text_of(SERVICE, port, backend("talk"), text_of("on_change = drain\n env = \"A=%s\"", a));
}

Behaviour(standby_socket_traps, a_frozen_instance_drains_when_its_row_changes)
{
	int port = free_port(), old, new;
	struct superd *superd = controlled_run("%s", changing(port, "1"));
	const char *before, *after;

	superd_port(superd, "web");
	old = client_connect(port);
	client_send(old, "one\n");
	before = client_line(old);
	cr_assert(control_is_done(control_once("freeze web")), "%s", world_logs());
	cr_assert(superd_reload(superd, "%s", changing(port, "2")));
	superd_wait_log(superd, "serves the 1 client it has to the end");
	new = client_connect(port);
	client_send(new, "one\n");
	after = client_line(new);
	cr_assert_str_neq(after, before);
	client_send(old, "one\n");
	cr_assert_str_eq(client_line(old), before);
	close(old);
	superd_wait_log(superd, "its clients have left");
	client_send(new, "one\n");
	cr_assert_str_eq(client_line(new), after);
	close(new);
}

/* Its socket was restored while it slept, and may be again once it is awake. */
static void expect_end_of_frozen(const char *order)
{
	int port = free_port(), client;
	struct superd *superd = controlled_run(SERVICE, port, backend("talk"), "");

	superd_port(superd, "web");
	client = client_connect(port);
	client_send(client, "one\n");
	client_line(client);
	close(client);
	cr_assert(control_is_done(control_once("freeze web")), "%s", world_logs());
	superd_wait_log(superd, "is frozen");
	cr_assert(control_is_done(control_once("%s web", order)), "%s", world_logs());
	client = client_connect(port);
	client_send(client, "one\n");
	client_line(client);
	close(client);
	superd_expect_count(superd, "web: started", 2);
	superd_stop(superd);
}

Behaviour(standby_socket_traps, a_frozen_instance_is_restarted)
{
	expect_end_of_frozen("restart");
}

Behaviour(standby_socket_traps, a_frozen_instance_is_stopped)
{
	expect_end_of_frozen("stop");
}

/* It is not ready before its file is there. */
Behaviour(standby_socket_traps, an_instance_that_starts_drains_when_it_is_ready)
{
	int port = free_port(), old, new;
	const char *go = path_in("go");
	const char *wait = text_of(
		"on_change = drain\n exec_start_post = \"/bin/sh -c 'until [ -e %s ]; do sleep 0.02; done'\"", go);
	struct superd *superd = controlled_run(SERVICE, port, backend("talk"), text_of("%s\n env = \"A=1\"", wait));
	const char *before;

	superd_port(superd, "web");
	old = client_connect(port);
	client_send(old, "one\n");
	before = client_line(old);
	cr_assert(superd_reload(superd, SERVICE, port, backend("talk"), text_of("%s\n env = \"A=2\"", wait)));
	superd_wait_log(superd, "it drains when it is ready");
	write_file("go", "%s", "");
	superd_wait_log(superd, "serves the 1 client it has to the end");
	new = client_connect(port);
	client_send(new, "one\n");
	cr_assert_str_neq(client_line(new), before);
	client_send(old, "one\n");
	cr_assert_str_eq(client_line(old), before);
	close(old);
	superd_wait_log(superd, "its clients have left");
	close(new);
}

/* Its table has not changed: the option would drain it for nothing. */
Behaviour(standby_socket_traps, one_that_is_released_before_it_is_ready_does_not_drain)
{
	int port = free_port(), client;
	const char *go = path_in("go");
	const char *wait = text_of(
		"on_change = drain\n exec_start_post = \"/bin/sh -c 'until [ -e %s ]; do sleep 0.02; done'\"", go);
	struct superd *superd = controlled_run(SERVICE, port, backend("talk"), wait);
	const char *before;

	superd_port(superd, "web");
	client = client_connect(port);
	client_send(client, "one\n");
	before = client_line(client);
	cr_assert(control_is_done(control_once("drain --no-wait web")), "%s", world_logs());
	WAIT_UNTIL(strstr(control_once("status web"), "\"phase\":\"ready\""));
	cr_assert(control_is_done(control_once("release web")), "%s", world_logs());
	cr_expect_not(strstr(control_once("status web"), "\"phase\":\"ready\""));
	write_file("go", "%s", "");
	WAIT_UNTIL(strstr(control_once("status web"), "\"state\":\"running\""));
	client_send(client, "one\n");
	cr_assert_str_eq(client_line(client), before);
	close(client);
	superd_stop(superd);
}

/* No program here takes its clients. The second instance gets the old socket, with whom the first one has left there,
 * and the other client waits for its end. */
Behaviour(standby_socket_traps, an_instance_for_clients_left_behind_ends_for_those_who_wait_elsewhere)
{
	const char *path = path_in("web.sock"), *status, *why;
	struct superd *superd;
	int left, later;

	SKIP_WITHOUT(geteuid() == 0, "a second unix socket needs root");
	superd = controlled_clock_run("service web {\n listen = \"%s\"\n exec = \"/bin/sleep 1000\"\n}\n", path);
	wait_node(path);
	left = client_connect_unix(path, SOCK_STREAM);
	superd_wait_log(superd, "web: started");
	cr_assert(control_is_done(control_once("restart --no-wait web")));
	WAIT_UNTIL(strstr(control_once("status web"), "\"phase\":\"end\""));
	later = client_connect_unix(path, SOCK_STREAM);
	CLOCK_UNTIL(superd, 10 * SECOND_MS, 10, superd_log_count(superd, "web: started") == 2);
	WAIT_UNTIL(strstr(status = control_once("status web"), "\"phase\":\"end\""));
	cr_expect(strstr(status, "\"reason\":\"moved\""), "%s", status);
	why = why_of("web");
	cr_expect(strstr(why, " ends, as clients come to a socket that it does not have: it serves its client while it "
			      "makes progress, for "), "%s", why);
	close(left);
	close(later);
	clock_stop(superd, HOUR_MS);
}

/* What a running superd may have is taken from it and given back; its listeners and instances stay. */
static void limit_for_a_moment(struct superd *superd, int resource, rlim_t most)
{
	struct rlimit before, none;

	cr_assert_eq(prlimit(superd->pid, resource, NULL, &before), 0, "%d %s", (int)superd->pid, strerror(errno));
	none = (struct rlimit){ .rlim_cur = most, .rlim_max = before.rlim_max };
	cr_assert_eq(prlimit(superd->pid, resource, &none, NULL), 0);
	for (unsigned n = 0; n < 4; n++)
		pause_a_moment();
	cr_assert_eq(prlimit(superd->pid, resource, &before, NULL), 0);
}

/* Its client has sent half a line, so it is the program's turn. The clients may be noted, or not yet. */
Behaviour(standby_socket_traps, a_client_is_not_cut_off_by_counts_that_fail)
{
	struct superd *superd = controlled_clock_run(SERVICE, free_port(), backend("talk"), "");
	int client = client_connect(superd_port(superd, "web"));
	struct rlimit before, none;
	const char *first;

	client_send(client, "one\n");
	first = client_line(client);
	client_send(client, "o");
	cr_assert(control_is_done(control_once("restart --no-wait web")));
	WAIT_UNTIL(strstr(control_once("status web"), "\"phase\":\"end\""));
	clock_hold();
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, NULL, &before), 0);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before.rlim_max };
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, &none, NULL), 0);
	for (unsigned n = 0; n < 15; n++)
		clock_advance(superd, 100);
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, &before, NULL), 0);
	client_send(client, "ne\n");
	cr_expect_str_eq(client_line(client), first);
	close(client);
	clock_go_on();
	CLOCK_UNTIL(superd, 100, 60, superd_logged(superd, "ended: signal TERM"));
	clock_stop(superd, MINUTE_MS);
}

#define LOWER(n) (offsetof(struct seccomp_data, args[n]) + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0))

/* From now on sock_diag(7) is missing for this process and all that it starts, as in some containers. */
static bool forbid_sock_diag(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOWER(0)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOWER(2)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NETLINK_SOCK_DIAG, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = sizeof(code) / sizeof(*code), .filter = code };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

/* The port has no second socket then, and nobody can tell whether its client has left. without: descriptors are out,
 * too, when superd gives up noting it. */
static void drains_clients_that_cannot_be_counted(bool without)
{
	const char *path = path_in("web.sock"), *first, *answer;
	int port = free_port(), client, later;
	struct superd *superd;
	struct rlimit before, none;

	SKIP_WITHOUT(geteuid() == 0 && forbid_sock_diag(), "a second unix socket needs root, and so does a filter");
	superd = controlled_clock_run("service web {\n listen = { \"127.0.0.1:%d\", \"%s\" }\n exec = \"%s\"\n}\n",
				      port, path, backend("talk"));
	superd_port(superd, "web");
	client = client_connect(port);
	client_send(client, "one\n");
	first = client_line(client);
	clock_hold();
	answer = control_once("drain --no-wait web");
	cr_expect(strstr(answer, "\"result\":\"under-way\""), "%s", answer);
	WAIT_UNTIL(strstr(control_once("status web"), "\"phase\":\"newcomer\""));
	cr_expect(strstr(control_once("status web"), "\"held\":true"), "%s", control_once("status web"));
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, NULL, &before), 0);
	none = (struct rlimit){ .rlim_cur = without ? 3 : before.rlim_cur, .rlim_max = before.rlim_max };
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, &none, NULL), 0);
	for (unsigned n = 0; n < 40; n++)
		clock_advance(superd, 100);
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, &before, NULL), 0);
	clock_advance(superd, HOUR_MS);
	client_send(client, "one\n");
	cr_expect_str_eq(client_line(client), first);
	superd_expect_count(superd, "are unknown: it serves them until another one waits", 1);
	later = client_connect_unix(path, SOCK_STREAM);
	client_send(later, "one\n");
	CLOCK_UNTIL(superd, 100, 20, strstr(control_once("status web"), "\"phase\":\"end\""));
	clock_advance(superd, 29 * SECOND_MS);
	client_send(client, "one\n");
	cr_expect_str_eq(client_line(client), first);
	clock_go_on();
	CLOCK_UNTIL(superd, SECOND_MS, 10, superd_logged(superd, "ended: signal TERM"));
	superd_expect_count(superd, "which may have clients still", 1);
	cr_expect(client_sees_end(client));
	cr_expect_str_neq(client_line(later), first);
	close(client);
	close(later);
	clock_stop(superd, HOUR_MS);
}

Behaviour(standby_socket_traps, a_drain_serves_clients_that_cannot_be_counted)
{
	drains_clients_that_cannot_be_counted(false);
}

Behaviour(standby_socket_traps, a_drain_serves_clients_that_cannot_be_counted_without_descriptors)
{
	drains_clients_that_cannot_be_counted(true);
}

static void run_out_of_descriptors(struct world *world)
{
	limit_for_a_moment(world->superd, RLIMIT_NOFILE, 3);
}

Behaviour(standby_socket_traps, nobody_is_lost_while_descriptors_are_out)
{
	struct world world =
		world_of(backend("-d 1 few 7"), "backoff_min = 10ms\n backoff_max = 50ms\n on_change = drain");

	world.clients = 300;
	world.most = 20;
	SEE_NO_LOSS(&world, run_out_of_descriptors, order_restart, order_drain, order_reload, run_out_of_descriptors);
}

/* Another backend makes as many processes as it may, again and again. */
Behaviour(standby_socket_traps, nobody_is_lost_while_processes_are_out)
{
	const struct setup setup = { .uid = lone_user(), .processes = 12 };
	int port = free_port(), bomb_port;
	const struct load_plan plan = { .port = port, .threads = 8 };
	const char *options = "backoff_min = 10ms\n backoff_max = 50ms\n on_change = drain";
	const char *bomb = text_of("service bomb {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n timeout_stop = 50ms\n "
				   "runtime_max = 100ms\n}\n",
				   backend("greedy 100"));
	struct superd *superd;
	struct load *load;
	struct tally tally;

	SKIP_WITHOUT(namespace_users() && namespace_works(&setup),
		     "needs root, and a build that every user can reach, for a user of its own to be limited");
	superd = superd_run_with(&setup, SERVICE "%s", port, backend("-d 1 few 7"), options, bomb);
	bomb_port = superd_port(superd, "bomb");
	load = load_start(&plan);
	for (unsigned n = 0; n < 10; n++) {
		size_t before = load_progress(load);

		close(client_connect(bomb_port));
		cr_assert(superd_reload(superd, SERVICE "%s", port, backend("-d 1 few 7"),
					text_of("%s\n env = \"A=%u\"", options, n), bomb));
		WAIT_UNTIL(load_progress(load) > before + 20);
	}
	tally = load_stop(load);
	tally_expect_all_served(&tally);
	cr_assert(superd_logged(superd, "web: cannot start: "), "processes were out meanwhile\n%s", world_logs());
}
