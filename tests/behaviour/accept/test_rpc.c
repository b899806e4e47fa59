/* rpc/ endpoints with a rpcbind of the test's own: registered, called, withdrawn, and what happens when rpcbind is
 * late, silent, or knows of another program there. */
#include <sys/un.h>

#include "clock.h"
#include "controlling.h"
#include "guarding.h"
#include "harness.h"
#include "private.h"
#include "superctl.h"

#define RPCBIND_SOCKET "/run/rpcbind.sock"
#define REGISTERED "registered with rpcbind"

static pid_t rpcbind;

static void enter_alone(void)
{
	SKIP_WITHOUT(strstr(SUPERD_ANSWER("--version").out, "libtirpc"), "superd was built without libtirpc");
	SKIP_WITHOUT(access("/usr/sbin/rpcbind", X_OK) == 0 && access("/usr/sbin/rpcinfo", X_OK) == 0,
		     "needs rpcbind and rpcinfo (Debian: rpcbind)");
	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	private_file("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
	private_file("/etc/nsswitch.conf", "hosts: files\nrpc: files\n");
	private_file("/etc/rpc", "tester 300019 test\n");
}

/* superd-rpc, which asks rpcbind, runs as a user of its own. */
static void enter(void)
{
	enter_alone();
	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
}

static void start_rpcbind(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	rpcbind = fork();
	if (rpcbind == 0) {
		for (int fd = 0; fd < 3; fd++)
			dup2(null, fd);
		execl("/usr/sbin/rpcbind", "rpcbind", "-f", NULL);
		_exit(93);
	}
	close(null);
	cr_assert_gt(rpcbind, 0);
	WAIT_UNTIL(client_can_connect_unix(RPCBIND_SOCKET));
}

static void stop_rpcbind(void)
{
	kill(rpcbind, SIGKILL);
	cr_assert_eq(waitpid(rpcbind, NULL, 0), rpcbind);
}

/* "PROGRAM VERSION TRANSPORT ADDRESS" as rpcinfo lists it, NULL: it is not registered. */
static const char *find_registration(unsigned program, unsigned version, const char *transport)
{
	const char *list = program_answer((const char *const[]){ "/usr/sbin/rpcinfo", NULL }).out;
	unsigned long found_program, found_version;
	char found_transport[32], address[64];

	for (const char *line = list; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (sscanf(line, "%lu %lu %31s %63s", &found_program, &found_version, found_transport, address) == 4 &&
		    found_program == program && found_version == version && !strcmp(found_transport, transport))
			return text_of("%s", address);
	}
	return NULL;
}

static bool is_registered(unsigned program, unsigned version, const char *transport)
{
	return find_registration(program, version, transport);
}

static void expect_address(unsigned program, unsigned version, const char *transport, const char *host, int port)
{
	const char *address = find_registration(program, version, transport);

	cr_assert_not_null(address, "%u/%u %s is not registered\n%s", program, version, transport, world_logs());
	cr_expect_str_eq(address, text_of("%s.%d.%d", host, port >> 8, port & 255));
}

/* A call of the program's null procedure at the address that rpcbind tells. */
static bool call(const char *transport, unsigned program, unsigned version)
{
	const char *const words[] = { "/usr/sbin/rpcinfo", "-T", transport, "127.0.0.1", text_of("%u", program),
				      text_of("%u", version), NULL };
	struct outcome outcome = program_answer(words);

	return outcome.status == 0 && strstr(outcome.out, "ready and waiting");
}

static const char *rpc_backend(const char *kind, unsigned version)
{
	return text_of("%s/rpc_backend %s 300019 %u", getenv("SUPERD_TESTDIR"), kind, version);
}

static int tell_rpcbind(const char *verb, const char *program, const char *transport, const char *port)
{
	const char *path = text_of("%s/superd-rpc", getenv("SUPERD_LIBEXEC")), *word = superd_build_word();

	return program_answer((const char *const[]){ path, word, verb, program, transport, port, NULL }).status;
}

Behaviour(rpc, is_registered_called_and_withdrawn)
{
	struct superd *superd;
	int port;

	enter();
	start_rpcbind();
	superd = superd_run("service tester { listen = \"rpc/tcp4:300019/1-2\" pass = inetd user = root\n"
			    " exec = \"%s\" }", rpc_backend("listener", 2));
	superd_wait_log(superd, REGISTERED ": 300019/1-2 at tcp port");
	port = superd_port(superd, "tester");
	expect_address(300019, 1, "tcp", "0.0.0.0", port);
	expect_address(300019, 2, "tcp", "0.0.0.0", port);
	cr_expect_not(is_registered(300019, 2, "tcp6"));
	cr_expect(call("tcp", 300019, 2), "%s", world_logs());
	WAIT_UNTIL(superd_logged(superd, "tester: started, pid"));
	superd_stop(superd);
	cr_expect_not(is_registered(300019, 1, "tcp"));
	cr_expect_not(is_registered(300019, 2, "tcp"));
	cr_expect(superd_logged(superd, "withdrawn from rpcbind: 300019/1-2 at tcp"));
	stop_rpcbind();
}

/* rpcbind tells who has registered it: a user by its number, root as superuser. */
Behaviour(rpc, is_registered_by_a_user_of_its_own)
{
	struct superd *superd;
	const char *line;
	unsigned owner = 0;

	enter();
	start_rpcbind();
	superd = superd_run("service tester { listen = \"rpc/tcp4:300019/1\" user = root exec = \"/bin/true\" }");
	superd_wait_log(superd, REGISTERED);
	line = strstr(program_answer((const char *const[]){ "/usr/sbin/rpcinfo", NULL }).out, "300019 ");
	cr_assert(line);
	cr_expect_eq(sscanf(line, "%*u %*u %*s %*s %*s %u", &owner), 1, "%s", line);
	cr_expect(owner >= 60586 && owner <= 60593, "%s", line);
	superd_stop(superd);
	cr_expect_not(is_registered(300019, 1, "tcp"));
	stop_rpcbind();
}

Behaviour(rpc, is_drained_and_restarted_and_stays_registered_at_its_port)
{
	struct superd *superd;
	int port;

	enter();
	start_rpcbind();
	superd = controlled_run("service tester { listen = \"rpc/tcp4:300019/1-2\" pass = inetd user = root\n"
				" exec = \"%s\" }", rpc_backend("listener", 2));
	superd_wait_log(superd, REGISTERED ": 300019/1-2 at tcp port");
	port = superd_port(superd, "tester");
	for (unsigned n = 0; n < 3; n++) {
		cr_expect(call("tcp", 300019, 2), "%s", world_logs());
		cr_expect(control_is_done(control_once(n % 2 ? "restart tester" : "drain tester")), "%s", world_logs());
	}
	cr_expect(call("tcp", 300019, 2), "%s", world_logs());
	expect_address(300019, 2, "tcp", "0.0.0.0", port);
	cr_expect_eq(superd_log_count(superd, REGISTERED), 1);
	superd_stop(superd);
	stop_rpcbind();
}

Behaviour(rpc, serves_datagrams_and_connections_of_one_program)
{
	struct superd *superd;

	enter();
	start_rpcbind();
	superd = superd_run("service udp { listen = \"rpc/udp4:300019/1\" pass = inetd user = root exec = \"%s\" }\n"
			    "service tcp { listen = \"rpc/tcp4:300019/1\" accept = yes user = root exec = \"%s\" }",
			    rpc_backend("datagram", 1), rpc_backend("connection", 1));
	WAIT_UNTIL(superd_log_count(superd, REGISTERED) == 2);
	cr_expect(call("udp", 300019, 1), "%s", world_logs());
	cr_expect(call("tcp", 300019, 1), "%s", world_logs());
	superd_stop(superd);
	cr_expect_not(is_registered(300019, 1, "tcp"));
	cr_expect_not(is_registered(300019, 1, "udp"));
	stop_rpcbind();
}

Behaviour(rpc, is_registered_for_the_families_its_socket_has)
{
	struct superd *superd;
	int both, six;

	enter();
	start_rpcbind();
	superd = superd_run("service both { listen = \"rpc/tcp:300019/1\" user = root exec = \"/bin/true\" }\n"
			    "service six { listen = \"rpc/udp6:300019/1\" user = root exec = \"/bin/true\" }");
	WAIT_UNTIL(superd_log_count(superd, REGISTERED) == 2);
	both = superd_port(superd, "both");
	six = superd_port(superd, "six");
	expect_address(300019, 1, "tcp", "0.0.0.0", both);
	expect_address(300019, 1, "tcp6", "::", both);
	expect_address(300019, 1, "udp6", "::", six);
	cr_expect_not(is_registered(300019, 1, "udp"));
	superd_stop(superd);
	stop_rpcbind();
}

Behaviour(rpc, goes_by_names_of_rpc_and_tells_a_backend_its_port)
{
	const char *report = path_in("report");
	struct superd *superd;
	int port;

	enter();
	start_rpcbind();
	superd = superd_run("service tester { listen = \"rpc/tcp4:test/1\" start = boot user = root\n"
			    " exec = \"/bin/sh -c 'echo %%{port} >%s; exec sleep 1000'\" }", report);
	superd_wait_log(superd, REGISTERED);
	port = superd_port(superd, "tester");
	expect_address(300019, 1, "tcp", "0.0.0.0", port);
	WAIT_UNTIL(count_lines(report) == 1);
	cr_expect_str_eq(read_text(report), text_of("%d\n", port));
	superd_stop(superd);
	stop_rpcbind();
}

Behaviour(rpc, waits_for_a_rpcbind_that_comes_later)
{
	struct superd *superd;

	enter();
	superd = superd_run("service tester { listen = \"rpc/tcp4:300019/2\" pass = inetd user = root exec = \"%s\" }",
			    rpc_backend("listener", 2));
	superd_wait_log(superd, "cannot register 300019/2 with rpcbind, which is tried again and again: ");
	start_rpcbind();
	superd_wait_log(superd, REGISTERED);
	cr_expect(call("tcp", 300019, 2), "%s", world_logs());
	cr_expect_eq(superd_log_count(superd, "cannot register"), 1);
	superd_stop(superd);
	cr_expect_not(is_registered(300019, 2, "tcp"));
	stop_rpcbind();
}

Behaviour(rpc, is_left_alone_by_a_reload_that_keeps_it)
{
	static const char table[] =
		"service tester { listen = \"rpc/tcp4:300019/%d\" user = root exec = \"/bin/true\" nice = %d }\n";
	struct superd *superd;
	int port;

	enter();
	start_rpcbind();
	superd = superd_run(table, 1, 0);
	superd_wait_log(superd, REGISTERED);
	port = superd_port(superd, "tester");
	cr_assert(superd_reload(superd, table, 1, 0));
	cr_assert(superd_reload(superd, table, 1, 5));
	expect_address(300019, 1, "tcp", "0.0.0.0", port);

	/* Another version is another socket. */
	cr_assert(superd_reload(superd, table, 2, 5));
	superd_wait_log(superd, REGISTERED ": 300019/2");
	cr_expect_not(is_registered(300019, 1, "tcp"));
	expect_address(300019, 2, "tcp", "0.0.0.0", superd_port(superd, "tester"));
	cr_expect_eq(superd_log_count(superd, REGISTERED), 2);
	cr_expect_eq(superd_log_count(superd, "withdrawn from rpcbind"), 1);
	cr_expect_not(superd_logged(superd, "taken over"));

	cr_assert(superd_reload(superd, "\n"));
	WAIT_UNTIL(!is_registered(300019, 2, "tcp"));
	superd_stop(superd);
	stop_rpcbind();
}

Behaviour(rpc, takes_over_what_another_has_with_a_word)
{
	struct superd *superd;

	enter();
	start_rpcbind();
	cr_assert_eq(tell_rpcbind("set", "300019/1", "tcp", "8000"), 0);
	superd = superd_run("service tester { listen = \"rpc/tcp4:300019/1\" user = root exec = \"/bin/true\" }");
	superd_wait_log(superd, "rpcbind: taken over 300019/1 at tcp: "
				"it was registered for 0.0.0.0.31.64 by superuser");
	superd_wait_log(superd, REGISTERED);
	expect_address(300019, 1, "tcp", "0.0.0.0", superd_port(superd, "tester"));
	superd_stop(superd);
	stop_rpcbind();
}

Behaviour(rpc, leaves_alone_what_became_anothers)
{
	struct superd *superd;

	enter();
	start_rpcbind();
	superd = superd_run("service tester { listen = \"rpc/tcp4:300019/1\" user = root exec = \"/bin/true\" }");
	superd_wait_log(superd, REGISTERED);
	cr_assert_eq(tell_rpcbind("set", "300019/1", "tcp", "8000"), 0);
	superd_stop(superd);
	expect_address(300019, 1, "tcp", "0.0.0.0", 8000);
	stop_rpcbind();
}

static int silent_rpcbind(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = RPCBIND_SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 16) == 0);
	return fd;
}

Behaviour(rpc, is_not_held_up_by_a_rpcbind_that_is_silent)
{
	struct superd *superd;
	int silent, question;

	enter();
	silent = silent_rpcbind();
	superd = superd_run("service tester { listen = \"rpc/tcp4:300019/1\" user = root exec = \"/bin/true\" }\n"
			    "service echo { listen = \"127.0.0.1:0\" accept = yes user = root exec = \"/bin/cat\" }");
	question = accept4(silent, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_geq(question, 0);
	cr_expect_str_eq(client_ask(superd_port(superd, "echo"), "hello\n"), "hello");
	superd_signal(superd, SIGTERM);
	superd_wait_log(superd, "stopping");
	superd_signal(superd, SIGTERM);         /* asked twice: at once */
	cr_expect_eq(superd_wait_exit(superd), 0);
	close(question);
	close(silent);
}

Behaviour(rpc, stays_known_while_instances_run_on_after_a_quit)
{
	struct superd *superd;
	pid_t instance;

	enter();
	start_rpcbind();
	superd = superd_run("service tester { listen = \"rpc/tcp4:300019/1\" start = boot user = root\n"
			    " exec = \"/bin/sleep 1000\" }");
	superd_wait_log(superd, "started, pid ");
	instance = (pid_t)strtol(read_text(superd->log) + superd->mark, NULL, 10);
	superd_wait_log(superd, REGISTERED);
	superd_signal(superd, SIGQUIT);
	cr_expect_eq(superd_wait_exit(superd), 0);
	cr_expect(is_registered(300019, 1, "tcp"));
	cr_expect(superd_logged(superd, "stays registered with rpcbind: 300019/1 at tcp port "), "%s", world_logs());
	cr_assert_gt(instance, 1);
	kill(instance, SIGKILL);
	cr_assert_eq(waitpid(instance, NULL, 0), instance);
	stop_rpcbind();
}

Behaviour(rpc, is_refused_where_a_program_has_no_name_or_two_services)
{
	struct outcome outcome;
	const char *table;

	enter_alone();
	table = write_file("unknown.conf", "defaults { user = root }\n"
			   "service a { listen = \"rpc/tcp:nosuch/1\" exec = \"/bin/true\" }\n");
	outcome = SUPERD_ANSWER("--check", "-f", table);
	cr_expect_eq(outcome.status, 1);
	cr_expect(strstr(outcome.err, "'nosuch': rpc(5) has no program of this name"), "%s", outcome.err);

	table = write_file("twice.conf", "defaults { user = root }\n"
			   "service a { listen = \"rpc/tcp:300019/1-3\" exec = \"/bin/true\" }\n"
			   "service b { listen = \"rpc/tcp4:300019/3\" exec = \"/bin/true\" }\n");
	outcome = SUPERD_ANSWER("--check", "-f", table);
	cr_expect_eq(outcome.status, 1);
	cr_expect(strstr(outcome.err, "claimed already by a"), "%s", outcome.err);

	table = write_file("named.conf", "defaults { user = root }\n"
			   "service a { listen = \"rpc/tcp:300019/1\" exec = \"/bin/true\" }\n"
			   "service b { listen = \"rpc/tcp:tester/1\" exec = \"/bin/true\" }\n");
	outcome = SUPERD_ANSWER("--check", "-f", table);
	cr_expect_eq(outcome.status, 1);
	cr_expect(strstr(outcome.err, "claimed already by a"), "%s", outcome.err);
}

static struct superd *run_registered(void)
{
	struct superd *superd;

	enter();
	start_rpcbind();
	superd = superd_run("service tester { listen = \"rpc/tcp4:300019/1\" accept = yes user = root exec = \"%s\" }",
			    rpc_backend("connection", 1));
	superd_wait_log(superd, REGISTERED);
	return superd;
}

Behaviour(rpc, is_registered_once_over_upgrades)
{
	struct superd *superd = run_registered();

	superd_upgrade(superd);
	superd_upgrade(superd);
	cr_expect(call("tcp", 300019, 1), "%s", world_logs());
	cr_expect_eq(superd_log_count(superd, REGISTERED), 1);
	superd_stop(superd);
	cr_expect_not(is_registered(300019, 1, "tcp"));
	stop_rpcbind();
}

Behaviour(rpc, what_is_to_be_withdrawn_is_so_after_an_upgrade)
{
	struct superd *superd = run_registered();

	cr_assert_eq(kill(rpcbind, SIGSTOP), 0);
	cr_assert(superd_reload(superd, "service other { listen = \"127.0.0.1:0\" user = root exec = \"/bin/true\" }"));
	superd_upgrade(superd);
	cr_assert_eq(kill(rpcbind, SIGCONT), 0);
	superd_wait_log(superd, "withdrawn from rpcbind: 300019/1 at tcp");
	cr_expect_not(is_registered(300019, 1, "tcp"));
	superd_stop(superd);
	stop_rpcbind();
}

Behaviour(rpc, what_cannot_be_withdrawn_is_told)
{
	struct superd *superd = run_registered();

	stop_rpcbind();
	cr_assert(superd_reload(superd, "service other { listen = \"127.0.0.1:0\" user = root exec = \"/bin/true\" }"));
	superd_wait_log(superd, "tester: warning: stays registered with rpcbind: 300019/1 at tcp port ");
	superd_stop(superd);
}

/* Nobody waits for a rpcbind that has gone, not at superd's end, and not for what it failed to withdraw before. */
Behaviour(rpc, what_stays_registered_at_the_end_is_told)
{
	struct superd *superd = run_registered();

	stop_rpcbind();
	superd_stop(superd);
	cr_expect(superd_logged(superd, "tester: warning: stays registered with rpcbind: 300019/1 at tcp port "), "%s",
		  world_logs());
}

Behaviour(rpc, what_stays_registered_with_a_silent_rpcbind_is_told)
{
	struct superd *superd = run_registered();

	cr_assert_eq(kill(rpcbind, SIGSTOP), 0);
	cr_assert(superd_reload(superd, "service other { listen = \"127.0.0.1:0\" user = root exec = \"/bin/true\" }"));
	superd_signal(superd, SIGTERM);
	superd_wait_log(superd, "stopping");
	superd_signal(superd, SIGTERM);         /* asked twice: at once */
	cr_expect_eq(superd_wait_exit(superd), 0);
	cr_expect(superd_logged(superd, "tester: warning: stays registered with rpcbind: 300019/1 at tcp port "), "%s",
		  world_logs());
	stop_rpcbind();
}

static pid_t superd_rpc(struct superd *superd)
{
	pid_t pids[16];
	size_t count = process_descendants(superd->pid, pids, 16);

	for (size_t n = 0; n < count && n < 16; n++) {
		if (process_is_called(pids[n], "superd-rpc") && process_lives(pids[n]))
			return pids[n];
	}
	return 0;
}

static const char other_table[] = "service other { listen = \"127.0.0.1:0\" user = root exec = \"/bin/true\" }";

Behaviour(rpc, is_registered_once_over_deaths)
{
	struct superd *superd;

	enter();
	start_rpcbind();
	superd = guarded_clock_run("service tester { listen = \"rpc/tcp4:300019/1\" accept = yes user = root"
				   " exec = \"%s\" }", rpc_backend("connection", 1));
	superd_wait_log(superd, REGISTERED);
	guarded_clock_kill(superd);
	guarded_clock_kill(superd);
	cr_expect(call("tcp", 300019, 1), "%s", world_logs());
	cr_expect_eq(superd_log_count(superd, REGISTERED), 1);
	cr_assert(superd_reload(superd, other_table));
	superd_wait_log(superd, "withdrawn from rpcbind: 300019/1 at tcp");
	cr_expect_not(is_registered(300019, 1, "tcp"));
	superd_stop(superd);
	stop_rpcbind();
}

/* superd-rpc hangs as superd dies, and ends with it. */
Behaviour(rpc, what_is_to_be_withdrawn_is_so_after_a_death)
{
	struct superd *superd;

	enter();
	start_rpcbind();
	superd = guarded_clock_run("service tester {\n"
				   " listen = \"rpc/tcp4:300019/1\" user = root exec = \"/bin/true\" }");
	superd_wait_log(superd, REGISTERED);
	cr_assert_eq(kill(rpcbind, SIGSTOP), 0);
	cr_assert(superd_reload(superd, other_table));
	WAIT_UNTIL(superd_rpc(superd));
	guarded_clock_kill(superd);
	cr_assert_eq(kill(rpcbind, SIGCONT), 0);
	superd_wait_log(superd, "withdrawn from rpcbind: 300019/1 at tcp");
	cr_expect_not(is_registered(300019, 1, "tcp"));
	superd_stop(superd);
	stop_rpcbind();
}

/* superd-rpc stands still, so nothing of its own ends it. */
Behaviour(rpc, a_process_that_hangs_holds_up_neither_superd_nor_its_end)
{
	struct superd *superd;
	int silent;

	enter();
	silent = silent_rpcbind();
	cr_assert_eq(chmod(RPCBIND_SOCKET, 0666), 0);
	superd = clock_run("superd { stop_timeout = 1h }\n"
			   "service tester { listen = \"rpc/tcp4:300019/1\" user = root exec = \"/bin/true\" }");
	for (int n = 0; n < 3; n++) {
		pid_t process;

		WAIT_UNTIL((process = superd_rpc(superd)) > 0);
		cr_assert_eq(kill(process, SIGSTOP), 0);
		if (n == 1)
			superd_signal(superd, SIGTERM);
		clock_move(20 * SECOND_MS);
		WAIT_UNTIL(!process_lives(process));
		if (n == 0)
			superd_wait_log(superd, "cannot register 300019/1 with rpcbind, which is tried again and "
						"again: there was no answer in time");
		clock_move(2 * SECOND_MS);
	}
	cr_expect_eq(superd_wait_exit(superd), 0);
	close(silent);
}

Behaviour(rpc, is_withdrawn_by_the_next_superd_when_one_dies_as_it_stops)
{
	struct superd *superd;

	enter();
	start_rpcbind();
	superd = guarded_run("service tester { listen = \"rpc/tcp4:300019/1\" user = root exec = \"/bin/true\" }");
	superd_wait_log(superd, REGISTERED);
	cr_assert_eq(kill(rpcbind, SIGSTOP), 0);
	superd_signal(superd, SIGTERM);
	WAIT_UNTIL(superd_rpc(superd));
	cr_assert_eq(kill(guarded_pid(superd), SIGKILL), 0);
	cr_assert_eq(kill(rpcbind, SIGCONT), 0);
	cr_expect_eq(superd_wait_exit(superd), 0);
	cr_expect(superd_logged(superd, "withdrawn from rpcbind: 300019/1 at tcp"), "%s", world_logs());
	cr_expect_not(is_registered(300019, 1, "tcp"));
	stop_rpcbind();
}
