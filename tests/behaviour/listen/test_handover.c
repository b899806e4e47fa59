/* What a backend gets: both switches in their four combinations, many sockets in the table's order, templates, and
 * that nothing else of superd's comes with it. The backend "report" says what it found; it knows nothing of
 * superd. */
#include <pwd.h>
#include <sys/resource.h>

#include "harness.h"
#include "reading.h"

/* Starts a table of one service "web" on 127.0.0.1 whose backend reports, connects, and gives the report. */
static struct reading report_of(const struct setup *setup, const char *options)
{
	const char *file = path_in("report");
	struct superd *superd = superd_run_with(
		setup, "service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n%s\n}\n", report_to(file), options);
	struct reading reading;

	cr_assert_str_eq(client_ask(superd_port(superd, "web"), "hello\n"), "reported");
	reading = reading_wait(file);
	superd_stop(superd);
	return reading;
}

static const struct setup plain = { 0 };

Behaviour(handover, listeners_by_systemds_protocol)
{
	struct reading reading = report_of(&plain, "");

	reading_expect(reading, "fds", "0 1 2 3");
	reading_expect(reading, "env.LISTEN_FDS", "1");
	reading_expect(reading, "env.LISTEN_FDNAMES", "web");
	reading_expect(reading, "listen_pid_own", "1");
	reading_expect(reading, "fd.3.type", "stream");
	reading_expect(reading, "fd.3.listening", "1");
	reading_expect(reading, "fd.3.cloexec", "0");
	reading_expect(reading, "fd.3.nonblock", "0");
	reading_expect(reading, "fd.0.target", "/dev/null");
	cr_assert_null(reading_get(reading, "env.REMOTE_ADDR"));
}

Behaviour(handover, listener_by_inetds_wait)
{
	struct reading reading = report_of(&plain, "pass = inetd");

	reading_expect(reading, "fds", "0 1 2");
	reading_expect(reading, "fd.0.listening", "1");
	reading_expect(reading, "fd.1.listening", "1");
	reading_expect(reading, "fd.0.nonblock", "0");
	cr_assert_str_eq(reading_get(reading, "fd.0.target"), reading_get(reading, "fd.1.target"));
	cr_assert_str_neq(reading_get(reading, "fd.2.target"), reading_get(reading, "fd.0.target"));
	cr_assert_null(reading_get(reading, "env.LISTEN_FDS"));
	cr_assert_null(reading_get(reading, "env.LISTEN_PID"));
}

Behaviour(handover, connection_by_systemds_protocol)
{
	struct reading reading = report_of(&plain, "accept = yes\npass = systemd");

	reading_expect(reading, "fds", "0 1 2 3");
	reading_expect(reading, "env.LISTEN_FDS", "1");
	reading_expect(reading, "listen_pid_own", "1");
	reading_expect(reading, "fd.3.listening", "0");
	reading_expect(reading, "fd.3.nonblock", "0");
	reading_expect(reading, "fd.3.cloexec", "0");
	reading_expect(reading, "env.REMOTE_ADDR", "127.0.0.1");
	cr_assert_gt(strtol(reading_get(reading, "env.REMOTE_PORT"), NULL, 10), 1023);
}

Behaviour(handover, connection_by_inetds_nowait)
{
	struct reading reading = report_of(&plain, "accept = yes");

	reading_expect(reading, "fds", "0 1 2");
	reading_expect(reading, "fd.0.listening", "0");
	reading_expect(reading, "fd.0.nonblock", "0");
	reading_expect(reading, "env.REMOTE_HOST", "127.0.0.1");
	cr_assert_str_eq(reading_get(reading, "fd.0.target"), reading_get(reading, "fd.1.target"));
	cr_assert_str_neq(reading_get(reading, "fd.2.target"), reading_get(reading, "fd.0.target"));
	cr_assert_null(reading_get(reading, "env.LISTEN_FDS"));
}

Behaviour(handover, the_client_reads_its_own_instances_report)
{
	struct superd *superd =
		superd_run("service web { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }", report_to("-"));
	int client = client_connect(superd_port(superd, "web"));

	reading_expect(reading_of(client_rest(client)), "fds", "0 1 2");
	close(client);
}

Behaviour(handover, an_ipv4_client_of_a_dual_stack_socket_is_told_as_ipv4)
{
	struct superd *superd = superd_run("service web { listen = \"0\" accept = yes exec = \"%s\" }", report_to("-"));
	int client = client_connect(superd_port(superd, "web"));

	reading_expect(reading_of(client_rest(client)), "env.REMOTE_HOST", "127.0.0.1");
	close(client);
}

Behaviour(handover, many_sockets_come_in_the_tables_order)
{
	const char *file = path_in("report"), *unix_path = path_in("s.sock"), *packets = path_in("p.sock");
	const char *fifo = path_in("fifo"), *letters = path_in("d.sock");
	struct superd *superd = superd_run("service many {\n"
					   " socket web { listen = \"127.0.0.1:0\" }\n"
					   " socket packets { listen = \"seqpacket:%s\" }\n"
					   " socket pipe { listen = \"fifo:%s\" }\n"
					   " socket dns { listen = \"udp:127.0.0.1:0\" }\n"
					   " socket local { listen = \"%s\" }\n"
					   " socket letters { listen = \"unix-dgram:%s\" }\n"
					   " listen = { \"@superd-test-%d\" }\n"
					   " exec = \"%s\"\n}\n",
					   packets, fifo, unix_path, letters, getpid(), report_to(file));
	struct reading reading;

	superd_port(superd, "many");
	wait_node(letters);
	wait_node(unix_path);
	cr_assert_str_eq(client_ask_unix(unix_path, "hello\n"), "reported");
	reading = reading_wait(file);
	reading_expect(reading, "fds", "0 1 2 3 4 5 6 7 8 9");
	reading_expect(reading, "env.LISTEN_FDS", "7");
	reading_expect(reading, "env.LISTEN_FDNAMES", "web:packets:pipe:dns:local:letters:many");
	reading_expect(reading, "fd.3.type", "stream");
	reading_expect(reading, "fd.4.type", "seqpacket");
	reading_expect(reading, "fd.4.address", packets);
	reading_expect(reading, "fd.5.kind", "fifo");
	reading_expect(reading, "fd.6.type", "datagram");
	reading_expect(reading, "fd.7.address", unix_path);
	reading_expect(reading, "fd.8.type", "datagram");
	reading_expect(reading, "fd.9.address", text_of("@superd-test-%d", getpid()));
}

Behaviour(handover, every_socket_of_a_service_activates_it)
{
	const char *unix_path = path_in("s.sock");
	struct superd *superd = superd_run("service both { listen = { \"127.0.0.1:0\", \"%s\" } exec = \"%s\" }",
					   unix_path, backend("take 1"));
	int port = superd_port(superd, "both");

	for (int round = 0; round < 5; round++) {
		client_ask_pid(port);
		client_ask_unix(unix_path, "who\n");
	}
}

Behaviour(handover, templates_are_filled_in)
{
	const char *file = path_in("report");
	struct superd *superd = superd_run("service tell {\n socket first { listen = \"127.0.0.1:0\" }\n"
					   " socket second { listen = \"udp:127.0.0.1:0\" }\n"
					   " exec = \"%s %%{fd:second} %%{fds} %%{service} %%{port} 100%%%%\"\n"
					   " env = { \"NGINX=%%{fd};\", \"WHO=%%{service}\" }\n}\n",
					   report_to(file));
	int port = superd_nth_port(superd, "tell", 0);
	struct reading reading;

	cr_assert_str_eq(client_ask(port, "hello\n"), "reported");
	reading = reading_wait(file);
	reading_expect(reading, "argv.2", "4");
	reading_expect(reading, "argv.3", "3,4");
	reading_expect(reading, "argv.4", "tell");
	reading_expect(reading, "argv.5", text_of("%d", port));
	reading_expect(reading, "argv.6", "100%");
	reading_expect(reading, "env.NGINX", "3;");
	reading_expect(reading, "env.WHO", "tell");
}

/* O_NONBLOCK lives in the file description that all generations share. */
static struct reading report_of_the_second_generation(const char *options)
{
	const char *file = path_in("report"), *been = path_in("been");
	const char *script = write_file("script", "if mkdir %s; then exec %s; else exec %s; fi\n", been,
					backend("nonblock 1"), report_to(file));
	struct superd *superd =
		superd_run("service web { listen = \"127.0.0.1:0\" exec = \"/bin/sh %s\" %s }", script, options);
	int port = superd_port(superd, "web");
	struct reading reading;

	client_ask_pid(port);
	cr_assert_str_eq(client_ask(port, "hello\n"), "reported");
	reading = reading_wait(file);
	superd_stop(superd);
	return reading;
}

Behaviour(handover, a_socket_left_non_blocking_is_blocking_for_the_next_backend)
{
	reading_expect(report_of_the_second_generation(""), "fd.3.nonblock", "0");
}

Behaviour(handover, a_socket_left_non_blocking_is_blocking_for_inetds_next_backend)
{
	reading_expect(report_of_the_second_generation("pass = inetd"), "fd.0.nonblock", "0");
}

Behaviour(handover, non_blocking_sockets_where_asked_for)
{
	reading_expect(report_of(&plain, "non_blocking = yes"), "fd.3.nonblock", "1");
}

Behaviour(handover, signals_and_sessions_are_as_new)
{
	struct reading reading = report_of(&plain, "");

	reading_expect(reading, "blocked", "");
	reading_expect(reading, "proc.SigIgn", "0000000000000000");
	if (!running_sanitized())       /* a sanitizer in the backend itself sets handlers of its own */
		reading_expect(reading, "not_default", "");
	reading_expect(reading, "session_leader", "1");
	reading_expect(reading, "group_leader", "1");
	reading_expect(reading, "cwd", "/");
	reading_expect(reading, "umask", "0022");
	reading_expect(reading, "nice", text_of("%d", getpriority(PRIO_PROCESS, 0)));
}

Behaviour(handover, nothing_of_superds_own_is_passed_on)
{
	static const char *const environment[] = { "NOTIFY_SOCKET=/nowhere",
						   "REMOTE_ADDR=192.0.2.1",
						   "LISTEN_FDNAMES=old",
						   "WATCHDOG_USEC=1",
						   "SECRET=yes",
						   "WANTED=yes",
						   NULL };
	const struct setup setup = { .environment = environment, .leaks = true };
	struct reading reading = report_of(&setup, "passenv = { \"WANTED\", \"NOT_THERE\" }");
	static const char *const unwanted[] = { "NOTIFY_SOCKET", "REMOTE_ADDR", "WATCHDOG_USEC", "SECRET", "NOT_THERE",
						"CRITERION_JOBS", "SUPERD_BIN" };

	reading_expect(reading, "fds", "0 1 2 3");
	reading_expect(reading, "env.WANTED", "yes");
	reading_expect(reading, "env.LISTEN_FDNAMES", "web");
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++)
		cr_assert(!reading_lists(reading, "environment", unwanted[i]), "%s was passed on", unwanted[i]);
	cr_assert_not_null(reading_get(reading, "env.PATH"));
}

Behaviour(handover, the_environment_is_the_users)
{
	const struct passwd *user = getpwuid(geteuid());
	struct reading reading;

	SKIP_WITHOUT(user != NULL, "this test's user has no passwd entry");
	reading = report_of(&plain, "");
	reading_expect(reading, "env.USER", user->pw_name);
	reading_expect(reading, "env.LOGNAME", user->pw_name);
	reading_expect(reading, "env.HOME", user->pw_dir);
	reading_expect(reading, "env.SHELL", user->pw_shell);
}

Behaviour(handover, surroundings_are_as_the_table_says)
{
	const char *more = write_file("more.env", "# a comment\nFROM_FILE='a value'\nBOTH=file\n");
	const char *folder = path_in("folder");
	int nice = getpriority(PRIO_PROCESS, 0) < 19 ? getpriority(PRIO_PROCESS, 0) + 1 : 19;
	struct reading reading;

	cr_assert_eq(mkdir(folder, 0755), 0);
	reading = report_of(&plain, text_of("env = { \"A=1\", \"BOTH=env\", \"SPACED=two words\" }\n"
					    "environment_file = { \"%s\", \"-%s\" }\n"
					    "working_directory = \"%s\"\numask = 0077\nnice = %d\n"
					    "rlimit_nofile = \"100:200\"\nrlimit_core = 0\noom_score_adjust = 700\n"
					    "no_new_privileges = yes\nargv0 = \"somebody\"",
					    more, path_in("not-there"), folder, nice));
	reading_expect(reading, "env.A", "1");
	reading_expect(reading, "env.BOTH", "file");
	reading_expect(reading, "env.FROM_FILE", "a value");
	reading_expect(reading, "env.SPACED", "two words");
	reading_expect(reading, "cwd", folder);
	reading_expect(reading, "umask", "0077");
	reading_expect(reading, "nice", text_of("%d", nice));
	reading_expect(reading, "rlimit.nofile", "100:200");
	reading_expect(reading, "rlimit.core", "0:0");
	reading_expect(reading, "oom_score_adj", "700");
	reading_expect(reading, "no_new_privileges", "1");
	reading_expect(reading, "argv.0", "somebody");
}

Behaviour(handover, superds_own_descriptor_limit_is_not_the_backends)
{
	struct rlimit limit;
	const char *expected;

	getrlimit(RLIMIT_NOFILE, &limit);
	SKIP_WITHOUT(limit.rlim_cur != RLIM_INFINITY && limit.rlim_max != RLIM_INFINITY, "there is no limit here");
	if (limit.rlim_cur > 65536)
		limit.rlim_cur = 1024;
	expected = text_of("%llu:%llu", (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
	reading_expect(report_of(&plain, ""), "rlimit.nofile", expected);
}

Behaviour(handover, another_user_gets_all_of_its_identity)
{
	const struct passwd *nobody = getpwnam("nobody");
	struct reading reading;

	SKIP_WITHOUT(nobody && namespace_users(), "needs root, and a build that every user can reach");
	reading = report_of(&plain, "user = \"nobody\"");
	reading_expect(reading, "uid", text_of("%u %u %u", nobody->pw_uid, nobody->pw_uid, nobody->pw_uid));
	reading_expect(reading, "gid", text_of("%u %u %u", nobody->pw_gid, nobody->pw_gid, nobody->pw_gid));
	reading_expect(reading, "env.USER", "nobody");
	reading_expect(reading, "env.HOME", nobody->pw_dir);
	reading_expect(reading, "proc.CapEff", "0000000000000000");
	cr_assert(!reading_lists(reading, "groups", "0"), "root's group was kept");
}

Behaviour(handover, a_user_that_is_only_a_number_will_do)
{
	struct reading reading;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	reading = report_of(&plain, "user = \"54321\"\ngroup = \"54322\"");
	reading_expect(reading, "uid", "54321 54321 54321");
	reading_expect(reading, "gid", "54322 54322 54322");
}

Behaviour(handover, a_capability_survives_the_change_of_user)
{
	struct reading reading;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	reading = report_of(&plain, "user = \"54321\"\nambient_capabilities = { \"net_bind_service\" }\n"
				    "capability_bounding_set = { \"net_bind_service\" }");
	reading_expect(reading, "proc.CapEff", "0000000000000400");
	reading_expect(reading, "proc.CapAmb", "0000000000000400");
	reading_expect(reading, "proc.CapBnd", "0000000000000400");
}

Behaviour(handover, superd_without_privileges_starts_its_own_users_backends)
{
	const struct setup setup = { .uid = 54321 };
	struct reading reading;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	reading = report_of(&setup, "user = \"54321\"");
	reading_expect(reading, "uid", "54321 54321 54321");
	reading_expect(reading, "fds", "0 1 2 3");
}

Behaviour(handover, a_backend_behind_a_shell_keeps_its_protocol)
{
	struct reading reading;
	const char *file = path_in("report");
	struct superd *superd = superd_run("service web { listen = \"127.0.0.1:0\" exec = \"/bin/sh -c 'exec %s'\" }",
					   report_to(file));

	cr_assert_str_eq(client_ask(superd_port(superd, "web"), "hello\n"), "reported");
	reading = reading_wait(file);
	reading_expect(reading, "listen_pid_own", "1");
	reading_expect(reading, "argv.1", file);
}

Behaviour(handover, a_start_costs_no_descriptor)
{
	struct superd *superd = superd_run("service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n"
					   "service each { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n",
					   backend("take 1"), backend("stdio"));
	int web = superd_port(superd, "web"), each = superd_port(superd, "each");
	size_t before;

	for (int n = 0; n < 2; n++) {   /* from the second start on, a control group is kept open */
		client_ask_pid(web);
		client_ask_pid(each);
	}
	WAIT_UNTIL(superd_processes(superd) == 0);
	before = superd_fd_count(superd);
	for (int round = 0; round < 50; round++) {
		client_ask_pid(web);
		client_ask_pid(each);
	}
	/* One more, of all starts, by which superd hears of connections that end. */
	WAIT_UNTIL(superd_fd_count(superd) <= before + 1);
}
