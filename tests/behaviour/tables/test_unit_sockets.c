/* Several .socket units of one service, and a .socket as a unit of its own: each keeps its rules and conditions, and
 * one that is not there leaves the others served (systemd.socket(5), systemd.resource-control(5)). */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include "controlling.h"
#include "superctl.h"
#include "unit_files.h"

static const char *listen_line(int port)
{
	return text_of("ListenStream=127.0.0.1:%d\n", port);
}

/* superd with a control socket and these units; second NULL: none. */
static struct superd *run(bool clock, const char *first, const char *second)
{
	const char *const arguments[] = { "--control", control_path(), "-f", path_in("%s", first), second ? "-f" : NULL,
					  second ? path_in("%s", second) : NULL, NULL };
	const struct setup setup = { .arguments = arguments, .without_table = true, .clock = clock };
	struct superd *superd = superd_run_with(&setup, "%s", "");

	WAIT_UNTIL(client_can_connect_unix(control_path()));
	return superd;
}

/* That superctl tells of a socket that is not served: with its reason, and its word in a list. */
static void expect_told(const char *service, const char *reason, const char *word)
{
	static const char *const verbs[] = { "why", "status", "health" };

	for (size_t n = 0; n < sizeof(verbs) / sizeof(*verbs); n++) {
		struct outcome outcome = SUPERCTL(control_path(), verbs[n], service);

		cr_expect(strstr(outcome.out, reason), "%s: %s%s", verbs[n], outcome.out, outcome.err);
	}
	cr_expect(strstr(control_once("list"), text_of("\"absent\":\"%s\"", word)), "%s", control_once("list"));
}

/* Whether the kernel lets a client of this address in within these milliseconds. */
static bool is_let_in(const char *from, int port, int patience)
{
	struct sockaddr_in own = { .sin_family = AF_INET },
			   to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd answer = { fd, POLLOUT, 0 };
	bool answered;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(fd >= 0 && inet_pton(AF_INET, from, &own.sin_addr) == 1);
	cr_assert_eq(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		cr_assert_eq(errno, EINPROGRESS, "%s", strerror(errno));
	answered = poll(&answer, 1, patience) == 1 && answer.revents == POLLOUT;
	close(fd);
	return answered;
}

Behaviour(unit_sockets, a_rule_of_one_socket_admits_nobody_at_another)
{
	int a = free_port(), b = free_port(), c = free_port();
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0, "needs root: some kernels let root alone set a filter on a socket");
	write_pair("a", text_of("%sIPAddressDeny=any\nIPAddressAllow=127.0.0.2\n", listen_line(a)),
		   unit_backend("serve"));
	write_file("b.socket", "[Socket]\n%sService=a.service\nIPAddressDeny=any\nIPAddressAllow=127.0.0.3\n",
		   listen_line(b));
	write_file("c.socket", "[Socket]\n%sService=a.service\n", listen_line(c));
	superd = units_run("a.socket", "b.socket", "c.socket", NULL);
	superd_wait_log(superd, text_of("listening on tcp:127.0.0.1:%d", c));
	cr_expect(is_let_in("127.0.0.2", a, DEADLINE_MS));
	cr_expect_not(is_let_in("127.0.0.3", a, 0));
	cr_expect_not(is_let_in("127.0.0.2", b, 0));
	cr_expect(is_let_in("127.0.0.3", b, DEADLINE_MS));
	cr_expect(is_let_in("127.0.0.2", c, DEADLINE_MS));
	cr_expect(is_let_in("127.0.0.3", c, DEADLINE_MS));
}

Behaviour(unit_sockets, a_change_of_one_sockets_rule_leaves_the_other_as_it_was)
{
	int a = free_port(), b = free_port();
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0, "needs root: some kernels let root alone set a filter on a socket");
	write_pair("a", text_of("%sIPAddressDeny=127.0.0.2\n", listen_line(a)), unit_backend("serve"));
	write_file("b.socket", "[Socket]\n%sService=a.service\nIPAddressDeny=127.0.0.2\n", listen_line(b));
	superd = units_run("a.socket", "b.socket", NULL);
	superd_wait_log(superd, text_of("listening on tcp:127.0.0.1:%d", b));
	cr_expect_not(is_let_in("127.0.0.2", a, 0));
	write_pair("a", text_of("%sIPAddressDeny=127.0.0.3\n", listen_line(a)), unit_backend("serve"));
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, "reloaded");
	cr_expect(is_let_in("127.0.0.2", a, DEADLINE_MS));
	cr_expect_not(is_let_in("127.0.0.3", a, 0));
	cr_expect_not(is_let_in("127.0.0.2", b, 0));
	cr_expect(is_let_in("127.0.0.3", b, DEADLINE_MS));
}

/* With Accept=yes superd itself checks; an allowed network is an exception from any. */
Behaviour(unit_sockets, an_exception_from_a_denied_network_comes_in)
{
	int port = free_port(), client;
	struct superd *superd;

	write_pair("a",
		   text_of("%sAccept=yes\nIPAddressDeny=any\nIPAddressAllow=127.0.0.2/31\n",
			   listen_line(port)),
		   "ExecStart=/bin/cat\nStandardInput=socket\nStandardError=journal");
	superd = units_run("a.socket", NULL);
	superd_wait_log(superd, "listening on");
	client = client_connect_from("127.0.0.4", port);
	cr_expect(client_sees_end(client));
	close(client);
	client = client_connect_from("127.0.0.3", port);
	client_send(client, "hello\n");
	cr_expect_str_eq(client_line(client), "hello");
	close(client);
}

Behaviour(unit_sockets, one_that_cannot_be_opened_leaves_the_other_served_until_it_can)
{
	const char *report = path_in("report");
	int first = free_port(), second = free_port(), owner = listen_on(first);
	struct superd *superd;

	write_pair("a", listen_line(first), text_of("ExecStart=%s", report_to(report)));
	write_file("b.socket", "[Socket]\n%sService=a.service\n", listen_line(second));
	superd = run(true, "a.socket", "b.socket");
	superd_wait_log(superd, text_of("listening on tcp:127.0.0.1:%d", second));
	expect_told("a", "a.socket cannot be opened; superd tries again", "failed");
	cr_expect(strstr(control_once("health a"), "\"degraded\":true"), "%s", control_once("health a"));
	client_ask(second, "x\n");
	WAIT_UNTIL(read_text(report) && strstr(read_text(report), "LISTEN_FDNAMES"));
	cr_expect(strstr(read_text(report), "LISTEN_FDNAMES=b.socket\n"), "%s", read_text(report));
	cr_expect(strstr(read_text(report), "LISTEN_FDS=1\n"), "%s", read_text(report));
	clock_advance(superd, MINUTE_MS);
	cr_expect_eq(superd_log_count(superd, "cannot listen on"), 1u);
	close(owner);
	unlink(report);
	CLOCK_UNTIL(superd, MINUTE_MS, 10, superd_logged(superd, text_of("listening on tcp:127.0.0.1:%d", first)));
	client_ask(first, "x\n");
	WAIT_UNTIL(read_text(report) && strstr(read_text(report), "LISTEN_FDNAMES"));
	cr_expect(strstr(read_text(report), "LISTEN_FDNAMES=a.socket:b.socket\n"), "%s", read_text(report));
}

/* Then nobody would wake it: superd goes on trying, as for a service with one socket. */
Behaviour(unit_sockets, a_service_of_which_none_can_be_opened_has_failed)
{
	int first = free_port(), second = free_port(), owner[2] = { listen_on(first), listen_on(second) };
	struct superd *superd;

	write_pair("a", listen_line(first), unit_backend("serve"));
	write_file("b.socket", "[Socket]\n%sService=a.service\n", listen_line(second));
	superd = run(true, "a.socket", "b.socket");
	superd_wait_log(superd, "none of its sockets can be opened");
	cr_expect_str_eq(control_value(control_once("list a"), "state"), "binding");
	close(owner[0]);
	close(owner[1]);
	CLOCK_UNTIL(superd, MINUTE_MS, 10, superd_logged(superd, "listening on"));
	cr_expect_str_eq(strchr(client_ask(second, "hello\n"), ' '), " hello");
}

/* systemd fails the .socket at its limit; superd lets it rest, and the other goes on in both. */
Behaviour(unit_sockets, one_that_rests_leaves_the_other_served)
{
	int a = free_port(), b = free_port(), client;
	struct superd *superd;

	write_pair("a", text_of("%sTriggerLimitBurst=2\nTriggerLimitIntervalSec=1h\n", listen_line(a)),
		   unit_backend("take 1"));
	write_file("b.socket", "[Socket]\n%sService=a.service\n", listen_line(b));
	superd = run(true, "a.socket", "b.socket");
	for (int n = 0; n < 2; n++)
		cr_expect_str_eq(strchr(client_ask(a, "hello\n"), ' '), " hello");
	client = client_connect(a);
	client_send(client, "hello\n");
	superd_wait_log(superd, "a: a.socket: more than 2 starts in 1 h: it rests for 1 h, and clients wait");
	clock_advance(superd, 30 * MINUTE_MS);
	cr_expect(client_is_quiet(client, 0), "%s", world_logs());
	expect_told("a", "a.socket: more than 2 starts in 1 h: it rests for ", "rests");
	close(client);                  /* an instance that starts for b has a's socket, too */
	for (int n = 0; n < 3; n++)
		cr_expect_str_eq(strchr(client_ask(b, "hello\n"), ' '), " hello");
	client = client_connect(a);
	client_send(client, "hello\n");
	clock_advance(superd, 20 * MINUTE_MS);
	cr_expect(client_is_quiet(client, 0), "%s", world_logs());
	clock_advance(superd, 11 * MINUTE_MS);
	cr_expect_str_eq(strchr(client_line(client), ' '), " hello");
	close(client);
	cr_expect_eq(superd_log_count(superd, "it rests for"), 1u, "%s", world_logs());
}

Behaviour(unit_sockets, one_whose_condition_does_not_hold_stays_closed_until_it_is_asked_again)
{
	const char *wanted = path_in("wanted"), *unwanted = path_in("unwanted");
	int port = free_port();
	struct superd *superd;

	write_pair("a", listen_line(port), unit_backend("serve"));
	write_drop_in("a.socket", "[Unit]\nConditionPathExists=%s\nConditionPathExists=!%s\n", wanted, unwanted);
	superd = run(false, "a.socket", NULL);
	cr_expect_not(client_can_connect(port));
	cr_expect_str_eq(control_value(control_once("list a"), "state"), "condition");
	cr_expect(superd_logged(superd, text_of("ConditionPathExists=%s does not hold", wanted)));
	write_file("wanted", "%s", "");
	write_file("unwanted", "%s", "");
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, "reloaded");
	cr_expect_not(client_can_connect(port));
	unlink(unwanted);
	cr_expect(control_is_done(control_once("start a")));
	WAIT_UNTIL(client_can_connect(port));
	cr_expect_str_eq(strchr(client_ask(port, "hello\n"), ' '), " hello");
}

Behaviour(unit_sockets, one_without_its_condition_any_more_is_opened_by_a_reload)
{
	int port = free_port();
	struct superd *superd;

	write_pair("a", listen_line(port), unit_backend("serve"));
	write_drop_in("a.socket", "[Unit]\nConditionPathExists=%s\n", path_in("wanted"));
	superd = run(false, "a.socket", NULL);
	cr_expect_not(client_can_connect(port));
	write_drop_in("a.socket", "[Unit]\n");
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, "reloaded");
	WAIT_UNTIL(client_can_connect(port));
}

Behaviour(unit_sockets, a_condition_of_one_socket_says_nothing_of_the_other)
{
	int a = free_port(), b = free_port();
	struct superd *superd;

	write_pair("a", listen_line(a), unit_backend("serve"));
	write_drop_in("a.socket", "[Unit]\nAssertPathExists=%s\n", path_in("wanted"));
	write_file("b.socket", "[Unit]\nConditionPathExists=/\n[Socket]\n%sService=a.service\n", listen_line(b));
	superd = run(false, "a.socket", "b.socket");
	cr_expect_str_eq(strchr(client_ask(b, "hello\n"), ' '), " hello");
	cr_expect_not(client_can_connect(a));
	cr_expect(superd_logged(superd, "a.socket stays closed: AssertPathExists="), "%s", world_logs());
	expect_told("a", "a.socket stays closed: its conditions do not hold", "condition");
	write_file("wanted", "%s", "");
	cr_expect(control_is_done(control_once("disable a")));
	cr_expect(control_is_done(control_once("enable a")));
	cr_expect_str_eq(strchr(client_ask(a, "hello\n"), ' '), " hello");
}

Behaviour(unit_sockets, one_that_stays_closed_runs_no_commands)
{
	const char *path = path_in("a.sock");
	struct superd *superd;

	write_file("a.socket",
		   "[Unit]\nConditionPathExists=%s\n[Socket]\nListenStream=%s\n"
		   "ExecStartPre=/bin/sh -c 'echo \"before: it \"'\n"
		   "ExecStopPost=/bin/sh -c 'echo \"after: it \"'\n",
		   path_in("wanted"), path);
	write_file("a.service", "[Service]\n%s\n", unit_backend("serve"));
	superd = run(false, "a.socket", NULL);
	cr_expect_str_eq(control_value(control_once("list a"), "state"), "condition");
	cr_expect(control_is_done(control_once("disable a")));
	cr_expect_not(superd_logged(superd, "before: it"), "%s", world_logs());
	cr_expect_not(superd_logged(superd, "after: it"), "%s", world_logs());
	write_file("wanted", "%s", "");
	cr_expect(control_is_done(control_once("enable a")));
	superd_wait_log(superd, "before: it");
	wait_node(path);
	cr_expect(control_is_done(control_once("disable a")));
	superd_wait_log(superd, "after: it");
}

/* The table of a superd that was upgraded is asked anew, too. */
Behaviour(unit_sockets, one_that_stays_closed_does_so_over_an_upgrade)
{
	int a = free_port(), b = free_port();
	struct superd *superd;

	write_pair("a", listen_line(a), unit_backend("serve"));
	write_drop_in("a.socket", "[Unit]\nConditionPathExists=%s\n", path_in("wanted"));
	write_file("b.socket", "[Socket]\n%sService=a.service\n", listen_line(b));
	superd = run(false, "a.socket", "b.socket");
	cr_expect_str_eq(strchr(client_ask(b, "hello\n"), ' '), " hello");
	superd_upgrade(superd);
	cr_expect_not(client_can_connect(a));
	cr_expect_str_eq(strchr(client_ask(b, "hello\n"), ' '), " hello");
}

/* The service runs as another user, who may not write there. */
BehaviourOfUsers(unit_sockets, commands_of_a_socket_run_as_root)
{
	const char *path = path_in("a.sock"), *made = path_in("made");

	SKIP_WITHOUT(geteuid() == 0, "needs root");
	write_file("a.socket",
		   "[Socket]\nListenStream=%s\nExecStartPre=/bin/sh -c 'echo \"$(id -u)$HIS\" >%s'\n", path, made);
	write_file("a.service", "[Service]\nUser=%u\nEnvironment=HIS=service\n%s\n", (unsigned)lone_user(),
		   unit_backend("serve"));
	units_run("a.socket", NULL);
	wait_node(path);
	cr_expect_str_eq(read_text(made), "0\n");
}
