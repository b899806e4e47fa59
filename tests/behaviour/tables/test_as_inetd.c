/* superd called as inetd: a drop-in by its options, its pid file, its signals, and what it makes of a table with a bad
 * line; on Debian for update-inetd and the init script, too. */
#include <sys/mount.h>

#include "harness.h"
#include "private.h"
#include "superctl.h"

/* A line that serves each client of this port of 127.0.0.1 with a backend that answers lines. */
static const char *line_for(int port, const char *wait)
{
	return text_of("127.0.0.1:%d stream tcp %s %s %sbackend lines\n", port, wait, own_user(), backend("%s", ""));
}

static struct superd *run(struct setup setup, const char *table, const char *option, const char *value)
{
	const char *const arguments[] = { "-i", "-e", "-p", path_in("inetd.pid"), table, option, value, NULL };

	setup.program = superd_called("inetd");
	setup.without_table = true;
	setup.arguments = arguments;
	return superd_run_with(&setup, "%s", "");
}

static struct superd *run_inetd(const char *table, const char *option, const char *value,
				const char *const *environment)
{
	return run((struct setup){ .environment = environment }, table, option, value);
}

static struct superd *run_by_clock(const char *table, const char *option, const char *value)
{
	return run((struct setup){ .clock = true }, table, option, value);
}

/* As an init script does, and back when it serves. */
static pid_t start_daemon(const char *pid_file, const char *table)
{
	const char *const arguments[] = { superd_called("inetd"), "-p", pid_file, table, NULL };
	struct outcome outcome = program_answer(arguments);
	pid_t pid;

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	cr_assert_not_null(read_text(pid_file));
	pid = (pid_t)strtol(read_text(pid_file), NULL, 10);
	cr_assert(pid > 1 && process_lives(pid));
	return pid;
}

static void end_daemon(pid_t pid, const char *pid_file)
{
	cr_assert_eq(kill(pid, SIGTERM), 0);
	WAIT_UNTIL(!process_lives(pid));
	cr_assert_neq(access(pid_file, F_OK), 0, "the pid file was left");
}

Behaviour(as_inetd, tells_whoever_starts_it_what_it_leaves_out)
{
	const char *pid_file = path_in("inetd.pid");
	const char *table = write_file("inetd.conf", "%sshort stream\n", line_for(free_port(), "nowait"));
	const char *const arguments[] = { superd_called("inetd"), "-p", pid_file, table, NULL };
	struct outcome outcome = program_answer(arguments);

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect(strstr(outcome.err, "inetd.conf:2:"), "stderr: %s", outcome.err);
	end_daemon((pid_t)strtol(read_text(pid_file), NULL, 10), pid_file);
}

/* Each has a table and a pid file of its own, and none an option for the control socket. */
Behaviour(as_inetd, runs_beside_another_one)
{
	int first = free_port(), second = free_port();
	const char *tables[] = { path_in("first.conf"), path_in("second.conf") };
	const char *pid_files[] = { path_in("first.pid"), path_in("second.pid") };
	pid_t pids[2];

	write_file("first.conf", "%s", line_for(first, "nowait"));
	write_file("second.conf", "%s", line_for(second, "nowait"));
	for (int n = 0; n < 2; n++)
		pids[n] = start_daemon(pid_files[n], tables[n]);
	client_ask_pid(first);
	client_ask_pid(second);
	for (int n = 0; n < 2; n++)
		end_daemon(pids[n], pid_files[n]);
}

Behaviour(as_inetd, goes_to_the_background_with_a_pid_file_and_reloads)
{
	const char *pid_file = path_in("inetd.pid"), *table;
	int first = free_port(), second = free_port();
	pid_t pid;

	table = write_file("inetd.conf", "%s", line_for(first, "nowait"));
	pid = start_daemon(pid_file, table);
	cr_expect_str_eq(read_text(text_of("/proc/%ld/comm", (long)pid)), "inetd\n");
	cr_assert_eq(getsid(pid) == getsid(0), 0, "the daemon is still in this session");
	client_ask_pid(first);
	cr_expect_not(client_can_connect(second));
	write_file("inetd.conf", "%s%s", line_for(first, "nowait"), line_for(second, "nowait"));
	cr_assert_eq(kill(pid, SIGHUP), 0);
	WAIT_UNTIL(client_can_connect(second));
	client_ask_pid(second);
	end_daemon(pid, pid_file);
}

Behaviour(as_inetd, leaves_the_folder_it_was_started_in_and_still_reloads)
{
	const char *pid_file = path_in("inetd.pid"), *folder = path_in("there"), *table = path_in("there/table");
	int first = free_port(), second = free_port();
	char link[200];
	ssize_t length;
	pid_t pid;

	cr_assert_eq(mkdir(folder, 0755), 0);
	write_file("there/table", "%s", line_for(first, "nowait"));
	cr_assert_eq(chdir(folder), 0);
	pid = start_daemon(pid_file, "table");
	cr_assert_eq(chdir("/"), 0);
	/* superd lets only root look into it. */
	length = readlink(text_of("/proc/%ld/cwd", (long)pid), link, sizeof(link));
	cr_expect((geteuid() != 0 && length < 0) || (length == 1 && link[0] == '/'), "it keeps %.*s busy",
		  (int)length, link);
	write_file("there/table", "%s", line_for(second, "nowait"));
	cr_assert_eq(kill(pid, SIGHUP), 0);
	WAIT_UNTIL(client_can_connect(second));
	end_daemon(pid, pid_file);
	cr_assert_eq(unlink(table), 0);
}

/* Elsewhere daemon(3) is what goes to /, so with -d a server begins where inetd was started, as NetBSD's and GNU's. */
Behaviour(as_inetd, in_the_foreground_programs_are_found_and_begin_where_it_was_started)
{
	int dotted = free_port(), bare = free_port();
	const char *folder = path_in("."), *script = write_file("where", "#!/bin/sh\npwd -P\n");
	const char *table = write_file("inetd.conf", "127.0.0.1:%d stream tcp nowait %s ./where\n"
				       "127.0.0.1:%d stream tcp nowait %s where where\n",
				       dotted, own_user(), bare, own_user());
	const char *inetd = superd_called("inetd");
	const char *const daemon[] = { inetd, "-p", path_in("inetd.pid"), table, NULL };
	const struct setup setup = { .program = inetd, .without_table = true,
				     .arguments = (const char *const[]){ "-d", table, NULL } };
	char *before = getcwd(NULL, 0), *real = realpath(folder, NULL);
	struct superd *superd;
	struct outcome outcome;

	cr_assert_eq(chmod(script, 0755), 0);
	cr_assert_eq(chdir(folder), 0);
	superd = superd_run_with(&setup, "%s", "");
	cr_assert_eq(chdir(before), 0);
	superd_wait_log(superd, text_of("listening on tcp:127.0.0.1:%d", dotted));
	superd_wait_log(superd, text_of("listening on tcp:127.0.0.1:%d", bare));
	cr_expect_str_eq(client_line(client_connect(dotted)), real);
	cr_expect_str_eq(client_line(client_connect(bare)), real);
	superd_stop(superd);
	outcome = program_answer(daemon);
	cr_expect(strstr(outcome.err, "the program './where' is no absolute path"), "%s", outcome.err);
	free(before);
	free(real);
	if (outcome.status == 0)
		end_daemon((pid_t)strtol(read_text(daemon[2]), NULL, 10), daemon[2]);
}

Behaviour(as_inetd, serves_the_good_lines_around_a_bad_one)
{
	int ports[] = { free_port(), free_port(), free_port() };
	const char *table =
		write_file("inetd.conf", "%sbogus line\n%s127.0.0.1:%d stream tcp nowait no-such-user /bin/cat cat\n",
			   line_for(ports[0], "nowait"), line_for(ports[1], "nowait"), ports[2]);
	struct superd *inetd = run_inetd(table, NULL, NULL, NULL);

	superd_wait_log(inetd, text_of("%s:2:", table));
	superd_wait_log(inetd, "is left out");
	superd_wait_log(inetd, text_of("service '%d@127.0.0.1' is left out", ports[2]));
	superd_port(inetd, text_of("%d@127.0.0.1", ports[0]));
	superd_port(inetd, text_of("%d@127.0.0.1", ports[1]));
	client_ask_pid(ports[0]);
	client_ask_pid(ports[1]);
	cr_expect_not(client_can_connect(ports[2]));
}

Behaviour(as_inetd, keeps_its_services_when_the_table_is_missing_at_a_reload)
{
	int port = free_port();
	const char *table = write_file("inetd.conf", "%s", line_for(port, "nowait"));
	struct superd *inetd = run_inetd(table, NULL, NULL, NULL);

	superd_port(inetd, text_of("%d@127.0.0.1", port));
	cr_assert_eq(unlink(table), 0);
	superd_signal(inetd, SIGHUP);
	superd_wait_log(inetd, "inetd: not reloaded: 1 error");
	client_ask_pid(port);
}

/* At a start, not at the load: what is missing may come, as with an inetd. */
Behaviour(as_inetd, looks_for_a_program_when_it_starts_it)
{
	int port = free_port();
	const char *program = path_in("later"),
		   *line = text_of("127.0.0.1:%d stream tcp nowait %s %s later\n", port, own_user(), program);
	struct superd *inetd = run_inetd(write_file("inetd.conf", "%s", line), NULL, NULL, NULL);
	int client;

	superd_wait_log(inetd, "warning: ");
	superd_wait_log(inetd, program);
	superd_port(inetd, text_of("%d@127.0.0.1", port));
	cr_assert_eq(symlink("/bin/cat", program), 0);
	client = client_connect(port);
	client_send(client, "late\n");
	cr_expect_str_eq(client_line(client), "late");
	close(client);
}

static bool tells(int port, const char *what)
{
	return strstr(client_rest(client_connect(port)), what);
}

Behaviour(as_inetd, tells_programs_what_its_options_say)
{
	static const char *const environment[] = { "KEPT_FOR_ALL=yes", NULL };
	int port = free_port();
	const char *table =
		write_file("inetd.conf", "127.0.0.1:%d stream tcp nowait %s /usr/bin/env env\n", port, own_user());
	struct superd *plain = run_inetd(table, NULL, NULL, environment), *whole, *both;

	superd_port(plain, text_of("%d@127.0.0.1", port));
	cr_expect_not(tells(port, "KEPT_FOR_ALL=yes"));
	cr_expect_not(tells(port, "TCPLOCALIP="));
	superd_stop(plain);
	cr_assert_eq(unlink(path_in("inetd")), 0);
	whole = run_inetd(table, "-E", NULL, environment);
	superd_port(whole, text_of("%d@127.0.0.1", port));
	cr_expect(tells(port, "KEPT_FOR_ALL=yes"));
	superd_stop(whole);
	cr_assert_eq(unlink(path_in("inetd")), 0);
	both = run_inetd(table, "--environment", NULL, environment);
	superd_port(both, text_of("%d@127.0.0.1", port));
	cr_expect(tells(port,
			text_of("PROTO=TCP\nTCPLOCALIP=127.0.0.1\nTCPLOCALPORT=%d\nTCPREMOTEIP=127.0.0.1\n"
				"TCPREMOTEPORT=",
				port)));
}

Behaviour(as_inetd, limits_starts_by_the_rate_of_its_command_line)
{
	int port = free_port(), client;
	struct superd *inetd = run_by_clock(write_file("inetd.conf", "%s", line_for(port, "nowait")), "-R", "3");

	superd_port(inetd, text_of("%d@127.0.0.1", port));
	for (int n = 0; n < 3; n++)
		client_ask_pid(port);
	client = client_connect(port);
	superd_wait_log(inetd, text_of("%d/tcp server failing (looping), service terminated for 10 min", port));
	clock_advance(inetd, 9 * MINUTE_MS);
	cr_expect(client_is_quiet(client, 0), "over the limit clients wait");
	superd_signal(inetd, SIGALRM);  /* ends the pause, as an inetd's retry does */
	client_send(client, "hello\n");
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
}

Behaviour(as_inetd, listens_on_the_address_of_its_command_line)
{
	int port = free_port();
	const char *table = write_file("inetd.conf", "%d stream tcp4 nowait %s /bin/cat cat\n", port, own_user());
	struct superd *inetd = run_inetd(table, "-a", "127.0.0.2", NULL);
	int client;

	superd_wait_log(inetd, text_of("listening on tcp:127.0.0.2:%d", port));
	cr_expect_not(client_can_connect(port));
	client = client_connect_to("127.0.0.2", port);
	client_send(client, "hello\n");
	cr_expect_str_eq(client_line(client), "hello");
	close(client);
}

/* By itself it would wait longer each time. */
Behaviour(as_inetd, tries_a_taken_port_again_at_sigalrm)
{
	int port = free_port(), taken = listen_on(port);
	struct superd *inetd = run_by_clock(write_file("inetd.conf", "%s", line_for(port, "nowait")), NULL, NULL);
	size_t tries;

	CLOCK_UNTIL(inetd, MINUTE_MS, 20, superd_log_count(inetd, "Address already in use") >= 10);
	clock_settle(inetd);
	tries = superd_log_count(inetd, "Address already in use");
	superd_signal(inetd, SIGALRM);
	superd_expect_count(inetd, "Address already in use", tries + 1);
	close(taken);
	superd_signal(inetd, SIGALRM);
	superd_port(inetd, text_of("%d@127.0.0.1", port));
	client_ask_pid(port);
}

Behaviour(as_inetd, never_writes_its_pid_over_a_table)
{
	const char *table = write_file("inetd.conf", "# a table\n");
	const char *const arguments[] = { superd_called("inetd"), "-p", table, write_file("other", "#\n"), NULL };
	struct outcome outcome = program_answer(arguments);

	cr_expect_eq(outcome.status, 2);
	cr_expect_not_null(strstr(outcome.err, "it holds something else than a pid"), "%s", outcome.err);
	cr_expect_str_eq(read_text(table), "# a table\n");
}

/* <30> is LOG_DAEMON and LOG_INFO. */
Behaviour(as_inetd, logs_to_syslog_by_its_name)
{
	int port = free_port(), receiver;
	struct setup setup = {
		.program = superd_called("inetd"), .without_table = true, .own_dev = true,
		.arguments = (const char *const[]){ "-i", "-p", path_in("inetd.pid"), path_in("inetd.conf"), NULL },
	};
	char line[2000] = "";
	struct superd *inetd;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	/* In a namespace superd believes no programs of an owner that it does not know. */
	SKIP_WITHOUT(access(text_of("%s/superd-read", getenv("SUPERD_LIBEXEC")), R_OK) == 0,
		     "superd's programs are another user's");
	receiver = bind_dev_log();
	/* For an ordinary user, root is the one id that the namespace maps. */
	write_file("inetd.conf", "127.0.0.1:%d stream tcp nowait root %sbackend lines\n", port, backend("%s", ""));
	inetd = superd_run_with(&setup, "%s", "");
	WAIT_UNTIL(recv(receiver, line, sizeof(line) - 1, MSG_DONTWAIT) > 0 && strstr(line, "listening on "));
	cr_expect_eq(strncmp(line, "<30>", 4), 0, "%s", line);
	cr_expect_not_null(strstr(line, text_of(" inetd[%ld]: ", (long)inetd->pid)), "%s", line);
	close(receiver);
}

Behaviour(as_inetd, refuses_options_that_no_inetd_has)
{
	const char *const arguments[] = { superd_called("inetd"), "--no-such", NULL };
	struct outcome outcome = program_answer(arguments);

	cr_expect_eq(outcome.status, 1);
	cr_expect_not_null(strstr(outcome.err, "inetd --help"), "%s", outcome.err);
}

/* Both are read while they are there; without either nothing runs. */
Behaviour(as_inetd, reads_the_systems_own_tables)
{
	struct setup setup = {
		.without_table = true,
		.program = superd_called("inetd"),
		.arguments = (const char *const[]){ "-i", "-e", NULL },
	};
	struct superd *inetd;

	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	cr_assert_eq(mkdir("/etc/inetd.d", 0755), 0);
	private_file("/etc/inetd.d/one", "%s", line_for(4001, "nowait"));
	private_file("/etc/inetd.d/one~", "%s", line_for(4002, "nowait"));
	inetd = superd_run_with(&setup, "%s", "");
	superd_port(inetd, "4001@127.0.0.1");
	cr_expect_str_eq(read_text("/run/inetd.pid"), text_of("%ld\n", (long)inetd->pid));
	private_file("/etc/inetd.conf", "%s", line_for(4003, "nowait"));
	superd_signal(inetd, SIGHUP);
	superd_port(inetd, "4003@127.0.0.1");
	client_ask_pid(4001);
	client_ask_pid(4003);
	cr_expect_not(client_can_connect(4002));
	superd_stop(inetd);
	cr_expect_neq(access("/run/inetd.pid", F_OK), 0);
	cr_assert_eq(unlink("/etc/inetd.conf") | unlink("/etc/inetd.d/one"), 0);
}

/* Debian: /usr/sbin/inetd is a link to superd, in folders of the test's own. */

static void run_tool(const char *program, const char *first, const char *second, const char *third)
{
	const char *const arguments[] = { program, first, second, third, NULL };
	struct outcome outcome = program_answer(arguments);

	cr_assert_eq(outcome.status, 0, "%s %s: %d: %s%s", program, first, outcome.status, outcome.out, outcome.err);
}

/* A /usr/sbin of copies, with the little that is needed of the real one, and inetd besides. The real one is never
 * mounted below the test's folder, where whatever is left is removed. */
static void replace_sbin(void)
{
	const char *own = path_in("sbin");

	cr_assert_eq(mkdir(own, 0755), 0);
	cr_assert_eq(mount("tmpfs", own, "tmpfs", 0, "mode=0755"), 0, "%s", strerror(errno));
	run_tool("/bin/sh", "-c",
		 text_of("cp -p /usr/sbin/update-inetd /sbin/start-stop-daemon %s/ && ln -s %s %s/inetd", own,
			 superd_path(), own), NULL);
	cr_assert_eq(mount(own, "/usr/sbin", NULL, MS_MOVE, NULL), 0, "%s", strerror(errno));
}

static void enter_debian(void)
{
	const char *more = path_in("more-etc");

	SKIP_WITHOUT(geteuid() == 0, "needs root, a network namespace and mounts of its own");
	SKIP_WITHOUT(access("/usr/sbin/update-inetd", X_OK) == 0 && access("/sbin/start-stop-daemon", X_OK) == 0,
		     "there is no update-inetd here (Debian: update-inetd)");
	cr_assert_eq(mkdir(more, 0755), 0);
	run_tool("/bin/sh", "-c",
		 text_of("cd /etc && for n in alternatives perl debconf.conf lsb-base-logging.sh lsb-release default; "
			 "do test ! -e $n || cp -a $n %s/ || exit 1; done", more), NULL);
	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	run_tool("/bin/sh", "-c", text_of("cp -a %s/. /etc/ && rm -r %s", more, more), NULL);
	replace_sbin();
}

static pid_t inetds_pid(void)
{
	const char *text = read_text("/run/inetd.pid");

	return text ? (pid_t)strtol(text, NULL, 10) : 0;
}

Behaviour(as_inetd, is_told_of_changes_by_debians_update_inetd)
{
	pid_t pid;

	enter_debian();
	private_file("/etc/inetd.conf", "%s", line_for(4001, "nowait"));
	run_tool("/usr/sbin/inetd", NULL, NULL, NULL);
	pid = inetds_pid();
	cr_assert_gt(pid, 1);
	cr_assert_eq(setenv("DEBIAN_FRONTEND", "noninteractive", 1), 0);
	run_tool("/usr/sbin/update-inetd", "--add",
		 text_of("4002\\tstream\\ttcp\\tnowait\\troot\\t%sbackend lines", backend("%s", "")), NULL);
	WAIT_UNTIL(client_can_connect(4002));
	client_ask_pid(4002);
	run_tool("/usr/sbin/update-inetd", "--disable", "4002", NULL);
	WAIT_UNTIL(!client_can_connect(4002));
	run_tool("/usr/sbin/update-inetd", "--enable", "4002", NULL);
	WAIT_UNTIL(client_can_connect(4002));
	cr_expect_eq(inetds_pid(), pid);
	cr_assert_eq(kill(pid, SIGTERM), 0);
	WAIT_UNTIL(!process_lives(pid));
}

/* The script of the package openbsd-inetd, where it is installed or among the peers. */
static const char *find_script(void)
{
	const char *peers = getenv("SUPERD_PEERS");
	const char *script = peers ? text_of("%s/openbsd-inetd/etc/init.d/openbsd-inetd", peers) : "";

	return access(script, R_OK) == 0 ? script : "/etc/init.d/openbsd-inetd";
}

Behaviour(as_inetd, obeys_debians_init_script)
{
	const char *script = find_script(), *kept = path_in("openbsd-inetd");
	pid_t pid;

	SKIP_WITHOUT(access(script, R_OK) == 0,
		     "openbsd-inetd is not here (Debian: openbsd-inetd, also unpacked below SUPERD_PEERS)");
	run_tool("/bin/cp", script, kept, NULL);
	enter_debian();
	private_file("/etc/inetd.conf", "%s", line_for(4001, "nowait"));
	run_tool("/bin/sh", kept, "start", NULL);
	pid = inetds_pid();
	cr_assert(pid > 1 && process_lives(pid));
	client_ask_pid(4001);
	run_tool("/bin/sh", kept, "start", NULL);
	cr_expect_eq(inetds_pid(), pid, "a second start starts nothing");
	run_tool("/bin/sh", kept, "status", NULL);
	private_file("/etc/inetd.conf", "%s", line_for(4002, "nowait"));
	run_tool("/bin/sh", kept, "reload", NULL);
	WAIT_UNTIL(client_can_connect(4002));
	run_tool("/bin/sh", kept, "restart", NULL);
	WAIT_UNTIL(inetds_pid() > 1 && inetds_pid() != pid);
	WAIT_UNTIL(!process_lives(pid));
	client_ask_pid(4002);
	pid = inetds_pid();
	run_tool("/bin/sh", kept, "stop", NULL);
	WAIT_UNTIL(!process_lives(pid));
	cr_expect_neq(access("/run/inetd.pid", F_OK), 0);
}

/* An option that inetd does not have, for two of them on a machine. */
Behaviour(as_inetd, may_have_a_control_socket_of_its_own)
{
	int port = free_port();
	const char *control = path_in("control"), *table = write_file("inetd.conf", "%s", line_for(port, "nowait"));
	struct superd *inetd = run_inetd(table, "--control", control, NULL);
	struct outcome outcome;

	superd_wait_log(inetd, "listening on");
	wait_node(control);
	outcome = SUPERCTL(control, "list", "--names");
	cr_expect_str_eq(outcome.out, text_of("%d@127.0.0.1\n", port), "%s", outcome.err);
}

/* Nobody remembers brackets and addresses. */
Behaviour(as_inetd, suggests_the_name_with_its_address)
{
	int port = free_port(), both = free_port();
	const char *control = path_in("control"),
		   *table = write_file("inetd.conf", "%s%s%s", line_for(port, "nowait"), line_for(both, "nowait"),
				       replaced(line_for(both, "nowait"), "127.0.0.1", "127.0.0.2"));
	struct superd *inetd = run_inetd(table, "--control", control, NULL);
	struct outcome outcome;

	wait_node(control);
	outcome = SUPERCTL(control, "hold", text_of("%d", port));
	cr_expect_eq(outcome.status, 1, "%s", outcome.out);
	cr_expect_not_null(strstr(outcome.err, text_of("did you mean %d@127.0.0.1?", port)), "%s", outcome.err);
	outcome = SUPERCTL(control, "why", text_of("%d", both));
	cr_expect_eq(outcome.status, 1, "%s", outcome.out);
	cr_expect_not_null(strstr(outcome.err, text_of("did you mean %d@127.0.0.1, or another of this name?", both)),
			   "%s", outcome.err);
	superd_stop(inetd);
}
