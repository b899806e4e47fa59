/* superd as PID 1 where a container gives it little, or much: no privilege, no passwd entry, nothing to write to, no
 * control groups; descriptors without limit, a log that nobody reads, sockets of whoever started it. */
#include <netinet/in.h>
#include <sys/resource.h>

#include "harness.h"
#include "reading.h"

#define SERVICE(name) "service " name " {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n%s\n}\n"
#define WEB SERVICE("web")
#define NEED_NAMESPACES SKIP_WITHOUT(namespace_allowed(), "no namespaces here")

Behaviour(surroundings, a_made_up_user_of_group_0_below_a_read_only_root)
{
	const struct setup setup = { .pid1 = true, .bare = true, .uid = 1000660000, .group_root = true };
	struct superd *superd;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	SKIP_WITHOUT(!running_sanitized(), "sanitizers need /proc");
	superd = superd_run_with(&setup, WEB SERVICE("each"), 0, backend("take 1"), "", 0, backend("stdio"),
				 "accept = yes");
	for (int n = 0; n < 3; n++)
		client_ask(superd_port(superd, "web"), "hello\n");
	client_ask(superd_port(superd, "each"), "hello\n");
	superd_stop(superd);
	cr_assert(!superd_logged(superd, "warning"), "%s", world_logs());
}

/* All of its stops take place. One that is being stopped may take another client, so each end is waited for. */
Behaviour(surroundings, without_proc_it_is_said_once_that_nothing_can_be_frozen)
{
	const struct setup setup = { .clock = true, .pid1 = true, .bare = true };
	struct superd *superd;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	SKIP_WITHOUT(!running_sanitized(), "sanitizers need /proc");
	superd = superd_run_with(&setup, WEB, 0, backend("serve"), "idle_timeout = 10min");
	for (size_t n = 1; n < 4; n++) {
		client_ask_pid(superd_port(superd, "web"));
		CLOCK_UNTIL(superd, 10 * MINUTE_MS, 5, superd_log_count(superd, "web: stopping pid ") == n);
		WAIT_UNTIL(superd_log_count(superd, "ended: signal TERM") == n);
	}
	cr_expect_eq(superd_log_count(superd, "web: stopping pid "), 3, "%s", world_logs());
	cr_expect_eq(superd_log_count(superd, "cannot be frozen"), 1, "%s", world_logs());
	cr_expect(superd_logged(superd, "by /proc only"), "%s", world_logs());
}

Behaviour(surroundings, a_port_that_takes_a_privilege_is_told_with_what_would_help)
{
	const struct setup setup = { .pid1 = true, .uid = 54321, .group_root = true };
	const char *start = read_text("/proc/sys/net/ipv4/ip_unprivileged_port_start");
	struct superd *superd;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	SKIP_WITHOUT(start && strtol(start, NULL, 10) > 80, "every port is anybody's here");
	superd = superd_run_with(&setup, WEB, 80, backend("take 1"), "");
	superd_wait_log(superd, "CAP_NET_BIND_SERVICE");
	cr_assert(superd_logged(superd, "ip_unprivileged_port_start"), "%s", world_logs());
	if (!superd_has_ended(superd))
		superd_stop(superd);
}

/* As in gVisor, or any container that is given none. What limits is told where it is asked for, and once. */
Behaviour(surroundings, without_control_groups_each_limit_is_told_of_once)
{
	const struct setup setup = { .pid1 = true, .bare = true };
	struct superd *superd;

	NEED_NAMESPACES;
	SKIP_WITHOUT(!running_sanitized(), "sanitizers need /proc");
	superd = superd_run_with(&setup, WEB SERVICE("more"), 0, backend("take 1"), "user = \"0\"", 0,
				 backend("take 1"), "user = \"0\"\n tasks_max = 50");
	for (int n = 0; n < 3; n++) {
		client_ask(superd_port(superd, "web"), "hello\n");
		client_ask(superd_port(superd, "more"), "hello\n");
	}
	superd_stop(superd);
	cr_assert_eq(superd_log_count(superd, "no second hierarchy of control groups"), 1, "%s", world_logs());
}

static unsigned long any_number(void)
{
	const char *most = read_text("/proc/sys/fs/nr_open");

	return most ? strtoul(most, NULL, 10) : 0;
}

Behaviour(surroundings, a_limit_of_any_number_of_descriptors_is_not_passed_on)
{
	const struct setup setup = { .pid1 = true, .descriptors = any_number() };
	const char *report = path_in("report");
	struct superd *superd;

	NEED_NAMESPACES;
	SKIP_WITHOUT(setup.descriptors > 65536 && namespace_works(&setup), "the limit cannot be raised here");
	superd = superd_run_with(&setup, WEB, 0, report_to(report), "");
	client_ask(superd_port(superd, "web"), "hello\n");
	reading_expect(reading_wait(report), "rlimit.nofile", text_of("1024:%lu", setup.descriptors));
}

Behaviour(surroundings, the_main_command_has_the_containers_own_limit)
{
	const char *const arguments[] = { "--", "/bin/sh", "-c", "ulimit -Sn; ulimit -Hn", NULL };
	const struct setup setup = { .pid1 = true, .descriptors = any_number(), .arguments = arguments };
	struct superd *superd;

	NEED_NAMESPACES;
	SKIP_WITHOUT(setup.descriptors > 65536 && namespace_works(&setup), "the limit cannot be raised here");
	superd = superd_run_with(&setup, WEB, 0, backend("serve"), "");
	cr_assert_eq(superd_wait_exit(superd), 0, "%s", world_logs());
	cr_assert(superd_logged(superd, text_of("%lu\n%lu\n", setup.descriptors, setup.descriptors)), "%s",
		  world_logs());
}

/* As nohup(1) has it: the harness itself ignores SIGPIPE. */
Behaviour(surroundings, the_main_command_finds_signals_as_superd_found_them)
{
	const char *const arguments[] = { "--", "/bin/grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd;
	sigset_t blocked, before;

	SKIP_WITHOUT(access("/proc/self/status", R_OK) == 0, "there is no /proc");
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGTTIN);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	signal(SIGHUP, SIG_IGN);
	superd = superd_run_with(&setup, WEB, 0, backend("serve"), "");
	signal(SIGHUP, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	cr_assert_eq(superd_wait_exit(superd), 0, "%s", world_logs());
	cr_expect(superd_logged(superd, "SigIgn:\t0000000000001001"), "%s", world_logs());
	cr_expect(superd_logged(superd, "SigBlk:\t0000000000104000"), "%s", world_logs());
}

Behaviour(surroundings, a_log_that_nobody_reads_holds_up_nobody)
{
	static const char *const arguments[] = { "--log-level", "debug", NULL };
	struct setup setup = { .clock = true, .pid1 = true, .arguments = arguments };
	int log[2], port = free_port();
	struct superd *superd;
	char byte = '\n';

	NEED_NAMESPACES;
	cr_assert_eq(pipe2(log, O_CLOEXEC), 0);
	cr_assert_eq(fcntl(log[1], F_SETFL, O_NONBLOCK), 0);
	while (write(log[1], &byte, 1) == 1)
		;
	cr_assert_eq(fcntl(log[1], F_SETFL, 0), 0);
	setup.out = setup.err = log[1];
	superd = superd_run_with(&setup, WEB, port, backend("take 1"), "");
	WAIT_UNTIL(client_can_connect(port));
	for (int n = 0; n < 5; n++)
		client_ask(port, "hello\n");
	clock_stop(superd, SECOND_MS);
	close(log[0]);
	close(log[1]);
}

/* Two of one address, as SO_REUSEPORT allows; only names tell them apart. */
static int given(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)*port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){ 1 }, sizeof(int)), 0);
	cr_assert(bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, 16) == 0, "%s", strerror(errno));
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static unsigned long long inode(int fd)
{
	char link[64] = "";

	cr_assert(readlink(text_of("/proc/self/fd/%d", fd), link, sizeof(link) - 1) > 0);
	return strtoull(strchr(link, '[') + 1, NULL, 10);
}

static bool holds(pid_t pid, unsigned long long number)
{
	for (int fd = 0; fd < 1000; fd++) {
		char link[64] = "";

		if (readlink(text_of("/proc/%d/fd/%d", pid, fd), link, sizeof(link) - 1) > 0 &&
		    !strcmp(link, text_of("socket:[%llu]", number)))
			return true;
	}
	return false;
}

static unsigned listeners_at(int port)
{
	const char *at = read_text("/proc/net/tcp");
	unsigned count = 0;

	while (at && (at = strstr(at, text_of("0100007F:%04X 00000000:0000 0A ", (unsigned)port)))) {
		count++;
		at++;
	}
	return count;
}

Behaviour(surroundings, sockets_given_to_pid_1_are_found_by_address_and_name)
{
	const char *const environment[] = { "LISTEN_FDNAMES=other:mine", NULL };
	int port = 0, other = given(&port), mine = given(&port);
	const struct setup setup = { .pid1 = true, .listener = other, .further_listener = mine,
				     .environment = environment };
	struct superd *superd;

	NEED_NAMESPACES;
	superd = superd_run_with(&setup,
				 "service web {\n socket mine { listen = \"127.0.0.1:%d\" }\n exec = \"%s\"\n}\n", port,
				 backend("take 1"));
	superd_wait_log(superd, "web: listening on ");
	superd_wait_log(superd, "(inherited)");
	superd_wait_log(superd, text_of("inherited socket (other, 127.0.0.1:%d) belongs to no endpoint", port));
	cr_assert(holds(superd->pid, inode(mine)) && !holds(superd->pid, inode(other)));
	close(other);
	close(mine);
	WAIT_UNTIL(listeners_at(port) == 1); /* a process that was forked before has the other until its exec */
	client_ask(port, "hello\n");
	client_ask(port, "hello\n");
}

static const char *start_pid_file, *start_control;

/* Runs superd with a main command that ends at once, behind these words of a shell; with mounts of its own where those
 * are to be nobody else's. Whatever comes of it, it is no signal, it is said, and nothing is left. */
static struct outcome start_behind(const char *words, const char *options, bool has_mounts)
{
	const char *table = write_file("start.conf",
				       "service a {\n listen = \"127.0.0.1:0\"\n exec = \"/bin/cat\"\n}\n");
	const char *script = text_of("%s\nexec %s --no-preflight -f %s %s -- /bin/true", words, superd_path(), table,
				     options);
	const char *shell = has_mounts ? "exec unshare -m /bin/sh -c \"$0\"" : "eval \"$0\"";
	struct outcome outcome = program_answer((const char *const[]){ "/bin/sh", "-c", shell, script, NULL });

	cr_expect(outcome.status < 128, "%s: ended with %d: %s", script, outcome.status, outcome.err);
	cr_expect(outcome.status == 0 || *outcome.err, "%s: ended with %d and said nothing", script, outcome.status);
	cr_expect(access(start_pid_file, F_OK) < 0 && access(start_control, F_OK) < 0, "%s: left something: %s",
		  script, outcome.err);
	return outcome;
}

/* A control socket and a pid file, which are to go with superd. */
static const char *start_options(void)
{
	start_pid_file = path_in("start.pid");
	start_control = path_in("start.control");
	return text_of("--control %s --pid-file %s", start_control, start_pid_file);
}

/* Whatever its beginning lacks, superd says so and ends with 2, or goes on without; libev would call abort(3). */
Behaviour(surroundings, each_thing_that_a_start_lacks_is_told)
{
	static const struct {
		const char *words, *options;
		int status;
		const char *said;
		bool has_mounts;
	} lacks[] = {
		{ "mount -t tmpfs none /dev", "", 2,
		  "cannot start: cannot open /dev/null: No such file or directory", true },
		{ "mount -t tmpfs none /dev && mkdir /dev/null", "", 2,
		  "cannot start: cannot open /dev/null: Is a directory", true },
		{ "mount -t tmpfs none /proc", "", 0, "", true },
		{ "mount -t tmpfs -o ro none /run", "--control /run/superd/control", 0,
		  "no control socket /run/superd/control: ", true },
		{ ":", "--pid-file /nonexistent/pid", 2,
		  "pid file /nonexistent/pid: ", false },
		{ ":", "--log file:/nonexistent/log", 2, "cannot log to file:/nonexistent/log: ", false },
		{ ":", "--control /nonexistent/control", 0, "no control socket /nonexistent/control: ", false },
		{ "mount -t tmpfs -o size=4096 none /run; head -c 8192 /dev/zero >/run/full 2>/dev/null",
		  "--pid-file /run/pid", 2, "cannot write the pid file /run/pid: No space left on device", true },
		{ "exec <&-", "", 0, "", false },
		{ "exec >&-", "", 0, "", false },
		{ "mkdir gone && cd gone && rmdir ../gone", "", 0, "", false },
		{ "ulimit -i 0", "", 0, "", false },
		{ "ulimit -l 0", "", 0, "", false },
		{ "ulimit -s 256", "", 0, "", false },
	};
	const char *const mounts[] = { "/bin/sh", "-c", "unshare -m mount -t tmpfs none /dev", NULL };
	bool has_mounts = geteuid() == 0 && program_answer(mounts).status == 0;
	const char *usual = start_options();

	SKIP_WITHOUT(!running_sanitized(), "sanitizers need things of their own");
	for (size_t n = 0; n < sizeof(lacks) / sizeof(*lacks); n++) {
		struct outcome outcome;

		if (lacks[n].has_mounts && !has_mounts)
			continue;
		outcome = start_behind(text_of("cd %s\n%s", path_in("."), lacks[n].words),
				       text_of("%s %s", usual, lacks[n].options), lacks[n].has_mounts);
		cr_expect_eq(outcome.status, lacks[n].status, "%s: %d: %s", lacks[n].words, outcome.status,
			     outcome.err);
		cr_expect_not_null(strstr(outcome.err, lacks[n].said), "%s: no '%s': %s", lacks[n].words,
				   lacks[n].said, outcome.err);
	}
}

/* One descriptor more each time, so that each that the start opens is the first that cannot be had once. */
Behaviour(surroundings, too_few_descriptors_are_told)
{
	const char *usual = start_options();
	size_t refused = 0;

	SKIP_WITHOUT(!running_sanitized(), "sanitizers need descriptors of their own");
	for (int most = 4; most <= 40; most++) {
		struct outcome outcome = start_behind(text_of("ulimit -n %d", most), usual, false);

		cr_assert(outcome.status == 0 || outcome.status == 2 || outcome.status == 127 ||
			  strstr(outcome.err, "main command"),
			  "%d descriptors: ended with %d: %s", most, outcome.status, outcome.err);
		refused += outcome.status == 2 && strstr(outcome.err, "cannot start: cannot open ");
	}
	cr_assert_gt(refused, 0);
}

/* The same with memory, page by page below what is enough, down to what the libraries need. */
Behaviour(surroundings, too_little_memory_is_told)
{
	const char *usual = start_options();
	int enough = 4096, tried = 0;

	SKIP_WITHOUT(!running_sanitized(), "sanitizers need memory of their own");
	while (enough < 1 << 20 && start_behind(text_of("ulimit -v %d", enough), usual, false).status != 0)
		enough += 512;
	cr_assert_lt(enough, 1 << 20);
	for (int kib = enough - 1024; kib < enough; kib += 4) {
		const char *version = text_of("ulimit -v %d; exec %s --version", kib, superd_path());

		/* with less the loader fails, by a signal at times */
		if (program_answer((const char *const[]){ "/bin/sh", "-c", version, NULL }).status != 0)
			continue;
		tried++;
		start_behind(text_of("ulimit -v %d", kib), usual, false);
	}
	cr_expect_gt(tried, 0);
}

/* What the kernel is to think of ending a backend, as it is told of superd itself: 100 more, a thousand at most. */
static const char *more_than_own(void)
{
	long own = strtol(read_text("/proc/self/oom_score_adj"), NULL, 10);

	return text_of("%ld", own + 100 < 1000 ? own + 100 : 1000);
}

static void expect_score(const struct setup *setup, const char *options, const char *score)
{
	static unsigned serial;
	const char *report = path_in("score%u", serial++);
	struct superd *superd = superd_run_with(setup, WEB, 0, report_to(report), options);

	client_ask(superd_port(superd, "web"), "hello\n");
	reading_expect(reading_wait(report), "oom_score_adj", score);
	superd_stop(superd);
}

Behaviour(surroundings, memory_is_taken_from_backends_first)
{
	const struct setup first = { .pid1 = true }, user = { .pid1 = true, .uid = 54321, .group_root = true };

	NEED_NAMESPACES;
	expect_score(&first, "", more_than_own());
	expect_score(&first, "oom_score_adjust = 700", "700");
	expect_score(&first, "user = \"0\"\n accept = yes\n oom_score_adjust = 1000", "1000");
	if (namespace_users())
		expect_score(&user, "", more_than_own());
}
