/* superd -l in the place of systemd-socket-activate: its options, and what its command is given, beside the real one
 * where that is installed. */
#include <poll.h>

#include "harness.h"
#include "reading.h"

#define PEER "/usr/bin/systemd-socket-activate"

static struct superd *activate(const char *const *arguments)
{
	const struct setup setup = { .arguments = arguments, .without_table = true };

	return superd_run_with(&setup, "#\n");
}

#define ACTIVATE(...) activate((const char *const[]){ "--log-level", "info", __VA_ARGS__, NULL })

static const char *report_program(void)
{
	return text_of("%s/report", getenv("SUPERD_TESTDIR"));
}

Behaviour(socket_activate, accept_and_inetd_echo_and_superd_stays)
{
	struct superd *superd = ACTIVATE("--listen", "127.0.0.1:0", "--accept", "--inetd", "cat");
	int port = superd_port(superd, "cat");

	cr_expect_str_eq(client_ask(port, "hello\n"), "hello");
	cr_expect_str_eq(client_ask(port, "and again\n"), "and again");
}

/* What it prints goes to superd's own terminal, so superd cannot know that its port was in use. */
Behaviour(socket_activate, a_program_that_ends_may_open_its_port_itself)
{
	struct superd *superd = ACTIVATE("-l", "127.0.0.1:0", "--now", "--", "/bin/false");

	superd_wait_log(superd, "exit status 1; if it opens its port itself: pass = bind (with -l: --bind)");
}

Behaviour(socket_activate, check_prints_what_it_has_checked)
{
	struct outcome outcome = SUPERD_ANSWER("--check", "-l", "127.0.0.1:8280", "--", "/bin/cat");

	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect_str_eq(outcome.out, "the command line: 1 service\n");
}

/* As Go and Caddy write it. */
Behaviour(socket_activate, a_port_may_have_a_colon_before_it)
{
	struct outcome outcome = SUPERD_ANSWER("--print", "-l", ":8280", "--", "/bin/cat");

	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect_not_null(strstr(outcome.out, "listen = \"tcp:8280\""), "%s", outcome.out);
}

/* Runs superd in the folder of the test, where a program "server" is. */
static struct outcome printed_there(const char *endpoint, const char *program, const char *option)
{
	const char *command = text_of("cd %s && exec %s --print %s -l %s -- %s", path_in("."), superd_path(), option,
				      endpoint, program);

	return program_answer((const char *const[]){ "/bin/sh", "-c", command, NULL });
}

/* As the shell's are. */
Behaviour(socket_activate, relative_paths_begin_at_the_current_folder)
{
	static const struct {
		const char *given, *kind, *path;
	} endpoints[] = {
		{ "./s", "", "s" },	      { "../s", "", "../s" },	  { "unix:s", "", "s" },
		{ ".//./sub/s", "", "sub/s" }, { "fifo:f", "fifo:", "f" }, { "unix-dgram:./s", "unix-dgram:", "s" },
	};
	struct outcome outcome;

	chmod(write_file("server", "#!/bin/sh\nexec cat\n%s", ""), 0755);
	for (size_t n = 0; n < sizeof(endpoints) / sizeof(*endpoints); n++) {
		outcome = printed_there(endpoints[n].given, "./server", "");
		cr_expect_eq(outcome.status, 0, "%s", outcome.err);
		cr_expect_not_null(strstr(outcome.out, text_of("listen = \"%s%s\" }\n", endpoints[n].kind,
							       path_in("%s", endpoints[n].path))), "%s", outcome.out);
		cr_expect_not_null(strstr(outcome.out, text_of("exec = \"%s\"\n", path_in("server"))), "%s",
				   outcome.out);
		cr_expect_not_null(strstr(outcome.out, "argv0 = \"./server\"\n"), "%s", outcome.out);
	}
	outcome = printed_there("127.0.0.1:0", "./server", "--seqpacket");
	cr_expect_eq(outcome.status, 1, "that is an address");
	outcome = printed_there("./s", "./server", "--seqpacket");
	cr_expect_not_null(strstr(outcome.out, text_of("seqpacket:%s\"", path_in("s"))), "%s", outcome.out);
	outcome = printed_there("8280", "./server", "--control sub/control");
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	outcome = printed_there("8280", "./server", "--control nnone");
	cr_expect_not_null(strstr(outcome.err, "expected a path with a slash, such as ./control, @name, or none"), "%s",
			   outcome.err);
}

Behaviour(socket_activate, a_program_of_the_current_folder_runs)
{
	struct superd *superd;
	char *before = getcwd(NULL, 0);

	chmod(write_file("server", "#!/bin/sh\nexec %s/backend \"$@\"\n", getenv("SUPERD_TESTDIR")), 0755);
	cr_assert(before && chdir(path_in(".")) == 0);
	superd = ACTIVATE("--control", "./control", "-l", "127.0.0.1:0", "--", "./server", "take", "1");
	client_ask_pid(superd_port(superd, "server"));
	WAIT_UNTIL(access(path_in("control"), F_OK) == 0);
	cr_assert_eq(chdir(before), 0);
	free(before);
}

Behaviour(socket_activate, now_starts_without_a_client)
{
	const char *report = path_in("report");
	struct superd *superd = ACTIVATE("-l", "127.0.0.1:0", "--now", "--", report_program(), "--stay", report);

	reading_expect(reading_wait(report), "env.LISTEN_FDS", "1");
	superd_stop(superd);
}

Behaviour(socket_activate, the_command_is_started_again)
{
	const char *program = text_of("%s/backend", getenv("SUPERD_TESTDIR"));
	struct superd *superd = ACTIVATE("-l", "127.0.0.1:0", "--", program, "take", "1");
	int port = superd_port(superd, "backend");
	long first = client_ask_pid(port);

	cr_expect_neq(client_ask_pid(port), first);
}

Behaviour(socket_activate, what_does_not_go_together_is_refused)
{
	static const char *const wrong[][8] = {
		{ "-l", "127.0.0.1:0", "--accept", "--now", "--", "cat" },
		{ "-l", "127.0.0.1:0", "-l", "127.0.0.1:0", "--inetd", "--", "cat" },
		{ "-l", "127.0.0.1:0", "-d", "-a", "--", "cat" },
		{ "-l", "@superd-a", "-d", "--seqpacket", "--", "cat" },
		{ "-l", "127.0.0.1:0", "--seqpacket", "--", "cat" },
		{ "-l", "udp:127.0.0.1:0", "-d", "--", "cat" },
		{ "-l", "127.0.0.1:0" },
		{ "-l", "junk:here", "--", "cat" },
		{ "-d", "--", "cat" },
	};

	for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++) {
		struct outcome outcome = superd_answer(wrong[n]);

		cr_expect_eq(outcome.status, 1, "%s %s %s: %d", wrong[n][0], wrong[n][1], wrong[n][2], outcome.status);
		cr_expect(*outcome.err);
	}
}

Behaviour(socket_activate, names_are_those_of_the_sockets_in_their_order)
{
	const char *report = path_in("report");
	struct superd *superd = ACTIVATE("-l", path_in("1"), "-l", path_in("2"), "-l", path_in("3"), "--fdname",
					 "one:two", "--fdname=three", "--", report_program(), report);

	wait_node(path_in("3"));
	client_ask_unix(path_in("2"), "x\n");
	reading_expect(reading_wait(report), "env.LISTEN_FDNAMES", "one:two:three");
	reading_expect(reading_wait(report), "fd.4.address", path_in("2"));
	superd_stop(superd);
}

Behaviour(socket_activate, one_name_is_that_of_all)
{
	const char *report = path_in("report");
	struct superd *superd =
		ACTIVATE("-l", path_in("1"), "-l", path_in("2"), "--fdname=both", "--", report_program(), report);

	wait_node(path_in("2"));
	client_ask_unix(path_in("1"), "x\n");
	reading_expect(reading_wait(report), "env.LISTEN_FDNAMES", "both:both");
	superd_stop(superd);
}

Behaviour(socket_activate, datagrams_and_packets_in_sequence)
{
	const char *report = path_in("report"), *other = path_in("other");
	struct superd *superd = ACTIVATE("-d", "-l", "127.0.0.1:0", "-l", path_in("d"), "--", report_program(), report);
	int client = datagram_client(superd_port(superd, "report"));

	cr_expect_str_eq(datagram_ask(client, "x\n"), "reported\n");
	close(client);
	reading_expect(reading_wait(report), "fd.3.type", "datagram");
	reading_expect(reading_wait(report), "fd.4.type", "datagram");
	superd_stop(superd);
	superd = ACTIVATE("--seqpacket", "-l", path_in("s"), "--", report_program(), other);
	wait_node(path_in("s"));
	client = client_connect_unix(path_in("s"), SOCK_SEQPACKET);
	reading_expect(reading_wait(other), "fd.3.type", "seqpacket");
	close(client);
}

/* What a command is given by either program, but for what each says of itself. */
struct given {
	const char *environment, *count, *cwd, *umask, *words;
};

static struct given given_by(struct reading reading)
{
	return (struct given){
		.environment = text_of(" %s ", reading_get(reading, "environment")),
		.count = reading_get(reading, "env.LISTEN_FDS"),
		.cwd = reading_get(reading, "cwd"),
		.umask = reading_get(reading, "umask"),
		.words = reading_get(reading, "argv.2"),
	};
}

static pid_t run_peer(int port, const char *report)
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		execl(PEER, PEER, "-l", text_of("127.0.0.1:%d", port), "--fdname=mine", "-E", "COLOUR=blue", "-E",
		      "SHADE", "--", report_program(), report, "a word", (char *)NULL);
		_exit(127);
	}
	return pid;
}

Behaviour(socket_activate, gives_its_command_what_the_real_one_does)
{
	static const char *const names[] = { "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "COLOUR",
					     "SHADE",	   "PATH",	     "HOME",	   "TERM" };
	const char *ours = path_in("ours"), *theirs = path_in("theirs");
	int port = free_port(), status;
	struct given a, b;
	struct superd *superd;
	pid_t peer;

	SKIP_WITHOUT(access(PEER, X_OK) == 0, "there is no systemd-socket-activate here (Debian: systemd)");
	setenv("SHADE", "dark", 1);
	setenv("TERM", "dumb", 1);
	setenv("STRAY", "1", 1);
	superd = ACTIVATE("-l", "127.0.0.1:0", "--fdname=mine", "-E", "COLOUR=blue", "-E", "SHADE", "--",
			  report_program(), ours, "a word");
	client_ask(superd_port(superd, "report"), "x\n");
	peer = run_peer(port, theirs);
	WAIT_UNTIL(client_can_connect(port));
	a = given_by(reading_wait(ours));
	b = given_by(reading_wait(theirs));
	waitpid(peer, &status, 0);
	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
		const char *name = text_of(" %s ", names[n]), *key = text_of("env.%s", names[n]);

		cr_expect_not_null(strstr(b.environment, name), "the real one does not set%s", name);
		cr_expect_not_null(strstr(a.environment, name), "superd does not set%s", name);
		if (strcmp(names[n], "LISTEN_PID") != 0)
			reading_expect(reading_wait(ours), key, reading_get(reading_wait(theirs), "%s", key));
	}
	cr_expect_null(strstr(a.environment, " STRAY "));
	cr_expect_null(strstr(b.environment, " STRAY "));
	cr_expect_str_eq(a.count, b.count);
	cr_expect_str_eq(a.cwd, b.cwd);
	cr_expect_str_eq(a.umask, b.umask);
	cr_expect_str_eq(a.words, b.words);
}

Behaviour(socket_activate, every_option_of_the_real_one_is_known)
{
	const char *const asked[] = { PEER, "--help", NULL };
	static const char *const spared[] = { "--version", NULL };
	struct outcome theirs, ours = SUPERD_ANSWER("-h");
	const char *at;

	SKIP_WITHOUT(access(PEER, X_OK) == 0, "there is no systemd-socket-activate here (Debian: systemd)");
	theirs = program_answer(asked);
	cr_assert_eq(theirs.status, 0);
	for (at = strstr(theirs.out, "--"); at; at = strstr(at + 1, "--")) {
		const char *name = text_of("%.*s", (int)strspn(at, "-abcdefghijklmnopqrstuvwxyz"), at);

		cr_expect(!strcmp(name, spared[0]) || strstr(ours.out, name), "%s is not known", name);
	}
}
