/* superd called as xinetd: its options, its pid file, its signals, and what it does without services. */
#include "harness.h"
#include "private.h"

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
		.clock = true,
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
}

Behaviour(as_xinetd, leaves_a_broken_service_out_and_runs_nothing_on_broken_defaults)
{
	int good = free_port(), bad = free_port();
	const char *table = write_file("xinetd.conf", "%s\n%s", service_at("bad", bad, "\tinstances = 1 2\n"),
				       service_at("good", good, ""));
	struct superd *xinetd = run_logging(table, NULL, NULL, NULL);
	struct outcome outcome;

	superd_wait_log(xinetd, "; service 'bad' is left out");
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
		superd_wait_log(xinetd, "web: {\"service\":\"web\",\"state\":\"listening\"");
	}
	cr_assert_eq(lstat(dump, &status), 0);
	cr_expect(S_ISREG(status.st_mode) && (status.st_mode & 07777) == 0600, "mode %o", status.st_mode);
	cr_expect_not_null(strstr(read_text(dump), "{\"service\":\"web\",\"state\":\"listening\""));
	cr_expect_not_null(strstr(read_text(dump), "{\"services\":1,\"unlisted\":0,\"instances\":0}\n"));
	cr_expect_str_eq(read_text(victim), "untouched");
	superd_stop(xinetd);
	cr_assert_eq(unlink(dump) | rmdir(text_of("%s/superd", folder)) | rmdir(folder), 0);
}

/* xinetd checks its state then. */
Behaviour(as_xinetd, sigabrt_does_nothing)
{
	const char *table = write_file("xinetd.conf", "%s", service_at("web", 0, ""));
	struct superd *xinetd = run_logging(table, "-cc", "3600", NULL);
	int client = client_connect(superd_port(xinetd, "web"));

	client_send(client, "hello\n");
	client_line(client);
	superd_signal(xinetd, SIGABRT);
	superd_signal(xinetd, SIGHUP);
	superd_wait_log(xinetd, "Reconfigured: ");
	client_send(client, "still there\n");
	cr_expect_not_null(strstr(client_line(client), "still there"));
	close(client);
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
	clock_advance(xinetd, HOUR_MS);
	cr_expect(client_is_quiet(second, 0));
	close(first);
	CLOCK_UNTIL(xinetd, MINUTE_MS, 10, !client_is_quiet(second, 0));
	cr_expect_not_null(strstr(client_line(second), " b"));
	close(second);
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

Behaviour(as_xinetd, has_its_defaults_speak_for_the_table_of_inetd_too)
{
	const char *log = path_in("services");
	struct setup setup = {
		.program = superd_called("xinetd"), .without_table = true,
		.arguments = (const char *const[]){ "-d", "-inetd_compat", NULL },
	};
	struct superd *xinetd;
	int first, second;

	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	private_file("/etc/xinetd.conf",
		     "defaults\n{\n instances = 1\n only_from = 127.0.0.1\n log_type = FILE %s\n"
		     " log_on_failure = HOST\n}\n%s",
		     log, service_at("web", 4001, ""));
	private_file("/etc/inetd.conf", "%s",
		     text_of("127.0.0.1:4002 stream tcp nowait root %sbackend lines\n"
			     "127.0.0.1:4003 stream tcp nowait.5 root %sbackend lines\n",
			     backend("%s", ""), backend("%s", "")));
	xinetd = superd_run_with(&setup, "%s", "");
	superd_port(xinetd, "4002@127.0.0.1");
	superd_port(xinetd, "4003@127.0.0.1");
	cr_expect(client_sees_end(client_connect_from("127.0.0.2", 4002)), "%s", world_logs());
	WAIT_UNTIL(read_text(log) && strstr(read_text(log), "FAIL: 4002@127.0.0.1 address from=127.0.0.2"));
	first = client_connect(4002);
	client_send(first, "hello\n");
	cr_expect_not_null(strstr(client_line(first), " hello"));
	second = client_connect(4002);
	cr_expect(client_sees_end(second), "instances = 1\n%s", world_logs());
	WAIT_UNTIL(strstr(read_text(log), "FAIL: 4002@127.0.0.1 service_limit from=127.0.0.1"));
	close(first);
	close(second);
	superd_stop(xinetd);
	cr_assert_eq(unlink("/etc/inetd.conf") | unlink("/etc/xinetd.conf"), 0);
}

/* An old script may say anything: xinetd itself passes over what it does not know. */
Behaviour(as_xinetd, starts_with_options_it_does_not_know_and_says_so)
{
	const char *table = write_file("xinetd.conf", "%s", service_at("web", 0, ""));
	struct setup setup = {
		.program = superd_called("xinetd"),
		.without_table = true,
		.arguments = (const char *const[]){ "-limt", "-loop", "30", "-d", "-f", table, "-interval", "5", NULL },
	};
	struct superd *xinetd = superd_run_with(&setup, "%s", "");
	struct outcome outcome;

	client_ask_pid(superd_port(xinetd, "web"));
	cr_expect(superd_logged(xinetd, "'-limt' is no option of xinetd, and has no effect"));
	superd_stop(xinetd);
	cr_assert_eq(unlink(path_in("xinetd")), 0);
	outcome = program_answer((const char *const[]){ superd_called("xinetd"), "-limt", "3", NULL });
	cr_expect_eq(outcome.status, 1);
	cr_expect_not_null(strstr(outcome.err, "'3' is no option of xinetd"), "%s", outcome.err);
}

/* What runs is better than nothing, until it is good or gone. */
Behaviour(as_xinetd, keeps_a_service_whose_entry_became_wrong)
{
	int port = free_port(), second = free_port(), client, queued;
	const char *good = service_at("web", port, ""), *bad = service_at("web", port, "\tinstances = 1 2\n");
	const char *late = replaced(service_at("late", second, ""), "wait = no", "wait = yes");
	const char *other = replaced(late, "= lines", "= take 1");
	const char *gone = replaced(other, backend("%s", ""), path_in("missing"));
	const char *table = write_file("xinetd.conf", "%s\n%s", good, other);
	struct superd *xinetd = run_logging(table, NULL, NULL, NULL);

	superd_port(xinetd, "web");
	superd_port(xinetd, "late");
	client = client_connect(port);
	client_send(client, "a\n");
	client_line(client);
	for (int n = 0; n < 2; n++) {
		write_file("xinetd.conf", "%s\n%s", bad, gone);
		superd_signal(xinetd, SIGHUP);
		superd_wait_log(xinetd, "its configuration has errors now: the previous one stays in effect");
		superd_wait_log(xinetd, "its configuration has errors now: the previous one stays in effect");
		superd_wait_log(xinetd, "Reconfigured: new=0 old=2 dropped=0 (services)");
		client_ask_pid(port);
	}
	queued = client_connect(second);
	client_send(queued, "b\n");
	cr_expect_not_null(strstr(client_line(queued), " b"));
	write_file("xinetd.conf", "%s\n%s", good, other);
	superd_signal(xinetd, SIGHUP);
	superd_wait_log(xinetd, "Reconfigured: new=0 old=2 dropped=0 (services)");
	client_send(client, "still there\n");
	cr_expect_not_null(strstr(client_line(client), "still there"));
	cr_expect_eq(superd_log_count(xinetd, "web: listening on "), 1u, "the port was closed meanwhile");
	close(queued);
	write_file("xinetd.conf", "%s", bad);
	superd_signal(xinetd, SIGHUP);
	superd_wait_log(xinetd, "Reconfigured: new=0 old=1 dropped=1 (services)");
	WAIT_UNTIL(!client_can_connect(second));        /* its last server ends with a last client */
	write_file("xinetd.conf", "%s\n%s", bad, service_at("heir", port, ""));
	superd_signal(xinetd, SIGHUP);
	superd_wait_log(xinetd, "Reconfigured: new=1 old=0 dropped=1 (services)");
	close(client);
	client_ask_pid(port);
}

/* Their forms are those of xinetd's own log. */
Behaviour(as_xinetd, tells_its_life_in_xinetds_words)
{
	int port = free_port(), third = free_port();
	const char *table = write_file("xinetd.conf", "%s", service_at("web", port, ""));
	struct superd *xinetd = run_logging(table, NULL, NULL, NULL);

	superd_wait_log(xinetd, " options compiled in.\n");
	superd_wait_log(xinetd, "Started working: 1 available service\n");
	write_file("xinetd.conf", "%s\n%s", service_at("web", port, "\tinstances = 3\n"), service_at("two", 0, ""));
	superd_signal(xinetd, SIGUSR2);
	superd_wait_log(xinetd, "Starting reconfiguration\n");
	superd_wait_log(xinetd, "Reconfigured: new=1 old=1 dropped=0 (services)\n");
	write_file("xinetd.conf", "%s", service_at("three", third, ""));
	superd_signal(xinetd, SIGHUP);
	superd_wait_log(xinetd, "Starting reconfiguration\n");
	superd_wait_log(xinetd, "Reconfigured: new=1 old=0 dropped=2 (services)\n");
	cr_assert_eq(unlink(table), 0);
	superd_signal(xinetd, SIGHUP);
	superd_wait_log(xinetd, "reconfiguration failed\n");
	client_ask_pid(third);
	superd_stop(xinetd);
	superd_wait_log(xinetd, "Exiting...\n");
}

static void expect_calm(const struct setup *setup)
{
	static const int strays[] = { SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGXCPU, SIGXFSZ, SIGSTKFLT };
	struct superd *superd = superd_run_with(setup, "%s", "service web { listen = \"127.0.0.1:0\" accept = yes "
							     "exec = \"/bin/sleep 0\" }");

	superd_port(superd, "web");
	for (size_t n = 0; n < sizeof(strays) / sizeof(*strays); n++)
		superd_signal(superd, strays[n]);
	superd_signal(superd, SIGRTMIN);
	superd_signal(superd, SIGRTMAX);
	superd_signal(superd, SIGUSR1);
	superd_wait_log(superd, "\"state\":\"listening\"");
	superd_stop(superd);
}

Behaviour(as_xinetd, lives_through_signals_that_mean_nothing)
{
	const char *table = write_file("xinetd.conf", "%s", service_at("web", 0, ""));
	struct setup called = {
		.program = superd_called("xinetd"), .without_table = true,
		.arguments = (const char *const[]){ "-d", "-f", table, NULL },
	};
	struct setup first = { .pid1 = true };

	expect_calm(&called);
	expect_calm(&(struct setup){ 0 });
	if (namespace_users())
		expect_calm(&first);
}

/* A container ends with its PID 1, and nobody reads a syslog there. */
Behaviour(as_xinetd, stays_in_the_foreground_as_pid_1)
{
	const char *table = write_file("xinetd.conf", "%s", service_at("web", 0, ""));
	const char *lines = write_file("inetd.conf", "127.0.0.1:%d stream tcp nowait %s %sbackend lines\n", free_port(),
				       own_user(), backend("%s", ""));
	struct setup setup = {
		.program = superd_called("xinetd"), .without_table = true, .pid1 = true, .own_dev = true,
		.arguments = (const char *const[]){ "-f", table, NULL },
	};
	struct superd *superd;

	SKIP_WITHOUT(namespace_users(), "needs namespaces of its own");
	superd = superd_run_with(&setup, "%s", "");
	client_ask_pid(superd_port(superd, "web"));
	superd_stop(superd);
	setup.program = superd_called("inetd");
	setup.arguments = (const char *const[]){ "-p", path_in("pid"), lines, NULL };
	superd = superd_run_with(&setup, "%s", "");
	superd_wait_log(superd, "listening on ");
}

/* ---- fail2ban ---- */

/* The addresses that fail2ban's own filter for xinetd finds in a log. */
static const char *fail2ban_finds(const char *log)
{
	const char *regex = find_program("fail2ban", "fail2ban-regex");
	const char *root = text_of("%.*s", (int)(strlen(regex) - strlen("/usr/bin/fail2ban-regex")), regex);
	const char *arguments[] = { "/usr/bin/python3", regex, "-o", "ip", log,
				    text_of("%s/etc/fail2ban/filter.d/xinetd-fail.conf", root), NULL };
	struct outcome outcome;

	setenv("PYTHONPATH", text_of("%s/usr/lib/python3/dist-packages", root), 1);
	setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
	outcome = program_answer(arguments);
	unsetenv("PYTHONPATH");
	unsetenv("PYTHONDONTWRITEBYTECODE");
	cr_assert_eq(outcome.status, 0, "%s%s", outcome.out, outcome.err);
	return outcome.out;
}

/* Whoever is refused by an address or by hosts.deny is banned, whoever comes is not. */
Behaviour(as_xinetd, fail2bans_filter_finds_whoever_was_refused)
{
	int refused = free_port(), served = free_port();
	const char *log = path_in("xinetd.log"), *own = path_in("own.log"), *table;
	const char *logs = text_of("\tlog_type = FILE %s\n\tlog_on_failure = HOST\n\tlog_on_success = HOST PID\n", log);
	struct setup setup = { .program = superd_called("xinetd"), .without_table = true };
	struct superd *superd;

	SKIP_WITHOUT(find_program("fail2ban", "fail2ban-regex"),
		     "fail2ban is not here (Debian: fail2ban, also unpacked below SUPERD_PEERS)");
	SKIP_WITHOUT(access("/usr/bin/python3", X_OK) == 0, "there is no /usr/bin/python3");
	table = write_file("xinetd.conf", "%s%s",
			   service_at("refused", refused, text_of("\tno_access = 127.0.0.1\n%s", logs)),
			   service_at("served", served, logs));
	setup.arguments = (const char *const[]){ "-dontfork", "-f", table, "-filelog", own, NULL };
	superd = superd_run_with(&setup, "%s", "");
	WAIT_UNTIL(client_can_connect(served));
	client_ask_pid(served);
	close(client_connect(refused));
	WAIT_UNTIL(read_text(log) && strstr(read_text(log), "FAIL: refused address from=127.0.0.1"));
	cr_expect(strstr(read_text(log), "START: served"), "%s", read_text(log));
	cr_expect_str_eq(fail2ban_finds(log), "127.0.0.1\n", "%s", read_text(log));
	superd_stop(superd);
}
