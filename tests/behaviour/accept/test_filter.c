/* accept = no with only_from and no_access: superd never sees these clients, so the kernel keeps to the rules, at the
 * socket itself. What must hold is that nobody refused is ever in the queue, through a reload too. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "harness.h"

/* Debian lets root alone have the kernel look at a socket's clients. */
#define SKIP_WITHOUT_FILTERS() \
	SKIP_WITHOUT(geteuid() == 0 || strncmp(read_text("/proc/sys/kernel/unprivileged_bpf_disabled"), "0", 1) == 0, \
		     "this kernel lets root alone put a filter on a socket")

static const char handed[] = "service handed {\n listen = \"%s:%d\"\n exec = \"%s\"\n%s\n}\n";

/* Loopback hands a packet over before the sender goes on, so who comes later is in the queue later. */
static void expect_only(struct superd *superd, const char *friend, const char *stranger, int port, const char *marks)
{
	size_t before = count_lines(marks);
	int refused = client_from(stranger, SOCK_STREAM, port), served;

	clock_advance(superd, HOUR_MS);
	cr_assert(client_is_quiet(refused, 0), "%s was served\n%s", stranger, world_logs());
	cr_assert_eq(count_lines(marks), before, "%s started it\n%s", stranger, world_logs());
	served = client_connect_from(friend, port);
	client_send(served, "hello\n");
	cr_assert_not_null(strstr(client_line(served), " hello"), "%s was not served\n%s", friend, world_logs());
	WAIT_UNTIL(count_lines(marks) == before + 1);
	close(refused);
	close(served);
}

Behaviour(filter, a_refused_client_starts_nothing)
{
	const char *marks = path_in("marks");
	struct superd *superd;
	int port;

	SKIP_WITHOUT_FILTERS();
	superd = clock_run(handed, "127.0.0.1", 0, backend("-m %s take 1", marks),
			   "only_from = { \"127.0.0.1\", \"127.1.0.0/16\" }\n no_access = \"127.1.0.7\"");
	port = superd_port(superd, "handed");
	expect_only(superd, "127.0.0.1", "127.0.0.2", port, marks);
	expect_only(superd, "127.1.0.6", "127.1.0.7", port, marks);
}

Behaviour(filter, a_dual_stack_socket_tells_clients_of_ipv4_apart)
{
	const char *marks = path_in("marks");
	struct superd *superd;

	SKIP_WITHOUT_FILTERS();
	superd = clock_run(handed, "*", free_port(), backend("-m %s take 1", marks), "no_access = \"127.0.0.2\"");
	expect_only(superd, "127.0.0.1", "127.0.0.2", superd_port(superd, "handed"), marks);
}

/* A process beside superd sets rules on a socket that a program has or has had. Only superctl waits for that. */
static void reloaded(struct superd *superd, bool good)
{
	cr_assert(good);
	clock_settle(superd);
}

Behaviour(filter, a_reload_changes_who_may_come_on_the_open_socket)
{
	const char *marks = path_in("marks"), *exec = backend("-m %s take 1", marks);
	int port = free_port();
	struct superd *superd;

	SKIP_WITHOUT_FILTERS();
	superd = clock_run(handed, "127.0.0.1", port, exec, "only_from = \"127.0.0.1\"");
	superd_wait_log(superd, "handed: listening on ");
	expect_only(superd, "127.0.0.1", "127.0.0.2", port, marks);
	reloaded(superd, superd_reload(superd, handed, "127.0.0.1", port, exec, "only_from = \"127.0.0.2\""));
	expect_only(superd, "127.0.0.2", "127.0.0.1", port, marks);
	reloaded(superd, superd_reload(superd, handed, "127.0.0.1", port, exec, ""));
	client_ask_pid(port);
	cr_assert_eq(superd_log_count(superd, "handed: listening on "), 1, "%s", world_logs());
}

Behaviour(filter, with_intercept_every_datagram_is_looked_at)
{
	const char *marks = path_in("marks");
	struct superd *superd = clock_run(handed, "udp:127.0.0.1", 0, backend("-m %s datagrams 1000000", marks),
					  "only_from = \"127.0.0.1\"\n intercept = yes");
	int port = superd_port(superd, "handed");
	int stranger = client_from("127.0.0.2", SOCK_DGRAM, port), friend = client_from("127.0.0.1", SOCK_DGRAM, port);

	client_send(stranger, "let me in");
	cr_assert_not_null(strstr(datagram_ask(friend, "hello"), " hello"));
	client_send(stranger, "and now");
	clock_advance(superd, HOUR_MS);
	cr_assert(client_is_quiet(stranger, 0));
	cr_assert_not_null(strstr(datagram_ask(friend, "again"), " again"));
	cr_assert_eq(count_lines(marks), 1);
	cr_assert_not(superd_logged(superd, "127.0.0.2"));
	close(stranger);
	close(friend);
}

Behaviour(filter, while_a_backend_has_the_datagrams_the_kernel_looks_at_every_one)
{
	const char *marks = path_in("marks");
	struct superd *superd = clock_run(handed, "udp:127.0.0.1", 0, backend("-m %s datagrams 1000000", marks),
					  "only_from = \"127.0.0.1\"");
	int port = superd_port(superd, "handed");
	int stranger = client_from("127.0.0.2", SOCK_DGRAM, port), friend = client_from("127.0.0.1", SOCK_DGRAM, port);

	for (size_t n = 0; n < 2; n++) {
		const char *answer = datagram_ask(friend, "hello");
		size_t refused;

		cr_assert_not_null(strstr(answer, " hello"));
		refused = superd_log_count(superd, "refused 127.0.0.2");
		client_send(stranger, "now that it runs");
		clock_advance(superd, HOUR_MS);
		cr_assert(client_is_quiet(stranger, 0), "%s", world_logs());
		cr_assert_eq(superd_log_count(superd, "refused 127.0.0.2"), refused, "%s", world_logs());
		cr_assert_eq(kill((pid_t)strtol(answer, NULL, 10), SIGTERM), 0);
		WAIT_UNTIL(superd_processes(superd) == 0);
		client_send(stranger, "now that it has ended");
		clock_settle(superd);
		cr_assert_eq(superd_log_count(superd, "refused 127.0.0.2"), refused, "%s", world_logs());
		cr_assert_eq(count_lines(marks), n + 1);
	}
	close(stranger);
	close(friend);
}

Behaviour(filter, a_reload_changes_the_rules_of_a_running_server_of_datagrams)
{
	const char *marks = path_in("marks"), *exec = backend("-m %s datagrams 1000000", marks);
	int port = free_port();
	struct superd *superd = clock_run(handed, "udp:127.0.0.1", port, exec, "");
	int stranger = client_from("127.0.0.2", SOCK_DGRAM, port), friend = client_from("127.0.0.1", SOCK_DGRAM, port);

	superd_wait_log(superd, "handed: listening on ");
	cr_assert_not_null(strstr(datagram_ask(friend, "hello"), " hello"));
	cr_assert_not_null(strstr(datagram_ask(stranger, "hello"), " hello"));
	reloaded(superd, superd_reload(superd, handed, "udp:127.0.0.1", port, exec, "only_from = \"127.0.0.1\""));
	client_send(stranger, "and now");
	clock_advance(superd, HOUR_MS);
	cr_assert(client_is_quiet(stranger, 0), "%s", world_logs());
	cr_assert_not_null(strstr(datagram_ask(friend, "again"), " again"));
	reloaded(superd, superd_reload(superd, handed, "udp:127.0.0.1", port, exec, ""));
	cr_assert_not_null(strstr(datagram_ask(stranger, "at last"), " at last"));
	cr_assert_eq(count_lines(marks), 1);
	close(stranger);
	close(friend);
}

static bool is_served(int client, bool stream)
{
	if (!stream)
		return !strcmp(datagram_ask(client, "hello"), "hello");
	client_send(client, "hello\n");
	return !strcmp(client_line(client), "hello");
}

/* A process of superd's own takes the clients, and goes on through the reload, as its first client stays. */
static void expect_new_rules(const char *kind, const char *work, bool redirects)
{
	static const char table[] = "defaults { user = \"%s\" }\n"
				    "service handed { listen = \"%s127.0.0.1:%d\" %s only_from = \"%s\" }\n"
				    "service target { listen = \"%s127.0.0.1:%d\" accept = yes builtin = echo }\n";
	bool stream = !*kind;
	int port = free_port(), target = free_port(), type = stream ? SOCK_STREAM : SOCK_DGRAM, first, old, friend;
	struct superd *superd;
	char does[160];

	SKIP_WITHOUT_FILTERS();
	if (redirects && *work)
		SKIP_WITHOUT_OTHER_USERS();
	if (redirects)
		snprintf(does, sizeof(does), "%s redirect = \"127.0.0.1 %d\"", work, target);
	else
		snprintf(does, sizeof(does), "%s", work);
	superd = clock_run(table, own_user(), kind, port, does, "127.0.0.1", kind, target);
	superd_wait_log(superd, "target: listening on ");
	first = stream ? client_connect_from("127.0.0.1", port) : client_from("127.0.0.1", type, port);
	cr_assert(is_served(first, stream));
	reloaded(superd, superd_reload(superd, table, own_user(), kind, port, does, "127.0.0.2", kind, target));
	old = client_from("127.0.0.1", type, port);
	if (!stream)
		client_send(old, "hello");
	friend = stream ? client_connect_from("127.0.0.2", port) : client_from("127.0.0.2", type, port);
	cr_assert(is_served(friend, stream), "%s", world_logs());
	clock_settle(superd);
	cr_assert(client_is_quiet(old, 0), "%s", world_logs());
	superd_expect_count(superd, "handed: started", 1);
	cr_assert(!stream || is_served(first, stream));
	close(first);
	close(old);
	close(friend);
	superd_stop(superd);
}

Behaviour(filter, a_reload_changes_the_rules_of_a_running_redirect)
{
	expect_new_rules("", "", true);
}

Behaviour(filter, a_reload_changes_the_rules_of_a_running_redirect_of_datagrams)
{
	expect_new_rules("udp:", "", true);
}

Behaviour(filter, a_reload_changes_the_rules_of_a_running_relay)
{
	expect_new_rules("", "exec = \"/bin/sleep 1000\"", true);
}

Behaviour(filter, a_reload_changes_the_rules_of_a_running_relay_of_datagrams)
{
	expect_new_rules("udp:", "exec = \"/bin/sleep 1000\"", true);
}

Behaviour(filter, a_reload_changes_the_rules_of_a_running_builtin)
{
	expect_new_rules("", "builtin = echo", false);
}

/* Superd hands a socket of datagrams over also where it accepts. */
Behaviour(filter, senders_are_judged_while_the_server_of_a_burst_runs)
{
	int port = free_port();
	struct superd *superd = clock_run(handed, "udp:127.0.0.1", port, backend("datagrams 1000000"),
					  "accept = yes only_from = \"127.0.0.1\"");
	int stranger = client_from("127.0.0.2", SOCK_DGRAM, port), friend = client_from("127.0.0.1", SOCK_DGRAM, port);

	superd_wait_log(superd, "handed: listening on ");
	cr_assert_not_null(strstr(datagram_ask(friend, "hello"), " hello"));
	client_send(stranger, "hello");
	cr_assert_not_null(strstr(datagram_ask(friend, "again"), " again"));
	clock_settle(superd);
	cr_assert(client_is_quiet(stranger, 0));
	superd_expect_count(superd, "handed: started", 1);
	close(stranger);
	close(friend);
}

Behaviour(filter, rules_end_with_the_row_that_had_them_also_where_the_sockets_change)
{
	static const char two[] =
		"service handed { listen = { \"udp:127.0.0.1:%d\", \"udp:127.0.0.1:%d\" } exec = \"%s\" }\n";
	const char *marks = path_in("marks"), *exec = backend("-m %s datagrams 300", marks);
	int port = free_port();
	struct superd *superd = clock_run(handed, "udp:127.0.0.1", port, exec, "only_from = \"127.0.0.1\"");
	int stranger = client_from("127.0.0.2", SOCK_DGRAM, port), friend = client_from("127.0.0.1", SOCK_DGRAM, port);

	superd_wait_log(superd, "handed: listening on ");
	cr_assert_not_null(strstr(datagram_ask(friend, "hello"), " hello"));
	reloaded(superd, superd_reload(superd, two, port, free_port(), exec));
	/* The kernel's rules go beside superd's loop, as above. */
	WAIT_UNTIL((client_send(stranger, "at last"), clock_settle(superd), !client_is_quiet(stranger, 0)));
	cr_assert_not_null(strstr(datagram_ask(stranger, "at last"), " at last"));
	close(stranger);
	close(friend);
}

Behaviour(filter, a_socket_that_superd_was_given_keeps_to_the_rules)
{
	const char *marks = path_in("marks");
	int port = free_port(), listener = listen_on(port);
	const struct setup setup = { .listener = listener, .clock = true };
	struct superd *superd;

	SKIP_WITHOUT_FILTERS();
	superd = superd_run_with(&setup, handed, "127.0.0.1", port, backend("-m %s take 1", marks),
				 "only_from = \"127.0.0.1\"");
	close(listener);
	superd_wait_log(superd, "(inherited)");
	expect_only(superd, "127.0.0.1", "127.0.0.2", port, marks);
}

Behaviour(filter, names_of_hosts_are_refused_by_check)
{
	struct outcome outcome = SUPERD_ANSWER(
		"--check", "-f",
		write_file("names.conf", handed, "127.0.0.1", 0, "/bin/true", "only_from = \".example.org\""));

	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(outcome.err, "names.conf:4"), "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.err, "handed: only_from: with accept = no the kernel enforces it"), "%s",
			   outcome.err);
}
