/* What is said of a table that is partly wrong: in the order of its lines, each mistake once, and of tables of inetd
 * and xinetd in words that they have. */
#include "harness.h"
#include "private.h"

#define MISSING "no-such-host.invalid"

static struct outcome check(const char *source)
{
	return SUPERD_ANSWER("--check", "-f", source);
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (const char *at = text; (at = strstr(at, part)); at++)
		found++;
	return found;
}

static void expect_said(const struct outcome *outcome, const char *text)
{
	cr_expect_not_null(strstr(outcome->err, text), "no '%s' in: %s", text, outcome->err);
}

static void expect_unsaid(const struct outcome *outcome, const char *text)
{
	cr_expect_null(strstr(outcome->err, text), "'%s' in: %s", text, outcome->err);
}

/* A service of xinetd.conf. */
static const char *service_of(const char *name, const char *more)
{
	return text_of("service %s\n{\n\ttype = UNLISTED\n\tsocket_type = stream\n\twait = no\n\tuser = %s\n%s}\n",
		       name, own_user(), more);
}

Behaviour(messages, come_in_the_order_of_the_lines)
{
	const char *table = write_file("inetd.conf",
				       "7001 stream tcp4 nowait %s /no/such/program program\n"
				       "7002 stream tcp4 nowait\n"
				       "nosuchservice stream tcp4 nowait %s /bin/cat cat\n"
				       "7004 streem tcp4 nowait %s /bin/cat cat\n",
				       own_user(), own_user(), own_user());
	struct outcome outcome = check(text_of("inetd:%s", table));
	const char *at = outcome.err;

	for (int line = 1; line <= 4; line++) {
		const char *next = strstr(at, text_of("%s:%d:", table, line));

		cr_assert_not_null(next, "line %d is not told in its place: %s", line, outcome.err);
		at = next + 1;
	}
}

/* As in small images, where nothing is wrong with the name. */
Behaviour(messages, tell_of_missing_names_of_ports)
{
	const char *inetd;
	struct outcome outcome;

	private_enter_with_hosts();
	inetd = write_file("inetd.conf", "daytime stream tcp nowait root internal\n");
	cr_assert(unlink("/etc/services") == 0 || errno == ENOENT);
	outcome = check(text_of("inetd:%s", inetd));
	cr_expect_eq(outcome.status, 1, "%d", outcome.status);
	expect_said(&outcome, "daytime: 'daytime': no tcp port of this name is known, and there is no /etc/services");
	expect_said(&outcome, "hint: write the number, or install the file (Debian: netbase)");
	private_file("/etc/services", "\n");
	outcome = check(text_of("inetd:%s", inetd));
	expect_said(&outcome,
		    "daytime: 'daytime': no tcp port of this name is known: /etc/services: it has no entries");
	private_file("/etc/services", "daytime 13/tcp\n");
	cr_expect_eq(check(text_of("inetd:%s", inetd)).status, 0);
}

Behaviour(messages, of_other_tables_speak_no_superd_conf)
{
	const char *inetd = write_file("inetd.conf",
				       "%s:7001 stream tcp nowait %s /no/such/program program\n"
				       "nosuchservice stream tcp nowait %s /bin/cat cat\n"
				       "7003 stream tcp4 wait %s /bin/cat cat\n"
				       "*:7003 stream tcp46 wait %s /bin/cat cat\n",
				       MISSING, own_user(), own_user(), own_user(), own_user());
	const char *xinetd = write_file(
		"xinetd.conf", "%s%s", service_of("a", "\tport = 7001\n\tserver = /bin/cat\n\tbind = " MISSING "\n"),
		service_of("b", "\tport = 7002\n\tserver = /no/such/program\n\tbind = 192.0.2.77\n"));
	struct outcome outcome = check(text_of("inetd:%s", inetd));

	expect_said(&outcome, "nosuchservice: 'nosuchservice': services(5) has no tcp port of this name");
	cr_expect_eq(count(outcome.err, "'" MISSING "': "), 1, "%s", outcome.err);
	expect_unsaid(&outcome, "does without it");
	expect_said(&outcome, ": /no/such/program: there is no such program");
	expect_unsaid(&outcome, "listen: ");
	expect_unsaid(&outcome, "exec = ");
	expect_unsaid(&outcome, "reuse_port");
	outcome = check(text_of("xinetd:%s", xinetd));
	expect_said(&outcome, text_of("%s:9:2: error: a: '" MISSING "': ", xinetd));
	expect_said(&outcome, text_of("%s:19:2: warning: b: no interface here has the address 192.0.2.77 now", xinetd));
	expect_unsaid(&outcome, "listen: ");
	expect_unsaid(&outcome, "free_bind");
}

Behaviour(messages, one_port_twice_is_one_mistake_of_both_families)
{
	const char *table = write_file("xinetd.conf", "%s%s", service_of("a", "\tport = 7001\n\tserver = /bin/cat\n"),
				       service_of("b", "\tport = 7001\n\tserver = /bin/cat\n"));
	struct outcome outcome = check(text_of("xinetd:%s", table));

	cr_expect_eq(count(outcome.err, "error: b: tcp4:7001 is claimed already by a"), 1, "%s", outcome.err);
	cr_expect_eq(count(outcome.err, "error: "), 1, "%s", outcome.err);
	expect_said(&outcome, "hint: choose another port or address\n");
	outcome = check(text_of("inetd:%s",
				write_file("inetd.conf",
					   "http stream tcp nowait %s /bin/cat cat\n"
					   "80 stream tcp6 nowait %s /bin/cat cat\n",
					   own_user(), own_user())));
	cr_expect_eq(count(outcome.err, "error: "), 1, "the other family alone is a mistake, too: %s", outcome.err);
}

/* Only the machine knows which folders are one: the second socket finds the node in use. */
Behaviour(messages, one_node_by_two_paths_is_that_of_the_first)
{
	const char *folder = path_in("run"), *other = path_in("var-run"), *node = path_in("run/x");
	struct superd *superd;

	cr_assert_eq(mkdir(folder, 0755), 0);
	cr_assert_eq(symlink(folder, other), 0);
	superd = superd_run("service a { listen = \"%s/x\" exec = /bin/cat accept = yes }\n"
			    "service b { listen = \"%s/x\" exec = /bin/true accept = yes }\n", folder, other);
	superd_wait_log(superd, text_of("b: cannot listen on %s/x", other));
	cr_expect_not(superd_logged(superd, "a: cannot listen"));
	cr_expect_str_eq(client_ask_unix(node, "here\n"), "here");
	superd_stop(superd);
}

Behaviour(messages, of_superd_conf_name_its_options)
{
	const char *table = write_file("a.conf",
				       "service a { listen = \"192.0.2.77:7001\" user = %s exec = /bin/cat }\n"
				       "service b { listen = \"127.0.0.1:7002\" user = %s exec = /bin/cat }\n"
				       "service c { listen = \"127.0.0.1:7002\" user = %s exec = /bin/cat }\n",
				       own_user(), own_user(), own_user());
	struct outcome outcome = check(table);

	expect_said(&outcome, "a: no interface here has the address 192.0.2.77 now");
	expect_said(&outcome, "hint: free_bind = yes");
	expect_said(&outcome, "or set reuse_port = yes");
	outcome = check(write_file("b.conf",
				   "service a { listen = \"192.0.2.77:7001\" free_bind = yes user = %s "
				   "exec = /bin/cat }\n",
				   own_user()));
	expect_unsaid(&outcome, "no interface");
}

Behaviour(messages, say_what_was_meant)
{
	const char *xinetd =
		write_file("xinetd.conf", "%s%s%s", service_of("a", "\tport = 7001\n\tserver = /bin/cat -u\n"),
			   service_of("b", "\tport = 7002\n\tserver = /bin/cat\n\tflags = NODELAY, KEEPALIVE\n"),
			   service_of("c", "\tport = 7003\n\tserver = /bin/cat\n\ttype += RPC\n"));
	struct outcome outcome = check(text_of("xinetd:%s", xinetd));

	expect_said(&outcome, "hint: the program's arguments belong in server_args");
	expect_said(&outcome, "hint: separate words by blanks, not commas");
	expect_said(&outcome, "hint: write all its words after one =");
	outcome = check(text_of("inetd:%s",
				write_file("inetd.conf",
					   "7001 STREAM tcp nowait %s /bin/cat cat\n"
					   "xx stream tcp nowait %s /bin/cat cat\n",
					   own_user(), own_user())));
	expect_said(&outcome, "'STREAM' is no type of socket: known are stream, dgram, raw and seqpacket");
	cr_expect_eq(count(outcome.err, "did you mean"), 0, "of two letters any word is near: %s", outcome.err);
}

Behaviour(messages, check_counts_what_is_off_and_what_is_left_out)
{
	const char *table =
		write_file("xinetd.conf", "%s%s%s", service_of("good", "\tport = 7001\n\tserver = /bin/cat\n"),
			   service_of("off", "\tport = 7002\n\tserver = /bin/cat\n\tdisable = yes\n"),
			   service_of("bad", "\tport = 7003\n\tserver = /bin/cat\n\tinstances = many\n"));
	struct outcome outcome = SUPERD_ANSWER("--check", "--keep-going", "-f", text_of("xinetd:%s", table));

	cr_expect_str_eq(outcome.out, text_of("%s: xinetd.conf, 2 services, 1 of them disabled, 1 left out\n", table));
	expect_said(&outcome, "; service 'bad' is left out");
}

Behaviour(messages, a_socket_that_cannot_be_had_is_a_line_an_attempt)
{
	int port = free_port(), taken = listen_on(port);
	struct superd *superd =
		superd_run("service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", port, backend("serve"));
	const char *line;

	superd_wait_log(superd, "web: cannot listen on ");
	superd_wait_log(superd, "; next try in ");
	cr_expect_eq(superd_log_count(superd, "web: next try"), 0, "%s", world_logs());
	line = strstr(read_text(superd->log), "cannot listen on");
	cr_assert_not_null(line);
	line = text_of("%.*s", (int)strcspn(line, "\n"), line);
	cr_expect_eq(count(line, "Address already in use"), 1, "%s", line);
	/* Who has it is looked for in a bounded time, which is too short now and then. */
	WAIT_UNTIL(superd_logged(superd, text_of("(pid %ld (", (long)getpid())));
	close(taken);
	client_ask_pid(superd_port(superd, "web"));
}

Behaviour(messages, a_program_that_cannot_be_started_is_a_line_an_attempt)
{
	static const char *const arguments[] = { "--no-preflight", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd =
		superd_run_with(&setup, "service web { listen = \"127.0.0.1:0\" exec = \"%s\" }", path_in("missing"));

	close(client_connect(superd_port(superd, "web")));
	superd_wait_log(superd, "web: cannot start: ");
	superd_wait_log(superd, "; next start in ");
	superd_signal(superd, SIGUSR1);
	superd_wait_log(superd, "superd: {\"services\":1,\"unlisted\":0,\"instances\":0}\n");
	cr_expect_eq(superd_log_count(superd, "web: next start"), 0, "%s", world_logs());
}

Behaviour(messages, a_pause_is_told_in_words_that_every_table_has)
{
	struct superd *superd = superd_run("service web { listen = \"127.0.0.1:0\" accept = yes exec = \"/bin/true\" "
					   "trigger_limit_burst = 3 trigger_limit_interval = 60s "
					   "trigger_limit_pause = 60s }\n");
	int port = superd_port(superd, "web");

	for (int n = 0; n < 4; n++)
		close(client_connect(port));
	superd_wait_log(superd, "server failing (looping)");
	superd_signal(superd, SIGUSR1);
	superd_wait_log(superd, "more than 3 connections in 1 min");
}

Behaviour(messages, services_of_two_families_are_listed_once)
{
	int port = free_port();
	struct superd *superd =
		superd_run("service offer { listen = \"127.0.0.1:0\" user = \"%s\" accept = yes builtin = services }\n"
			   "service both { user = \"%s\" accept = yes builtin = echo\n"
			   " socket four { listen = \"tcp:127.0.0.1:%d\" }\n"
			   " socket six { listen = \"tcp:[::1]:%d\" optional = yes } }\n",
			   own_user(), own_user(), port, port);
	int client;

	superd_wait_log(superd, "both: listening on tcp:127.0.0.1:");
	client = client_connect(superd_port(superd, "offer"));
	cr_expect_eq(count(client_rest(client), "both tcp "), 1);
	close(client);
}

Behaviour(messages, a_misspelt_option_is_one_mistake)
{
	struct outcome outcome =
		check(write_file("a.conf",
				 "service a { listen = \"127.0.0.1:7001\" acept = yes user = %s "
				 "exec = /bin/cat instances = 3 }\n"
				 "service b { lisen = \"127.0.0.1:7002\" user = %s exec = /bin/cat }\n"
				 "service c { listen = \"127.0.0.1:7003\" user = %s exce = /bin/cat }\n",
				 own_user(), own_user(), own_user()));

	cr_expect_eq(count(outcome.err, "error: "), 3, "%s", outcome.err);
	expect_said(&outcome, "hint: did you mean 'accept'?");
}
