/* What happens around a question about a client while it is open: limits, reloads, the end of superd, and helpers that
 * are missing or die. The answers themselves are test_lookup's. The slow part is the test's own ident server, in a
 * network of its own. */
#include <netinet/in.h>
#include <sys/mount.h>

#include "controlling.h"
#include "harness.h"
#include "private.h"

enum { IDENT_PORT = 113, QUESTION_MS = 30 * SECOND_MS };

static int ident_listener(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(IDENT_PORT) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	cr_assert(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0);
	cr_assert(bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0 && listen(fd, 64) == 0);
	return fd;
}

static int take_question(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	cr_assert_geq(fd, 0);
	return fd;
}

static void answer(int question)
{
	char ports[64];

	cr_assert_eq(sscanf(client_line(question), "%63[0-9 ,]", ports), 1);
	client_send(question, text_of("%s : USERID : UNIX : somebody\r\n", ports));
	close(question);
}

static const char asking[] = "service asked {\n listen = { %s }\n accept = yes\n id_only = yes\n user = root\n"
			     " exec = \"/bin/cat\"\n%s\n}\n";

static struct superd *run_asking(const char *options)
{
	return clock_run(asking, "\"127.0.0.1:0\"", options);
}

static void expect_hello(int client)
{
	cr_assert_str_eq(client_line(client), "hello", "%s", world_logs());
	close(client);
}

static void expect_echo(int client)
{
	client_send(client, "hello\n");
	expect_hello(client);
}

/* Two clients where one may be; the first is asked about. */
struct rivals {
	struct superd *superd;
	int listener, first, second, question;
};

static struct rivals rivals_open(void)
{
	struct rivals rivals;
	int port;

	private_enter_with_hosts();
	rivals.listener = ident_listener();
	rivals.superd = run_asking("instances = 1");
	port = superd_port(rivals.superd, "asked");
	rivals.first = client_connect(port);
	rivals.question = take_question(rivals.listener);
	rivals.second = client_connect(port);
	return rivals;
}

/* The second is served, now that the first makes room. */
static void rivals_close(struct rivals *rivals)
{
	answer(take_question(rivals->listener));
	expect_echo(rivals->second);
	close(rivals->listener);
	superd_stop(rivals->superd);
}

Behaviour(lookup_life, a_client_counts_while_it_is_asked_about)
{
	struct rivals rivals = rivals_open();

	clock_advance(rivals.superd, QUESTION_MS / 2);
	cr_assert_eq(superd_processes(rivals.superd), 1, "%s", world_logs());
	answer(rivals.question);
	expect_echo(rivals.first);
	rivals_close(&rivals);
}

Behaviour(lookup_life, who_is_refused_makes_room)
{
	struct rivals rivals = rivals_open();

	close(rivals.question); /* no answer is a no */
	cr_assert(client_sees_end(rivals.first));
	superd_wait_log(rivals.superd, "asked: refused 127.0.0.1: its ident server names no user (id_only)");
	close(rivals.first);
	rivals_close(&rivals);
}

/* A client that is asked about, at a port that a reload can keep. */
struct visit {
	struct superd *superd;
	int port, listener, client, question;
};

static struct visit visit_open(const char *options)
{
	struct visit visit;

	private_enter_with_hosts();
	visit.listener = ident_listener();
	visit.port = free_port();
	visit.superd = superd_run(asking, text_of("\"127.0.0.1:%d\"", visit.port), options);
	superd_port(visit.superd, "asked");
	visit.client = client_connect(visit.port);
	visit.question = take_question(visit.listener);
	return visit;
}

Behaviour(lookup_life, a_client_goes_along_when_a_reload_changes_the_sockets)
{
	struct visit visit = visit_open("");

	cr_assert(superd_reload(visit.superd, asking,
				text_of("\"127.0.0.1:%d\", \"127.0.0.2:%d\"", visit.port, visit.port), ""));
	answer(take_question(visit.listener)); /* it is asked about again, under its new row */
	expect_echo(visit.client);
	close(visit.question);
	close(visit.listener);
	WAIT_UNTIL(superd_processes(visit.superd) == 0);
	superd_stop(visit.superd);
}

/* Its question is another one, or none is left. */
Behaviour(lookup_life, the_rules_of_now_count_behind_a_reload)
{
	struct visit visit = visit_open("");

	cr_assert(superd_reload(visit.superd, asking, text_of("\"127.0.0.1:%d\"", visit.port),
				"no_access = \"127.0.0.1\""));
	cr_assert(client_sees_end(visit.client), "%s", world_logs());
	close(visit.question);
	close(visit.client);
	close(visit.listener);
	superd_stop(visit.superd);
}

/* What its start needs is looked for in the row of now: that of then is gone. */
Behaviour(lookup_life, who_is_let_in_after_a_reload_starts_by_the_row_of_now)
{
	struct visit visit = visit_open("notify_access = main");

	cr_assert(superd_reload(visit.superd, asking, text_of("\"127.0.0.1:%d\"", visit.port),
				"notify_access = main\n nice = 1"));
	answer(take_question(visit.listener));
	close(visit.question);
	expect_echo(visit.client);
	close(visit.listener);
	WAIT_UNTIL(superd_processes(visit.superd) == 0);
	superd_stop(visit.superd);
}

/* More clients than are started in one turn, each of whom is asked about. */
enum { CROWD = 40 };

struct crowd {
	int listener, clients[CROWD], questions[CROWD];
};

static void crowd_come(struct crowd *crowd, int port)
{
	for (int n = 0; n < CROWD; n++) {
		crowd->clients[n] = client_connect(port);
		crowd->questions[n] = take_question(crowd->listener);
	}
}

static void crowd_is_served(struct crowd *crowd, struct superd *superd)
{
	for (int n = 0; n < CROWD; n++)
		expect_echo(crowd->clients[n]);
	close(crowd->listener);
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_assert_not(superd_logged(superd, "refused"), "%s", world_logs());
	superd_stop(superd);
}

Behaviour(lookup_life, a_crowd_goes_along_when_a_reload_changes_the_sockets)
{
	struct superd *superd;
	struct crowd crowd;
	int port;

	private_enter_with_hosts();
	crowd.listener = ident_listener();
	port = free_port();
	superd = superd_run(asking, text_of("\"127.0.0.1:%d\"", port), "");
	superd_port(superd, "asked");
	crowd_come(&crowd, port);
	cr_assert(superd_reload(superd, asking, text_of("\"127.0.0.1:%d\", \"127.0.0.2:%d\"", port, port), ""));
	cr_assert_not(superd_logged(superd, "refused"), "%s", world_logs());
	for (int n = 0; n < CROWD; n++) {
		close(crowd.questions[n]);
		answer(take_question(crowd.listener));
	}
	crowd_is_served(&crowd, superd);
}

Behaviour(lookup_life, a_crowd_that_is_let_in_while_the_service_is_held_is_served_afterwards)
{
	struct superd *superd;
	struct crowd crowd;

	private_enter_with_hosts();
	crowd.listener = ident_listener();
	superd = controlled_run(asking, "\"127.0.0.1:0\"", "");
	crowd_come(&crowd, superd_port(superd, "asked"));
	cr_assert(control_is_done(control_once("hold asked")));
	for (int n = 0; n < CROWD; n++)
		answer(crowd.questions[n]);
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_assert(control_is_done(control_once("release asked")));
	crowd_is_served(&crowd, superd);
}

Behaviour(lookup_life, a_crowd_that_is_asked_about_goes_along_when_superd_is_upgraded)
{
	struct superd *superd;
	struct crowd crowd;

	private_enter_with_hosts();
	crowd.listener = ident_listener();
	superd = run_asking("");
	crowd_come(&crowd, superd_port(superd, "asked"));
	superd_upgrade(superd);
	for (int n = 0; n < CROWD; n++) {
		close(crowd.questions[n]);
		answer(take_question(crowd.listener));
	}
	crowd_is_served(&crowd, superd);
}

static void see_them_sent_away(const char *endpoint)
{
	int listener, client, question;
	struct superd *superd;

	private_enter_with_hosts();
	listener = ident_listener();
	superd = run_asking("");
	client = client_connect(superd_port(superd, "asked"));
	question = take_question(listener);
	cr_assert(superd_reload(superd, "service other {\n listen = \"%s\"\n user = root\n exec = \"%s\"\n}\n",
				endpoint, backend("take 1")));
	cr_assert(client_sees_end(client));
	superd_wait_log(superd, "refused 127.0.0.1: its listener is closed");
	WAIT_UNTIL(superd_processes(superd) == 0);
	close(question);
	close(client);
	close(listener);
	superd_stop(superd);
}

Behaviour(lookup_life, a_service_that_is_removed_sends_them_away)
{
	see_them_sent_away("127.0.0.2:0");
}

/* The socket of before goes over to a service that could not do anything with them. */
Behaviour(lookup_life, a_service_that_does_not_accept_sends_them_away)
{
	see_them_sent_away("127.0.0.1:0");
}

/* As whoever waits at an address that goes. The rules of another are not his. */
Behaviour(lookup_life, an_address_that_is_removed_sends_them_away)
{
	struct visit visit = visit_open("");

	cr_assert(superd_reload(visit.superd, asking, text_of("\"127.0.0.2:%d\"", visit.port), ""));
	cr_assert(client_sees_end(visit.client));
	superd_wait_log(visit.superd, "refused 127.0.0.1: its listener is closed");
	close(visit.question);
	close(visit.client);
	close(visit.listener);
	superd_stop(visit.superd);
}

Behaviour(lookup_life, superd_ends_over_open_questions)
{
	int listener, clients[5], questions[5], port;
	struct superd *superd;

	private_enter_with_hosts();
	listener = ident_listener();
	superd = run_asking("");
	port = superd_port(superd, "asked");
	for (int n = 0; n < 5; n++) {
		clients[n] = client_connect(port);
		questions[n] = take_question(listener);
	}
	superd_stop(superd);
	for (int n = 0; n < 5; n++) {
		cr_assert(client_sees_end(clients[n]));
		close(clients[n]);
		close(questions[n]);
	}
	close(listener);
}

Behaviour(lookup_life, a_helper_that_dies_is_a_no)
{
	int listener, client, question;
	struct superd *superd;
	pid_t helper;

	private_enter_with_hosts();
	listener = ident_listener();
	superd = run_asking("");
	client = client_connect(superd_port(superd, "asked"));
	question = take_question(listener);
	WAIT_UNTIL(superd_others(superd, &helper, 1) == 1);
	cr_assert_eq(kill(helper, SIGKILL), 0);
	cr_assert(client_sees_end(client));
	WAIT_UNTIL(superd_processes(superd) == 0);
	close(question);
	close(client);
	close(listener);
}

Behaviour(lookup_life, leave_nothing_behind)
{
	int listener, port, client;
	struct superd *superd;
	size_t descriptors = 0;

	private_enter_with_hosts();
	listener = ident_listener();
	superd = run_asking("");
	port = superd_port(superd, "asked");
	for (int n = 0; n < 40; n++) {
		client = client_connect(port);
		if (n % 4 == 3)
			close(take_question(listener));
		else
			answer(take_question(listener));
		if (n % 4 == 3)
			cr_assert(client_sees_end(client));
		else
			expect_echo(client);
		if (n % 4 == 3)
			close(client);
		WAIT_UNTIL(superd_processes(superd) == 0);
		descriptors = n ? descriptors : superd_fd_count(superd);
	}
	superd_expect_fds(superd, descriptors);
	close(listener);
}

/* More refused clients than are kept for a question are refused without one. */
Behaviour(lookup_life, a_refused_client_is_asked_about_but_not_a_crowd_of_them)
{
	enum { MANY = 24, KEPT = 16 };
	int listener, clients[MANY], questions[KEPT], port;
	const char *log = path_in("log");
	struct superd *superd;

	private_enter_with_hosts();
	listener = ident_listener();
	superd = superd_run(
		"service s {\n listen = \"127.0.0.1:0\"\n accept = yes\n user = root\n exec = \"/bin/cat\"\n"
		" no_access = \"127.0.0.1\"\n log_type = { FILE, \"%s\" }\n log_on_failure = { HOST, USERID }\n}\n",
		log);
	port = superd_port(superd, "s");
	for (int n = 0; n < MANY; n++)
		clients[n] = client_connect(port);
	WAIT_UNTIL(superd_log_count(superd, "refused 127.0.0.1") == MANY);
	for (int n = 0; n < KEPT; n++)
		questions[n] = take_question(listener);
	for (int n = 0; n < KEPT; n++)
		answer(questions[n]);
	for (int n = 0; n < MANY; n++) {
		cr_assert(client_sees_end(clients[n]));
		close(clients[n]);
	}
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_assert_eq(count_lines(log), MANY + KEPT, "%s", read_text(log));
	close(listener);
}

Behaviour(lookup_life, where_none_can_be_asked_what_restricts_refuses_and_what_logs_goes_on)
{
	static const char *const arguments[] = { "--no-preflight", NULL };
	const struct setup setup = { .arguments = arguments };
	const char *log = path_in("log");
	struct superd *superd;
	int client;

	private_enter_with_hosts();
	cr_assert_eq(mount("tmpfs", getenv("SUPERD_LIBEXEC"), "tmpfs", 0, "mode=0755"), 0);
	superd = superd_run_with(&setup,
				 "service strict {\n listen = \"127.0.0.1:0\"\n accept = yes\n user = root\n"
				 " exec = \"/bin/cat\"\n only_from = client.example.org\n}\n"
				 "service open {\n listen = \"127.0.0.1:0\"\n accept = yes\n user = root\n"
				 " exec = \"/bin/cat\"\n log_type = { FILE, \"%s\" }\n"
				 " log_on_success = { HOST, USERID }\n}\n",
				 log);
	client = client_connect_from("127.0.0.2", superd_port(superd, "strict"));
	cr_assert(client_sees_end(client), "%s", world_logs());
	close(client);
	superd_wait_log(superd, "superd-lookup");
	expect_echo(client_connect(superd_port(superd, "open")));
}

/* A banner behind what another program says, or the end of the connection in the midst of it, would be superd's. */
Behaviour(lookup_life, superd_is_silent_to_a_client_that_a_twist_took)
{
	const char *sorry = write_file("sorry", "sorry\n");
	struct superd *superd;
	int client;

	SKIP_WITHOUT(strstr(SUPERD_ANSWER("--version").out, "libwrap"), "superd was built without libwrap");
	private_enter_with_hosts();
	private_file("/etc/hosts.allow", "%s", "catd: ALL: twist (read line; echo twisted $line)\n");
	private_file("/etc/hosts.deny", "%s", "");
	superd =
		superd_run("service s {\n listen = \"127.0.0.1:0\"\n accept = yes\n user = root\n exec = \"/bin/cat\"\n"
			   " libwrap = \"catd commands\"\n banner_fail = \"%s\"\n}\n",
			   sorry);
	client = client_connect(superd_port(superd, "s"));
	superd_wait_log(superd, "s: refused 127.0.0.1: hosts.allow and hosts.deny left it to another program");
	client_send(client, "hello\n");
	cr_assert_str_eq(client_rest(client), "twisted hello\n");
	close(client);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(lookup_life, a_helper_that_dies_over_libwrap_has_left_its_client_to_nobody)
{
	const char *fifo = path_in("fifo");
	struct superd *superd;
	int client, end;
	pid_t helpers[8];

	SKIP_WITHOUT(strstr(SUPERD_ANSWER("--version").out, "libwrap"), "superd was built without libwrap");
	private_enter_with_hosts();
	cr_assert(mkfifo(fifo, 0600) == 0 && chmod(fifo, 0666) == 0);
	private_file("/etc/hosts.allow", "catd: ALL: spawn (read line <%s)\n", fifo);
	superd = superd_run("service s {\n listen = \"127.0.0.1:0\"\n accept = yes\n user = root\n"
			    " exec = \"/bin/cat\"\n libwrap = \"catd commands\"\n}\n");
	client = client_connect(superd_port(superd, "s"));
	end = open(fifo, O_WRONLY | O_CLOEXEC); /* its command reads there by now */
	cr_assert_geq(end, 0);
	WAIT_UNTIL(superd_others(superd, helpers, 8) >= 1);
	cr_assert_eq(kill(helpers[0], SIGKILL), 0);
	superd_wait_log(superd, "s: refused 127.0.0.1: hosts.allow and hosts.deny could not be checked (libwrap)");
	cr_assert(client_sees_end(client));
	close(client);
	close(end);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

static int datagram_from(const char *from, int port)
{
	struct sockaddr_in own = { .sin_family = AF_INET },
			   to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(strrchr(from, '.')[1] - '1'));
	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&own, sizeof(own)) == 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void expect_names_to_count(const char *accept)
{
	const char *marks = path_in("marks");
	struct superd *superd;
	int port, friend, stranger;

	private_enter_with_hosts();
	superd = clock_run("service s {\n listen = \"udp:127.0.0.1:0\"\n accept = %s\n user = root\n exec = \"%s\"\n"
			    " only_from = client.example.org\n}\n",
			    accept, backend("-m %s datagrams 100", marks));
	port = superd_port(superd, "s");
	stranger = datagram_from("127.0.0.3", port);
	friend = datagram_from("127.0.0.2", port);
	client_send(stranger, "let me in");
	superd_wait_log(superd, "s: refused 127.0.0.3: address not allowed (only_from, no_access)");
	cr_assert_not_null(strstr(datagram_ask(friend, "hello"), " hello"));
	WAIT_UNTIL(superd_processes(superd) == 0);
	clock_advance(superd, MINUTE_MS);       /* so soon again it would not be logged */
	client_send(stranger, "again");
	superd_wait_log(superd, "s: refused 127.0.0.3");
	cr_assert_eq(count_lines(marks), 1);
	close(friend);
	close(stranger);
	superd_stop(superd);
}

Behaviour(lookup_life, senders_of_datagrams_are_known_by_name_before_a_start)
{
	expect_names_to_count("no");
}

Behaviour(lookup_life, senders_of_datagrams_are_known_by_name_with_accept_too)
{
	expect_names_to_count("yes");
}

static const char by_name[] = "service s {\n listen = \"udp:127.0.0.1:%d\"\n accept = yes\n user = root\n"
			      " exec = \"%s\"\n only_from = client.example.org\n%s\n}\n";

Behaviour(lookup_life, a_sender_who_was_asked_about_counts_once)
{
	struct superd *superd;
	int port, friend;

	private_enter_with_hosts();
	superd = superd_run(by_name, 0, backend("datagrams 50"), "per_source_cpm = 2");
	port = superd_port(superd, "s");
	friend = datagram_from("127.0.0.2", port);
	for (int n = 0; n < 2; n++) {
		cr_assert_not_null(strstr(datagram_ask(friend, "hello"), " hello"));
		WAIT_UNTIL(superd_processes(superd) == 0);
	}
	client_send(friend, "once more");
	superd_wait_log(superd, "s from 127.0.0.2 exceeded counts/min (limit 2/min)");
	close(friend);
}

Behaviour(lookup_life, what_a_sender_was_told_ends_with_the_row)
{
	const char *exec = backend("datagrams 50");
	struct superd *superd;
	int port, friend;

	private_enter_with_hosts();
	port = free_port();
	superd = superd_run(by_name, port, exec, "");
	superd_wait_log(superd, "s: listening on ");
	friend = datagram_from("127.0.0.2", port);
	cr_assert_not_null(strstr(datagram_ask(friend, "hello"), " hello"));
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_assert(superd_reload(superd, by_name, port, exec, "no_access = .example.org"));
	client_send(friend, "again");
	superd_wait_log(superd, "s: refused 127.0.0.2: address not allowed (only_from, no_access)");
	close(friend);
}

Behaviour(lookup_life, what_a_sender_was_told_ends_with_the_files_of_libwrap)
{
	struct superd *superd;
	int port, friend;

	SKIP_WITHOUT(strstr(SUPERD_ANSWER("--version").out, "libwrap"), "superd was built without libwrap");
	private_enter_with_hosts();
	private_file("/etc/hosts.allow", "superd-tests: ALL\n");
	superd = superd_run("service s { listen = \"udp:127.0.0.1:0\" accept = yes user = root exec = \"%s\""
			    " libwrap = superd-tests }", backend("datagrams 50"));
	port = superd_port(superd, "s");
	friend = datagram_from("127.0.0.2", port);
	cr_assert_not_null(strstr(datagram_ask(friend, "hello"), " hello"));
	WAIT_UNTIL(superd_processes(superd) == 0);
	private_file("/etc/hosts.allow", "superd-tests: 127.0.0.3\n");
	private_file("/etc/hosts.deny", "superd-tests: ALL\n");
	client_send(friend, "again");
	superd_wait_log(superd, "s: refused 127.0.0.2: denied by hosts.allow and hosts.deny (libwrap)");
	close(friend);
}

Behaviour(lookup_life, who_is_not_let_in_by_the_row_of_now_is_refused)
{
	const char *endpoint;
	int listener, client, question, port;
	struct superd *superd;

	SKIP_WITHOUT(strstr(SUPERD_ANSWER("--version").out, "libwrap"), "superd was built without libwrap");
	private_enter_with_hosts();
	private_file("/etc/hosts.deny", "superd-tests: ALL\n");
	listener = ident_listener();
	port = free_port();
	endpoint = text_of("\"127.0.0.1:%d\"", port);
	superd = superd_run(asking, endpoint, "");
	superd_port(superd, "asked");
	client = client_connect(port);
	question = take_question(listener);
	cr_assert(superd_reload(superd, asking, endpoint, "libwrap = superd-tests"));
	answer(take_question(listener));
	cr_assert(client_sees_end(client), "%s", world_logs());
	superd_wait_log(superd, "refused 127.0.0.1: denied by hosts.allow and hosts.deny (libwrap)");
	close(question);
	close(client);
	close(listener);
}

Behaviour(lookup_life, who_is_asked_about_when_the_service_becomes_a_sensor_has_touched_it)
{
	const char *endpoint;
	int listener, client, next, question, port;
	struct superd *superd;

	private_enter_with_hosts();
	listener = ident_listener();
	port = free_port();
	endpoint = text_of("\"127.0.0.1:%d\"", port);
	superd = superd_run(asking, endpoint, "instances = 1");
	superd_port(superd, "asked");
	client = client_connect(port);
	question = take_question(listener);
	next = client_connect(port);
	cr_assert(superd_reload(superd, asking, endpoint, "instances = 1\n deny_time = 0"));
	close(question);
	cr_assert(client_sees_end(client), "%s", world_logs());
	superd_wait_log(superd, "asked: touched by 127.0.0.1");
	cr_assert(client_sees_end(next), "%s", world_logs());
	close(next);
	close(client);
	close(listener);
}
