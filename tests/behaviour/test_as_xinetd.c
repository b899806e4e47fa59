/* superd called as xinetd: its options, its pid file, its signals, and what it does without services. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "harness.h"
#include "namespace.h"
#include "private.h"
#include "process.h"

/* A service that answers each line of its clients, on this port of 127.0.0.1. */
static const char *service_at(const char *name, int port, const char *more)
{
	return text_of(
		"service %s\n{\n\ttype = UNLISTED\n\tsocket_type = stream\n\tprotocol = tcp\n\tbind = 127.0.0.1\n"
		"\tport = %d\n\twait = no\n\tuser = %s\n\tserver = %s\n\tserver_args = lines\n%s}\n",
		name, port, own_user(), backend("%s", ""), more);
}

/* In the foreground, and what it logs is where the harness looks. */
static struct superd *run_logging(const char *table, const char *option, const char *value,
				  const char *const *environment)
{
	struct setup setup = {
		.program = superd_called("xinetd"),
		.without_table = true,
		.environment = environment,
		.arguments = (const char *const[]){ "-d", "-f", table, option, value, NULL },
	};

	return superd_run_with(&setup, "%s", "");
}

Behaviour(as_xinetd, goes_to_the_background_with_a_pid_file_a_log_and_a_folder)
{
	const char *pid_file = path_in("xinetd.pid"), *log = path_in("xinetd.log"), *table;
	int first = free_port(), second = free_port(), third = free_port();
	struct outcome outcome;
	pid_t pid;

	cr_assert_eq(mkdir(path_in("xinetd.d"), 0755), 0);
	write_file("xinetd.d/second", "%s", service_at("second", second, ""));
	write_file("xinetd.d/third.off", "%s", service_at("third", third, ""));
	table = write_file("xinetd.conf", "%s\nincludedir %s\n", service_at("first", first, ""), path_in("xinetd.d"));
	outcome = program_answer((const char *const[]){ superd_called("xinetd"), "-f", table, "-pidfile", pid_file,
							"-filelog", log, "-stayalive", NULL });
	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	pid = (pid_t)strtol(read_text(pid_file), NULL, 10);
	cr_assert(pid > 1 && process_lives(pid));
	cr_expect_str_eq(read_text(text_of("/proc/%ld/comm", (long)pid)), "xinetd\n");
	client_ask_pid(first);
	client_ask_pid(second);
	cr_expect_not(client_can_connect(third), "a name with a dot is left out");
	write_file("xinetd.d/third", "%s", service_at("third", third, ""));
	cr_assert_eq(kill(pid, SIGHUP), 0);
	WAIT_UNTIL(client_can_connect(third));
	cr_assert_eq(unlink(path_in("xinetd.d/second")), 0);
	cr_assert_eq(kill(pid, SIGUSR2), 0);
	WAIT_UNTIL(!client_can_connect(second));
	client_ask_pid(first);
	cr_assert_eq(kill(pid, SIGTERM), 0);
	WAIT_UNTIL(!process_lives(pid));
	cr_expect_neq(access(pid_file, F_OK), 0, "the pid file was left");
}

/* 26/01/31@23:59:59 xinetd[PID]: NOTICE: … */
Behaviour(as_xinetd, dates_a_log_file_as_xinetd_does)
{
	const char *log = path_in("xinetd.log"), *line;
	int port = free_port(), year, month, day, hour, minute, second, end = 0;
	const char *table = write_file("xinetd.conf", "%s", service_at("web", port, ""));
	struct setup setup = {
		.program = superd_called("xinetd"),
		.without_table = true,
		.arguments = (const char *const[]){ "-dontfork", "-f", table, "-filelog", log, NULL },
	};
	struct superd *xinetd = superd_run_with(&setup, "%s", "");
	long pid;

	WAIT_UNTIL(client_can_connect(port));
	superd_stop(xinetd);
	line = read_text(log);
	cr_assert_not_null(line);
	cr_expect_eq(sscanf(line, "%2d/%2d/%2d@%2d:%2d:%2d xinetd[%ld]: %n", &year, &month, &day, &hour, &minute,
			    &second, &pid, &end),
		     7, "%s", line);
	cr_expect_eq(pid, (long)xinetd->pid);
	cr_expect_not_null(strstr(line, "]: NOTICE: stopping\n"), "%s", line);
}

Behaviour(as_xinetd, ends_without_services_unless_it_is_to_stay)
{
	const char *link = superd_called("xinetd"), *table = write_file("xinetd.conf", "defaults\n{\n}\n");
	int port = free_port();
	struct outcome outcome = program_answer((const char *const[]){ link, "-f", table, NULL });
	struct superd *xinetd;

	cr_expect_eq(outcome.status, 1);
	cr_expect_not_null(strstr(outcome.err, "xinetd: no services: exiting"), "%s", outcome.err);
	cr_assert_eq(unlink(link), 0);
	xinetd = run_logging(table, "-stayalive", NULL, NULL);
	superd_wait_log(xinetd, "no services");
	write_file("xinetd.conf", "%s", service_at("web", port, ""));
	superd_signal(xinetd, SIGHUP);
	superd_port(xinetd, "web");
	client_ask_pid(port);
	superd_stop(xinetd);
}

Behaviour(as_xinetd, leaves_a_broken_service_out_and_runs_nothing_on_broken_defaults)
{
	int good = free_port(), bad = free_port();
	const char *table = write_file("xinetd.conf", "%s\n%s", service_at("bad", bad, "\tinstances = 1 2\n"),
				       service_at("good", good, ""));
	struct superd *xinetd = run_logging(table, NULL, NULL, NULL);
	struct outcome outcome;

	superd_wait_log(xinetd, "left out for its errors");
	superd_port(xinetd, "good");
	client_ask_pid(good);
	cr_expect_not(client_can_connect(bad));
	superd_stop(xinetd);
	write_file("xinetd.conf", "%s\ndefaults\n{\n\tonly_from = 1.2.3.4.5\n}\n", service_at("good", good, ""));
	cr_assert_eq(unlink(path_in("xinetd")), 0);
	outcome = program_answer((const char *const[]){ superd_called("xinetd"), "-d", "-f", table, NULL });
	cr_expect_eq(outcome.status, 1, "it runs without the rules of its defaults");
	cr_expect_not_null(strstr(outcome.err, "only_from"), "%s", outcome.err);
}

/* The place is prepared by somebody else: a link to what superd could write. */
Behaviour(as_xinetd, dumps_its_state_and_follows_no_link)
{
	const char *folder = path_in("run"), *dump = path_in("run/xinetd.dump"),
		   *victim = write_file("victim", "untouched");
	const char *const environment[] = { text_of("XDG_RUNTIME_DIR=%s", folder), NULL };
	uid_t uid = geteuid() ? 0 : 65534;
	const char *table = write_file("xinetd.conf", "%s",
				       replaced(service_at("web", 0, ""), text_of("user = %s", own_user()),
						text_of("user = %u", (unsigned)(uid ? uid : geteuid()))));
	struct setup setup = {
		.program = superd_called("xinetd"),
		.without_table = true,
		.environment = environment,
		.uid = uid,
		.arguments = (const char *const[]){ "-d", "-f", table, NULL },
	};
	struct superd *xinetd;
	struct stat status;

	SKIP_WITHOUT(!uid || namespace_users(), "nobody must be able to run what was built");
	cr_assert_eq(mkdir(folder, 0755), 0);
	cr_assert_eq(symlink(victim, dump), 0);
	cr_assert_eq(chmod(victim, 0666), 0);
	cr_assert(!uid || chown(folder, uid, uid) == 0);
	xinetd = superd_run_with(&setup, "%s", "");
	superd_port(xinetd, "web");
	for (int n = 0; n < 2; n++) {
		superd_signal(xinetd, SIGUSR1);
		superd_wait_log(xinetd, text_of("generated state dump in file %s", dump));
		superd_wait_log(xinetd, "web: listening for ");
	}
	cr_assert_eq(lstat(dump, &status), 0);
	cr_expect(S_ISREG(status.st_mode) && (status.st_mode & 07777) == 0600, "mode %o", status.st_mode);
	cr_expect_not_null(strstr(read_text(dump), "web: listening for "));
	cr_expect_not_null(strstr(read_text(dump), "services: 1\ninstances: 0\n"));
	cr_expect_str_eq(read_text(victim), "untouched");
	superd_stop(xinetd);
	cr_assert_eq(unlink(dump) | rmdir(text_of("%s/superd", folder)) | rmdir(folder), 0);
}

Behaviour(as_xinetd, looks_its_state_over_at_sigabrt_and_by_the_clock)
{
	const char *table = write_file("xinetd.conf", "%s", service_at("web", 0, ""));
	struct superd *xinetd = run_logging(table, "-cc", "1", NULL);
	int client = client_connect(superd_port(xinetd, "web"));

	client_send(client, "hello\n");
	client_line(client);
	superd_wait_log(xinetd, "consistency check passed");
	superd_wait_log(xinetd, "consistency check passed");
	superd_stop(xinetd);
	close(client);
	cr_assert_eq(unlink(path_in("xinetd")), 0);
	xinetd = run_logging(table, NULL, NULL, NULL);
	client = client_connect(superd_port(xinetd, "web"));
	client_send(client, "hello\n");
	client_line(client);
	superd_signal(xinetd, SIGABRT);
	superd_wait_log(xinetd, "consistency check passed");
	client_send(client, "still there\n");
	cr_expect_not_null(strstr(client_line(client), "still there"));
	close(client);
	superd_stop(xinetd);
}

Behaviour(as_xinetd, limits_the_processes_of_all_services)
{
	const char *failure = "\tlog_on_failure = HOST\n";
	const char *table =
		write_file("xinetd.conf", "%s\n%s", service_at("one", 0, failure), service_at("two", 0, failure));
	struct superd *xinetd = run_logging(table, "-limit", "2", NULL);
	int one = superd_port(xinetd, "one"), two = superd_port(xinetd, "two");
	int first = client_connect(one), second = client_connect(two), third;

	client_send(first, "a\n");
	client_line(first);
	client_send(second, "b\n");
	client_line(second);
	third = client_connect(one);
	cr_expect(client_sees_end(third));
	close(third);
	superd_wait_log(xinetd, "FAIL: one process_limit from=127.0.0.1");
	close(first);
	WAIT_UNTIL(superd_processes(xinetd) == 1);
	client_ask_pid(two);
	close(second);
	superd_stop(xinetd);
}

/* Its clients can't be refused, as only the server could accept them: they wait in the queue. */
Behaviour(as_xinetd, has_a_server_of_many_clients_wait_for_room)
{
	const char *late = replaced(service_at("late", 0, ""), "wait = no", "wait = yes");
	const char *table = write_file("xinetd.conf", "%s\n%s", service_at("one", 0, ""),
				       replaced(late, "= lines", "= take 1"));
	struct superd *xinetd = run_logging(table, "-limit", "1", NULL);
	int first = client_connect(superd_port(xinetd, "one")), second;

	client_send(first, "a\n");
	client_line(first);
	second = client_connect(superd_port(xinetd, "late"));
	client_send(second, "b\n");
	superd_wait_log(xinetd, "late: its clients wait: as many instances of all services run as may");
	cr_expect(client_is_quiet(second, 50));
	close(first);
	cr_expect_not_null(strstr(client_line(second), " b"));
	close(second);
	superd_stop(xinetd);
}

Behaviour(as_xinetd, leaves_servers_running_at_sigquit)
{
	struct superd *xinetd =
		run_logging(write_file("xinetd.conf", "%s", service_at("web", 0, "")), NULL, NULL, NULL);
	int client = client_connect(superd_port(xinetd, "web"));
	pid_t server;

	client_send(client, "hello\n");
	server = (pid_t)strtol(client_line(client), NULL, 10);
	superd_signal(xinetd, SIGQUIT);
	cr_expect_eq(superd_wait_exit(xinetd), 0);
	client_send(client, "still there\n");
	cr_expect_eq((pid_t)strtol(client_line(client), NULL, 10), server);
	close(client);
	WAIT_UNTIL(!process_lives(server));
}

/* With -inetd_compat, and only while it is there: Debian's init script always says so. */
Behaviour(as_xinetd, reads_the_table_of_inetd_besides)
{
	const char *line = text_of("127.0.0.1:4002 stream tcp nowait root %sbackend lines\n", backend("%s", ""));
	struct setup setup = {
		.program = superd_called("xinetd"), .without_table = true,
		.arguments = (const char *const[]){ "-d", "-inetd_compat", NULL },
	};
	struct superd *xinetd;

	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	private_file("/etc/xinetd.conf", "%s", service_at("web", 4001, ""));
	xinetd = superd_run_with(&setup, "%s", "");
	superd_port(xinetd, "web");
	private_file("/etc/inetd.conf", "%s", line);
	superd_signal(xinetd, SIGHUP);
	superd_port(xinetd, "4002@127.0.0.1");
	client_ask_pid(4001);
	client_ask_pid(4002);
	superd_stop(xinetd);
	cr_assert_eq(unlink("/etc/inetd.conf") | unlink("/etc/xinetd.conf"), 0);
}

Behaviour(as_xinetd, refuses_an_option_that_xinetd_would_pass_over)
{
	struct outcome outcome = program_answer((const char *const[]){ superd_called("xinetd"), "-limt", "3", NULL });

	cr_expect_eq(outcome.status, 1);
	cr_expect_not_null(strstr(outcome.err, "'-limt' is no option of xinetd"), "%s", outcome.err);
}
