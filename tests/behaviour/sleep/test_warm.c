/* warm = N: programs of accept = yes that are started ahead, and held until a client comes. Where superd cannot hold
 * programs, the tests are skipped. */
#include "controlling.h"
#include "harness.h"
#include "superctl.h"

#define HELD_MOST 64
#define TABLE \
	"service app {\n listen = \"127.0.0.1:0\"\n accept = yes\n warm = %d\n user = \"%s\"\n" \
	" exec = \"%s\"\n error = log\n%s\n}\n"

/* Runs one service, app. */
static struct superd *run_warm(int warm, const char *exec, const char *options)
{
	return controlled_run(TABLE, warm, own_user(), exec, options);
}

/* The same with the test's clock. */
static struct superd *run_warm_clock(int warm, const char *exec, const char *options)
{
	return controlled_clock_run(TABLE, warm, own_user(), exec, options);
}

/* The whole answer of a status, up to what is warm. */
static const char *warm_status(void)
{
	const char *answer = control_once("status app"), *warm = strstr(answer, "\"warm\":");

	cr_assert(warm, "%s", answer);
	return warm;
}

static int warm_count(const char *key)
{
	return atoi(control_value(warm_status(), key));
}

/* Waits until so many are held, and skips the test where none can be. */
static void await_held(struct superd *superd, int count)
{
	WAIT_UNTIL(warm_count("held") == count || superd_logged(superd, "cannot be held"));
	if (superd_logged(superd, "this superd cannot hold") || superd_logged(superd, "it cannot be traced")) {
		superd_stop(superd);
		cr_skip_test("no program can be held here");
	}
	cr_assert_eq(warm_count("held"), count, "%s", world_logs());
}

static bool is_among(pid_t pid, const pid_t *list, size_t count)
{
	for (size_t n = 0; n < count; n++) {
		if (list[n] == pid)
			return true;
	}
	return false;
}

/* The pids of all that wait, while no client is there. The program of an earlier client may take a while to end. */
static void await_held_alone(struct superd *superd, int count, pid_t *pids)
{
	await_held(superd, count);
	WAIT_UNTIL(superd_others(superd, pids, HELD_MOST) == (size_t)count);
}

static const char *python(const char *name, const char *text)
{
	return text_of("%s %s", find_program("python3-minimal", "python3"), write_file(name, "%s", text));
}

static const char *python_lines(void)
{
	return python("lines.py", "import os, sys\n"
				  "for line in sys.stdin:\n"
				  "    print(os.getpid(), line, end='', flush=True)\n");
}

/* A client is given a program that was there before it. */
static void expect_warm(const char *exec, const char *options)
{
	struct superd *superd = run_warm(2, exec, options);
	pid_t before[HELD_MOST];
	long pid;

	await_held_alone(superd, 2, before);
	pid = client_ask_pid(superd_port(superd, "app"));
	cr_expect(is_among((pid_t)pid, before, 2), "%ld\n%s", pid, world_logs());
	WAIT_UNTIL(warm_count("taken") == 1);
	await_held(superd, 2);
	cr_expect_eq(warm_count("missed"), 0);
	cr_expect_not(superd_logged(superd, "warm:"));
	superd_stop(superd);
}

Behaviour(warm, a_python_program_is_given_its_client)
{
	expect_warm(python_lines(), "");
}

Behaviour(warm, the_example_greets)
{
	const char *table = replaced(example_table("warm.conf"), "127.0.0.1:7778", "127.0.0.1:0");
	struct superd *superd;

	table = replaced(table, "/usr/bin/python3", find_program("python3-minimal", "python3"));
	table = replaced(replaced(table, "\"nobody\"", text_of("\"%s\"", own_user())), "service greet", "service app");
	superd = controlled_run("%s", table);
	await_held(superd, 4);
	cr_expect_str_eq(client_ask(superd_port(superd, "app"), "you\n"), "Hello, you");
	WAIT_UNTIL(warm_count("taken") == 1);
}

Behaviour(warm, a_perl_program_is_given_its_client)
{
	const char *perl = find_program("perl-base", "perl");

	if (!perl)
		cr_skip_test("no perl");
	expect_warm(text_of("%s %s", perl, write_file("lines.pl", "$| = 1;\nwhile (<STDIN>) { print \"$$ $_\"; }\n")),
		    "");
}

Behaviour(warm, a_shell_script_is_given_its_client)
{
	expect_warm(text_of("/bin/sh %s", write_file("lines.sh", "while read line; do echo $$ $line; done\n")), "");
}

Behaviour(warm, a_compiled_program_is_given_its_client)
{
	expect_warm(backend("lines"), "");
}

Behaviour(warm, a_program_that_gets_descriptor_3_is_given_its_client)
{
	expect_warm(python("three.py", "import os, socket\n"
				       "assert os.environ['LISTEN_FDS'] == '1'\n"
				       "assert int(os.environ['LISTEN_PID']) == os.getpid()\n"
				       "assert os.environ['LISTEN_FDNAMES'] == 'app'\n"
				       "with socket.socket(fileno=3) as client, client.makefile('rwb') as lines:\n"
				       "    for line in lines:\n"
				       "        lines.write(b'%d %s' % (os.getpid(), line))\n"
				       "        lines.flush()\n"),
		    "pass = systemd");
}

Behaviour(warm, its_connection_is_that_of_its_client_and_its_environment_nobodys)
{
	struct superd *superd = run_warm(
		1,
		python("who.py", "import os, socket, sys\n"
				 "client = socket.socket(fileno=os.dup(0))\n"
				 "print(client.getpeername()[1], client.family == socket.AF_INET,\n"
				 "      [name for name in os.environ if name.startswith('REMOTE_')], flush=True)\n"
				 "sys.stdin.read()\n"),
		"");
	int fd;

	for (int n = 0; n < 3; n++) {
		await_held(superd, 1);
		fd = client_connect(superd_port(superd, "app"));
		cr_expect(strstr(client_line(fd), " True []"), "%s", world_logs());
		close(fd);
		WAIT_UNTIL(warm_count("taken") == n + 1);
	}
}

Behaviour(warm, more_clients_than_wait_are_all_served)
{
	struct superd *superd = run_warm(3, python_lines(), "");
	int fds[20];

	await_held(superd, 3);
	for (size_t n = 0; n < 20; n++) {
		fds[n] = client_connect(superd_port(superd, "app"));
		client_send(fds[n], "hello\n");
	}
	client_expect_all(fds, 20, "hello");
	WAIT_UNTIL(warm_count("taken") + warm_count("missed") == 20);
	cr_expect_geq(warm_count("taken"), 3);
	await_held(superd, 3);
}

Behaviour(warm, those_that_wait_are_listed)
{
	struct superd *superd = run_warm(2, python_lines(), "");
	const char *status, *table;
	pid_t pids[HELD_MOST];

	await_held_alone(superd, 2, pids);
	status = control_once("status app");
	table = SUPERCTL(control_path(), "status", "app").out;
	for (int n = 0; n < 2; n++) {
		cr_expect(strstr(status, text_of("{\"pid\":%d,\"since\":", pids[n])), "%s", status);
		cr_expect(strstr(table, text_of(" %d  ", pids[n])), "%s", table);
	}
}

Behaviour(warm, those_that_wait_are_no_instances)
{
	struct superd *superd = run_warm(2, python_lines(), "instances = 3");
	int first, second;

	await_held(superd, 2);
	cr_expect(strstr(control_once("status app"), "\"instances\":[]"), "%s", control_once("status app"));
	cr_expect(strstr(control_once("metrics"), "\"instances\":0,\"starting\":0"), "%s", control_once("metrics"));
	first = client_connect(superd_port(superd, "app"));
	second = client_connect(superd_port(superd, "app"));
	client_send(first, "1\n");
	client_send(second, "2\n");
	client_line(first);
	client_line(second);
	await_held(superd, 2);
	close(first);
	close(second);
}

Behaviour(warm, one_that_dies_while_it_waits_is_replaced)
{
	struct superd *superd = run_warm(1, python_lines(), "");
	pid_t pids[HELD_MOST];

	for (int n = 0; n < 3; n++) {
		await_held_alone(superd, 1, pids);
		kill(pids[0], SIGKILL);
		WAIT_UNTIL(!process_lives(pids[0]));
		client_ask_pid(superd_port(superd, "app"));
	}
}

/* That says nothing of the program. */
Behaviour(warm, one_that_a_signal_ends_before_it_waits_is_tried_again)
{
	const char *slow = python("slow.py", "import os, sys, time\n"
					     "open(sys.argv[0] + '.pid', 'a').write('%d\\n' % os.getpid())\n"
					     "time.sleep(0.2)\n"
					     "for line in sys.stdin:\n"
					     "    print(os.getpid(), line, end='', flush=True)\n");
	struct superd *superd = run_warm(1, slow, "");
	const char *path = path_in("slow.py.pid");

	WAIT_UNTIL(count_lines(path) == 1 || superd_logged(superd, "cannot be held"));
	if (count_lines(path))
		kill((pid_t)atol(read_text(path)), SIGKILL);
	await_held(superd, 1);
	cr_expect_geq(count_lines(path), 2);
	client_ask_pid(superd_port(superd, "app"));
	superd_stop(superd);
	unlink(path);
}

/* Stops the only one that waits, so that it cannot take the client that superd gives to it. Returns that client. */
static int come_to_stopped(struct superd *superd, pid_t *stopped)
{
	pid_t pids[HELD_MOST];
	int fd;

	await_held_alone(superd, 1, pids);
	*stopped = pids[0];
	kill(*stopped, SIGSTOP);
	WAIT_UNTIL(process_is_stopped(*stopped));
	fd = client_connect(superd_port(superd, "app"));
	client_send(fd, "hello\n");
	WAIT_UNTIL(warm_count("held") == 0);
	return fd;
}

Behaviour(warm, the_client_of_one_that_dies_untouched_is_given_to_another)
{
	struct superd *superd = run_warm(1, python_lines(), "");
	pid_t stopped;
	int fd;

	for (int n = 0; n < 3; n++) {
		fd = come_to_stopped(superd, &stopped);
		kill(stopped, SIGKILL);
		cr_expect_neq(atol(client_line(fd)), stopped);
		close(fd);
	}
}

/* Nobody ends it: superd does. */
Behaviour(warm, the_client_of_one_that_hangs_is_given_to_another)
{
	struct superd *superd = run_warm(1, python_lines(), "");
	pid_t stopped;
	int fd = come_to_stopped(superd, &stopped);

	cr_expect_neq(atol(client_line(fd)), stopped);
	WAIT_UNTIL(!process_lives(stopped));
	close(fd);
}

/* The table of before the reload is gone, and the program ends by what the next one says. */
Behaviour(warm, a_reload_while_a_client_is_handed_over_harms_nobody)
{
	struct superd *superd = run_warm(1, python_lines(), "");
	const char *table = text_of("%s", read_text(superd->table));
	pid_t stopped;
	int fd;

	for (int n = 0; n < 3; n++) {
		fd = come_to_stopped(superd, &stopped);
		cr_assert(superd_reload(superd, "%s", replaced(table, "error = log", "error = log nice = 1")));
		cr_assert(superd_reload(superd, "%s", table));
		kill(stopped, SIGKILL);
		cr_expect_neq(atol(client_line(fd)), stopped);
		close(fd);
	}
}

/* In whatever moment it is killed: its client is served by another, or has lost one that had begun. */
Behaviour(warm, one_killed_in_the_instant_of_its_client_leaves_nothing)
{
	struct superd *superd = run_warm(8, backend("lines"), "");
	pid_t pids[HELD_MOST];
	size_t count, served = 0;
	char line[64];
	int fd;

	await_held(superd, 8);
	for (int n = 0; n < 200; n++) {
		count = superd_others(superd, pids, HELD_MOST);
		fd = client_connect(superd_port(superd, "app"));
		client_send(fd, "hello\n");
		for (int pause = n % 20; pause > 0; pause--)
			getppid();
		if (count)
			kill(pids[0], SIGKILL);
		served += recv(fd, line, sizeof(line), 0) > 0;
		close(fd);
	}
	cr_expect_geq(served, 1);
	client_ask_pid(superd_port(superd, "app"));
}

/* Those that wait are gone, and as many others are there. */
static void expect_others(struct superd *superd, const pid_t *before, size_t count)
{
	WAIT_UNTIL(!process_lives(before[0]) && !process_lives(before[count - 1]));
	await_held(superd, (int)count);
	client_ask_pid(superd_port(superd, "app"));
}

Behaviour(warm, a_reload_starts_others)
{
	struct superd *superd = run_warm(2, python_lines(), "");
	const char *table = text_of("%s", read_text(superd->table));
	pid_t before[HELD_MOST];

	await_held_alone(superd, 2, before);
	cr_assert(superd_reload(superd, "%s", replaced(table, "error = log", "error = log nice = 1")));
	expect_others(superd, before, 2);
	await_held(superd, 2);
	cr_assert(superd_reload(superd, "%s", replaced(table, "warm = 2", "warm = 0")));
	WAIT_UNTIL(superd_processes(superd) == 0);
	client_ask_pid(superd_port(superd, "app"));
}

Behaviour(warm, a_stop_ends_them_until_a_client_comes)
{
	struct superd *superd = run_warm_clock(2, python_lines(), "");

	await_held(superd, 2);
	cr_assert(control_is_done(control_once("stop app")));
	WAIT_UNTIL(superd_processes(superd) == 0);
	for (int n = 0; n < 3; n++) {
		clock_advance(superd, HOUR_MS);
		cr_assert_eq(superd_processes(superd), 0u, "%s", world_logs());
	}
	client_ask_pid(superd_port(superd, "app"));
	await_held(superd, 2);
	cr_assert(control_is_done(control_once("disable app")));
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(warm, a_restart_starts_others_and_a_start_those_that_a_stop_ended)
{
	struct superd *superd = run_warm_clock(2, python_lines(), "");
	pid_t before[HELD_MOST];

	await_held_alone(superd, 2, before);
	cr_assert(control_is_done(control_once("restart app")));
	WAIT_UNTIL(!process_lives(before[0]) && !process_lives(before[1]));
	await_held(superd, 2);
	cr_assert(control_is_done(control_once("stop app")));
	WAIT_UNTIL(superd_processes(superd) == 0);
	superd_upgrade(superd);
	for (int n = 0; n < 3; n++) {
		clock_advance(superd, HOUR_MS);
		cr_assert_eq(superd_processes(superd), 0u, "%s", world_logs());
	}
	cr_assert(control_is_done(control_once("start app")));
	await_held(superd, 2);
	client_ask_pid(superd_port(superd, "app"));
}

Behaviour(warm, they_wait_for_so_long_and_no_longer)
{
	struct superd *superd = run_warm_clock(1, python_lines(), "warm_max_age = 1h");
	pid_t before[HELD_MOST];

	await_held_alone(superd, 1, before);
	clock_advance(superd, 50 * MINUTE_MS);
	cr_assert(process_lives(before[0]), "%s", world_logs());
	CLOCK_UNTIL(superd, 5 * MINUTE_MS, 10, !process_lives(before[0]));
	await_held(superd, 1);
	client_ask_pid(superd_port(superd, "app"));
}

Behaviour(warm, a_program_of_yesterday_serves_nobody)
{
	struct superd *superd;

	if (getuid() != 0)
		cr_skip_test("only of files that root alone can change");
	superd = run_warm(2, python_lines(), "");
	await_held(superd, 2);
	python("lines.py", "import os, sys\nfor line in sys.stdin:\n    print('new', line, end='', flush=True)\n");
	cr_expect(strstr(client_ask(superd_port(superd, "app"), "hello\n"), "new"), "%s", world_logs());
	await_held(superd, 2);
	cr_expect(strstr(client_ask(superd_port(superd, "app"), "hello\n"), "new"));
}

Behaviour(warm, an_upgrade_ends_them_and_loses_nothing)
{
	struct superd *superd = run_warm(2, python_lines(), "");
	int fd;

	await_held(superd, 2);
	fd = client_connect(superd_port(superd, "app"));
	client_send(fd, "one\n");
	client_line(fd);
	await_held(superd, 2);
	superd_upgrade(superd);
	client_send(fd, "two\n");
	client_line(fd);
	close(fd);
	await_held(superd, 2);
	cr_expect_eq(warm_count("taken"), 1);
	client_ask_pid(superd_port(superd, "app"));
}

Behaviour(warm, what_cannot_be_held_is_told_once_and_served)
{
	struct superd *superd =
		run_warm_clock(2,
			       python("threads.py",
				      "import os, sys, threading, time\n"
				      "threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n"
				      "for line in sys.stdin:\n"
				      "    print(os.getpid(), line, end='', flush=True)\n"),
			       "");

	WAIT_UNTIL(superd_logged(superd, "cannot be held"));
	if (superd_logged(superd, "this superd cannot hold") || superd_logged(superd, "it cannot be traced"))
		cr_skip_test("no program can be held here");
	cr_expect(superd_logged(superd, "it runs the ordinary way"), "%s", world_logs());
	cr_expect(superd_logged(superd, text_of("%s:4", superd->table)), "%s", world_logs());
	for (int n = 0; n < 5; n++)
		client_ask_pid(superd_port(superd, "app"));
	for (int n = 0; n < 3; n++) {
		clock_advance(superd, HOUR_MS);
		cr_assert_eq(warm_count("held"), 0, "%s", world_logs());
	}
	cr_expect_eq(superd_log_count(superd, "cannot be held"), 1, "%s", world_logs());
	cr_expect(strstr(why_of("app"), "cannot be held"), "%s", why_of("app"));
}

/* Ends with this status while the file is not there. */
static const char *needs_file(int status, const char *file)
{
	return python("needs.py", text_of("import os, sys\n"
					  "os.path.exists('%s') or sys.exit(%d)\n"
					  "for line in sys.stdin:\n"
					  "    print(os.getpid(), line, end='', flush=True)\n",
					  file, status));
}

/* What it needs may be there later. */
Behaviour(warm, a_program_that_fails_at_first_is_tried_again)
{
	const char *file = path_in("needed");
	struct superd *superd = run_warm(1, needs_file(3, file), "");

	WAIT_UNTIL(superd_logged(superd, "ended before it used its connection: exit status 3; superd tries") ||
		   superd_logged(superd, "cannot be held"));
	write_file("needed", "%s", "");
	await_held(superd, 1);
	cr_expect_eq(superd_log_count(superd, "warning: warm: "), 1, "%s", world_logs());
	client_ask_pid(superd_port(superd, "app"));
	superd_stop(superd);
	unlink(file);
}

/* A superd whose program could not be held for want of a file, which is there now. */
static struct superd *run_mended(const char *file)
{
	struct superd *superd = run_warm(1, needs_file(0, file), "");

	WAIT_UNTIL(superd_logged(superd, "cannot be held"));
	write_file("needed", "%s", "");
	return superd;
}

static void expect_held_without_client(struct superd *superd, const char *file)
{
	WAIT_UNTIL(warm_count("held") == 1 || superd_logged(superd, "this superd cannot hold") ||
		   superd_logged(superd, "it cannot be traced"));
	cr_expect_eq(warm_count("missed"), 0);
	superd_stop(superd);
	unlink(file);
}

Behaviour(warm, a_reload_has_an_obstacle_tried_again)
{
	const char *file = path_in("needed");
	struct superd *superd = run_mended(file);

	cr_assert(superd_reload(superd, "%s", read_text(superd->table)));
	expect_held_without_client(superd, file);
}

Behaviour(warm, a_restart_has_an_obstacle_tried_again)
{
	const char *file = path_in("needed");
	struct superd *superd = run_mended(file);

	control_once("restart app");
	expect_held_without_client(superd, file);
}

/* Programs that take long until they can be held keep no client of another service from its start. */
Behaviour(warm, no_client_waits_for_a_start_ahead)
{
	const char *slow = python("slow.py", "import sys, time\n"
					     "open(sys.argv[0] + '.began', 'w').close()\n"
					     "time.sleep(60)\n");
	const char *const arguments[] = { "--max-starting", "1", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(
		&setup,
		"service slow { listen = \"127.0.0.1:0\" accept = yes warm = 1 exec = \"%s\" }\n"
		"service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
		slow, backend("serve"));
	const char *began = path_in("slow.py.began");

	WAIT_UNTIL(access(began, F_OK) == 0 || superd_logged(superd, "cannot be held"));
	client_ask_pid(superd_port(superd, "web"));
	superd_stop(superd);
	unlink(began);
}

Behaviour(warm, a_program_that_has_no_use_for_its_client_is_told_once)
{
	struct superd *superd = run_warm(1, "/bin/true", "");
	int fd;

	WAIT_UNTIL(superd_logged(superd, "cannot be held"));
	for (int n = 0; n < 3; n++) {
		fd = client_connect(superd_port(superd, "app"));
		cr_expect(client_sees_end(fd));
		close(fd);
	}
	cr_expect_eq(superd_log_count(superd, "cannot be held"), 1, "%s", world_logs());
}
