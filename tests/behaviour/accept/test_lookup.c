/* Clients that are asked about before they are let in: by the name of their machine, by hosts.allow and hosts.deny, by
 * their ident server. Real questions, in a network and an /etc of the test's own. */
#include <netinet/in.h>

#include "harness.h"
#include "private.h"

enum { IDENT_PORT = 113 };

static void enter_wrapped(const char *allow, const char *deny)
{
	SKIP_WITHOUT(strstr(SUPERD_ANSWER("--version").out, "libwrap"), "superd was built without libwrap");
	private_enter_with_hosts();
	private_file("/etc/hosts.allow", "%s", allow);
	private_file("/etc/hosts.deny", "%s", deny);
}

static struct superd *run_echo(const char *options)
{
	return superd_run("service echo { listen = \"0.0.0.0:0\" accept = yes user = root exec = \"/bin/cat\" %s }",
			  options);
}

static bool is_served(int port, const char *from)
{
	int fd = client_connect_from(from, port);
	bool served;

	client_send(fd, "hello\n");
	served = !client_sees_end(fd);
	close(fd);
	return served;
}

Behaviour(lookup, only_from_takes_hosts_and_domains_by_their_names)
{
	struct superd *superd;
	int port;

	private_enter_with_hosts();
	superd = run_echo("only_from = { client.example.org, .example.com, 127.0.0.7 }");
	port = superd_port(superd, "echo");
	cr_expect(is_served(port, "127.0.0.2"), "%s", world_logs());
	cr_expect(is_served(port, "127.0.0.7"), "%s", world_logs());
	cr_expect_not(is_served(port, "127.0.0.3"));
	cr_expect_not(is_served(port, "127.0.0.4"), "it has no name");
}

Behaviour(lookup, no_access_keeps_a_domain_out)
{
	struct superd *superd;
	int port;

	private_enter_with_hosts();
	superd = run_echo("no_access = .example.net");
	port = superd_port(superd, "echo");
	cr_expect(is_served(port, "127.0.0.2"), "%s", world_logs());
	cr_expect_not(is_served(port, "127.0.0.3"));
}

Behaviour(lookup, hosts_allow_and_hosts_deny_decide)
{
	struct superd *superd;
	int port;

	enter_wrapped("ourecho: 127.0.0.2\n", "ourecho: ALL\n");
	superd = run_echo("libwrap = ourecho");
	port = superd_port(superd, "echo");
	cr_expect(is_served(port, "127.0.0.2"), "%s", world_logs());
	cr_expect_not(is_served(port, "127.0.0.3"));
	superd_wait_log(superd, "refused 127.0.0.3");

	/* The files are looked at afresh. */
	private_file("/etc/hosts.allow", "ourecho: 127.0.0.3\n");
	cr_expect_not(is_served(port, "127.0.0.2"));
	cr_expect(is_served(port, "127.0.0.3"), "%s", world_logs());
}

Behaviour(lookup, who_was_asked_about_is_told_as_in_the_bsds)
{
	struct superd *superd;
	int port;

	enter_wrapped("# nobody\n", "# nobody\n");
	superd = run_echo("libwrap = superd-tests");
	port = superd_port(superd, "echo");
	cr_expect(is_served(port, "127.0.0.2"), "%s", world_logs());
	superd_wait_log(superd, "for 127.0.0.2");
	cr_expect_not(superd_logged(superd, "connection from"), "there was no rule to ask for\n%s", world_logs());
	private_file("/etc/hosts.deny", "%s", "superd-tests: 127.0.0.3\n");
	cr_expect(is_served(port, "127.0.0.4"), "%s", world_logs());
	superd_wait_log(superd, "\nconnection from 127.0.0.4, service echo (tcp)\n");
	cr_expect_not(is_served(port, "127.0.0.3"));
	superd_wait_log(superd, "\nrefused connection from 127.0.0.3, service echo (tcp)\n");
}

/* xinetd asks about the listening socket there, which is nobody's, and so refuses all of them where any are refused. */
Behaviour(lookup, a_server_with_the_listener_is_refused_where_rules_turn_clients_away)
{
	static const char format[] = "service waits\n{\n type = UNLISTED\n port = 4001\n socket_type = stream\n"
				     " protocol = tcp\n wait = yes\n user = root\n server = /bin/true\n%s}\n";
	const char *table, *meant;
	struct outcome outcome;

	enter_wrapped("", "");
	table = text_of("xinetd:%s", write_file("xinetd.conf", format, ""));
	meant = text_of("xinetd:%s", write_file("meant.conf", format, " flags = NOLIBWRAP\n"));
	cr_expect_eq(SUPERD_ANSWER("--check", "-f", table).status, 0);
	private_file("/etc/hosts.deny", "%s", "ALL: 192.0.2.1\n");
	outcome = SUPERD_ANSWER("--check", "-f", table);
	cr_expect_eq(outcome.status, 1);
	cr_expect_not_null(strstr(outcome.err, "error: waits: hosts.allow or hosts.deny has rules, but with "
					       "wait = yes"), "%s", outcome.err);
	cr_expect_eq(SUPERD_ANSWER("--check", "-f", meant).status, 0);
}

/* A command is started for strangers, so it needs the word of the row. */
Behaviour(lookup, commands_of_hosts_allow_run_only_where_the_row_asks_for_them)
{
	const char *note = path_in("note");
	struct superd *superd;
	int port;

	enter_wrapped(text_of("echod: 127.0.0.2: spawn (echo ran >%s)\nechod: 127.0.0.3: twist (echo twisted)\n", note),
		      "ALL: ALL\n");
	superd = run_echo("libwrap = echod");
	port = superd_port(superd, "echo");
	cr_expect(is_served(port, "127.0.0.2"), "%s", world_logs());
	cr_expect_not(is_served(port, "127.0.0.3"));
	superd_wait_log(superd, "refused 127.0.0.3");
	cr_expect_not(is_served(port, "127.0.0.4"));
	cr_expect_neq(access(note, F_OK), 0);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(lookup, a_twist_takes_the_client)
{
	struct superd *superd;
	int fd;

	enter_wrapped("echod: 127.0.0.2: twist (read line; echo twisted $line; read line; echo again $line)\n", "");
	superd = run_echo("libwrap = \"echod commands\"");
	fd = client_connect_from("127.0.0.2", superd_port(superd, "echo"));
	client_send(fd, "hello\n");
	cr_expect_str_eq(client_line(fd), "twisted hello");
	client_send(fd, "you\n");
	cr_expect_str_eq(client_line(fd), "again you");
	cr_expect(client_sees_end(fd));
	close(fd);
	cr_expect(is_served(superd_port(superd, "echo"), "127.0.0.3"), "%s", world_logs());
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(lookup, the_program_of_a_twist_ends_with_superd)
{
	struct superd *superd;
	int fd;

	enter_wrapped("echod: ALL: twist (echo here; exec sleep 1000)\n", "");
	superd = run_echo("libwrap = \"echod commands\"");
	fd = client_connect_from("127.0.0.2", superd_port(superd, "echo"));
	cr_expect_str_eq(client_line(fd), "here");
	superd_stop(superd);
	cr_expect(client_sees_end(fd));
	close(fd);
}

static int ident_listener(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(IDENT_PORT) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0 && listen(fd, 64) == 0);
	return fd;
}

/* Answers one question with its own ports, the comma and this behind. */
static void answer_ident(int listener, const char *rest)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	char ports[64];

	cr_assert_geq(fd, 0);
	cr_assert_eq(sscanf(client_line(fd), "%63[0-9 ,]", ports), 1);
	client_send(fd, text_of("%s : %s\r\n", ports, rest));
	close(fd);
}

Behaviour(lookup, id_only_takes_clients_whose_user_is_named)
{
	struct superd *superd;
	int listener, named, unnamed, port;

	private_enter_with_hosts();
	listener = ident_listener();
	superd = run_echo("id_only = yes");
	port = superd_port(superd, "echo");
	named = client_connect_from("127.0.0.2", port);
	answer_ident(listener, "USERID : UNIX : somebody");
	client_send(named, "hello\n");
	cr_expect_str_eq(client_line(named), "hello");
	unnamed = client_connect_from("127.0.0.2", port);
	answer_ident(listener, "ERROR : NO-USER");
	cr_expect(client_sees_end(unnamed));
	close(listener);
	unnamed = client_connect_from("127.0.0.2", port);
	cr_expect(client_sees_end(unnamed), "there is no ident server at all");
}

Behaviour(lookup, userid_is_logged_as_the_server_wrote_it)
{
	const char *log = path_in("log"), *text;
	struct superd *superd;
	int listener, fd;

	private_enter_with_hosts();
	listener = ident_listener();
	superd = run_echo(text_of("log_type = { FILE, \"%s\" } log_on_success = { HOST, USERID }", log));
	fd = client_connect_from("127.0.0.2", superd_port(superd, "echo"));
	answer_ident(listener, "USERID : UNIX : somebody");
	client_send(fd, "hello\n");
	cr_expect_str_eq(client_line(fd), "hello");
	WAIT_UNTIL(read_text(log) && strstr(read_text(log), "USERID: echo UNIX : somebody\n"));
	WAIT_UNTIL(strstr(read_text(log), "START: echo"));
	text = read_text(log);
	cr_expect(strstr(text, "USERID: echo") < strstr(text, "START: echo"), "%s", text);
	close(fd);
	close(listener);
}

Behaviour(lookup, a_slow_question_holds_nobody_else_up)
{
	struct superd *superd;
	int listener, waiting[8], port;

	private_enter_with_hosts();
	listener = ident_listener();
	superd = superd_run("defaults { user = root }\n"
			    "service asked { listen = \"0.0.0.0:0\" accept = yes exec = \"/bin/cat\" id_only = yes }\n"
			    "service echo { listen = \"0.0.0.0:0\" accept = yes exec = \"/bin/cat\" }\n");
	port = superd_port(superd, "asked");
	for (int n = 0; n < 8; n++)
		waiting[n] = client_connect_from("127.0.0.2", port);
	cr_expect(is_served(superd_port(superd, "echo"), "127.0.0.2"), "%s", world_logs());
	for (int n = 0; n < 8; n++)
		answer_ident(listener, "USERID : UNIX : somebody");
	for (int n = 0; n < 8; n++) {
		client_send(waiting[n], "hello\n");
		cr_expect_str_eq(client_line(waiting[n]), "hello");
		close(waiting[n]);
	}
	close(listener);
}
