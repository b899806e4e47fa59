/* --guard where superd runs: as process 1, in the background, at a terminal, below a service manager. */
#include <poll.h>
#include <sys/un.h>
#include <termios.h>

#include "guarding.h"
#include "harness.h"

#define WEB "service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n}\n"
#define NEED_NAMESPACES SKIP_WITHOUT(namespace_allowed(), "no namespaces here")
#define NEED_BASH SKIP_WITHOUT(access("/bin/bash", X_OK) == 0, "bash is not installed")

#define INTERRUPT "\003"
#define SUSPEND "\032"

/* ---- process 1 ---- */

static const struct setup process_1 = { .pid1 = true };

Behaviour(guard_places, process_1_starts_superd_anew_and_stops)
{
	struct superd *superd;
	int port;
	long pid;

	NEED_NAMESPACES;
	superd = superd_run_with(&process_1, WEB, backend("talk"));
	port = superd_port(superd, "web");
	pid = client_ask_pid(port);
	for (int n = 0; n < 2; n++) {
		guarded_kill(superd);
		cr_expect_eq(client_ask_pid(port), pid, "%s", world_logs());
	}
}

/* Whoever lost its parent while there was no superd, and one that does so later. */
Behaviour(guard_places, process_1_reaps_strangers)
{
	struct superd *superd;
	int port;

	NEED_NAMESPACES;
	superd = superd_run_with(&process_1,
				 "service web {\n listen = \"127.0.0.1:0\"\n accept = yes\n kill_mode = none\n"
				 " exec = { \"/bin/sh\", \"-c\", \"(sleep 0.2 & sleep 0.4 &); echo done\" }\n}\n");
	port = superd_port(superd, "web");
	for (int n = 0; n < 4; n++) {
		cr_expect_str_eq(client_ask(port, ""), "done");
		guarded_kill(superd);
	}
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(guard_places, process_1_has_a_main_command_that_goes_on)
{
	const char *const arguments[] = { "--", "/bin/sh", "-c",
					  "trap 'exit 7' TERM; echo main is ready; while :; do sleep 0.1; done", NULL };
	const struct setup setup = { .pid1 = true, .arguments = arguments };
	struct superd *superd;
	int port;
	long pid;

	NEED_NAMESPACES;
	superd = superd_run_with(&setup, WEB, backend("talk"));
	superd_wait_log(superd, "main is ready");
	port = superd_port(superd, "web");
	/* Before this answer superd may not have saved its state. */
	pid = client_ask_pid(port);
	guarded_kill(superd);
	cr_expect_eq(client_ask_pid(port), pid, "%s", world_logs());
	cr_expect_eq(superd_log_count(superd, "main is ready"), 1);
	superd_signal(superd, SIGTERM);
	cr_expect_eq(superd_wait_exit(superd), 7, "%s", world_logs());
}

Behaviour(guard_places, process_1_ends_with_the_status_of_a_main_command_that_ended_without_superd)
{
	const char *script = text_of("echo main is ready; while ! [ -e %s ]; do sleep 0.01; done; exit 5",
				     path_in("go"));
	const char *const arguments[] = { "--", "/bin/sh", "-c", script, NULL };
	const struct setup setup = { .pid1 = true, .arguments = arguments };
	struct superd *superd;
	pid_t below, main = 0, all[16];

	NEED_NAMESPACES;
	superd = superd_run_with(&setup, WEB, backend("talk"));
	superd_wait_log(superd, "main is ready");
	superd_port(superd, "web");
	below = guarded_wait(superd);
	for (size_t n = process_descendants(below, all, 16); n-- > 0;)
		main = process_is_called(all[n], "sh") ? all[n] : main;
	cr_assert_gt(main, 0);
	cr_assert_eq(kill(below, SIGSTOP), 0);
	WAIT_UNTIL(process_is_stopped(below));
	write_file("go", "now");
	WAIT_UNTIL(!process_lives(main));
	cr_assert_eq(kill(below, SIGKILL), 0);
	cr_expect_eq(superd_wait_exit(superd), 5, "%s", world_logs());
}

/* superd is killed while it stops, as a service takes its time. */
Behaviour(guard_places, process_1_ends_where_its_main_command_had_ended_before_superd_was_killed)
{
	const char *ready = path_in("ready"), *go = path_in("go"), *starts = path_in("starts");
	const char *script = text_of("echo >>%s; while ! [ -e %s ]; do sleep 0.01; done; exit 5", starts, ready);
	const char *const arguments[] = { "--", "/bin/sh", "-c", script, NULL };
	const struct setup setup = { .pid1 = true, .arguments = arguments };
	struct superd *superd;

	NEED_NAMESPACES;
	script = text_of("trap '' TERM; echo >%s; while ! [ -e %s ]; do sleep 0.01; done", ready, go);
	superd = superd_run_with(&setup, "service slow { listen = \"127.0.0.1:0\" start = boot\n"
				 "exec = { \"/bin/sh\", \"-c\", \"%s\" } }\n", script);
	superd_wait_log(superd, "the main command has ended with status 5");
	guarded_kill(superd);
	superd_wait_log(superd, "superd: stopping");
	write_file("go", "now");
	cr_expect_eq(superd_wait_exit(superd), 5, "%s", world_logs());
	cr_expect_eq(count_lines(starts), 1, "%s", world_logs());
}

/* superd has died young again and again, so its guard pauses. */
static struct superd *run_until_paused(const struct setup *setup)
{
	struct superd *superd = superd_run_with(setup, WEB, backend("talk"));

	client_ask_pid(superd_port(superd, "web"));
	for (int n = 0; n < 6; n++) {
		pid_t pid = guarded_wait(superd);

		kill(pid, SIGKILL);
		WAIT_UNTIL(guarded_pid(superd) != pid);
	}
	return superd;
}

/* A signal to stop ends the pause. */
Behaviour(guard_places, process_1_stops_while_there_is_no_superd)
{
	struct superd *superd;

	NEED_NAMESPACES;
	superd = run_until_paused(&process_1);
	superd_signal(superd, SIGTERM);
	cr_expect_eq(superd_wait_exit(superd), 0, "%s", world_logs());
}

/* ---- in the background ---- */

Behaviour(guard_places, a_daemon_is_started_anew_and_its_pid_file_stays_right)
{
	const char *pid_file = path_in("superd.pid"), *log = path_in("log");
	int port = free_port();
	const char *table = write_file("daemon.conf", "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", port,
				       backend("talk"));
	const char *to = text_of("file:%s", log);
	struct outcome outcome = SUPERD_ANSWER("--daemon", "--pid-file", pid_file, "--log", to, "-f", table);
	struct superd daemon = { .name = "superd", .log = log };
	long pid;

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	daemon.pid = (pid_t)strtol(read_text(pid_file), NULL, 10);
	cr_assert_neq(getsid(daemon.pid), getsid(0), "it is still in this session");
	pid = client_ask_pid(port);
	for (int n = 0; n < 2; n++) {
		pid_t before = guarded_wait(&daemon);

		cr_assert_eq(kill(before, SIGKILL), 0);
		cr_expect_eq(client_ask_pid(port), pid);
		WAIT_UNTIL(superd_log_count(&daemon, "its guard restarted it") == (size_t)n + 1);
		cr_expect_eq(strtol(read_text(pid_file), NULL, 10), daemon.pid);
	}
	cr_assert_eq(kill(daemon.pid, SIGTERM), 0);
	WAIT_UNTIL(!process_lives(daemon.pid));
	cr_expect_neq(access(pid_file, F_OK), 0, "the pid file was left");
}

Behaviour(guard_places, a_daemon_whose_guard_is_killed_ends)
{
	const char *pid_file = path_in("superd.pid"), *log = path_in("log");
	int port = free_port();
	const char *table = write_file("daemon.conf", "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", port,
				       backend("talk"));
	const char *to = text_of("file:%s", log);
	struct outcome outcome = SUPERD_ANSWER("--daemon", "--pid-file", pid_file, "--log", to, "-f", table);
	struct superd daemon = { .name = "superd", .log = log };
	pid_t below;
	long pid;

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	daemon.pid = (pid_t)strtol(read_text(pid_file), NULL, 10);
	pid = client_ask_pid(port);
	below = guarded_wait(&daemon);
	cr_assert_eq(kill(daemon.pid, SIGKILL), 0);
	WAIT_UNTIL(!process_lives(below));
	cr_expect(!process_lives((pid_t)pid), "%s", read_text(log));
	cr_expect_neq(access(pid_file, F_OK), 0, "the pid file was left");
}

/* ---- at a terminal ---- */

Behaviour(guard_places, an_interrupt_reaches_the_superd_that_was_started_anew)
{
	const char *const arguments[] = { "--guard", NULL };
	struct terminal terminal = terminal_open();
	const struct setup setup = { .terminal = terminal.side, .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, WEB, backend("talk"));
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);

	guarded_kill(superd);
	cr_expect_eq(client_ask_pid(port), pid, "%s", world_logs());
	terminal_type(&terminal, INTERRUPT);
	cr_expect_eq(superd_wait_exit(superd), 0, "%s", world_logs());
	terminal_close(&terminal);
}

/* As when its window is closed. */
static void hang_up(struct terminal *terminal)
{
	close(terminal->keyboard);
	terminal->keyboard = -1;
}

static void expect_end_by_hangup(struct superd *superd, struct terminal *terminal)
{
	superd_wait_log(superd, "the terminal has hung up");
	cr_expect_eq(superd_wait_exit(superd), 0, "%s", world_logs());
	close(terminal->side);
}

Behaviour(guard_places, ends_when_its_terminal_hangs_up_behind_deaths_and_an_upgrade)
{
	const char *const arguments[] = { "--guard", NULL };
	struct terminal terminal = terminal_open();
	const struct setup setup = { .terminal = terminal.side, .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, WEB, backend("talk"));
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);

	guarded_kill(superd);
	superd_upgrade(superd);
	guarded_kill(superd);
	cr_expect_eq(client_ask_pid(port), pid, "%s", world_logs());
	hang_up(&terminal);
	expect_end_by_hangup(superd, &terminal);
}

Behaviour(guard_places, ends_when_its_terminal_has_hung_up_while_there_was_no_superd)
{
	const char *const arguments[] = { "--guard", NULL };
	struct terminal terminal = terminal_open();
	const struct setup setup = { .terminal = terminal.side, .arguments = arguments };
	struct superd *superd = run_until_paused(&setup);

	hang_up(&terminal);
	expect_end_by_hangup(superd, &terminal);
}

Behaviour(guard_places, an_order_to_reload_reaches_the_next_superd)
{
	const char *const arguments[] = { "--guard", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = run_until_paused(&setup);

	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, "reloaded: 1 unchanged");
}

/* The shell sees the guard alone, and that is stopped when superd is. */
Behaviour(guard_places, a_shell_suspends_both_and_continues_both)
{
	const char *const arguments[] = { "--guard", NULL };
	struct terminal terminal = terminal_open();
	const char *script = text_of("#!/bin/bash\nexec 3>&2 2>/dev/tty\nset -m\n%s \"$@\" 2>&3\n"
				     "echo \"the job gives $?\"\nread -r line\necho \"shell got $line\"\nfg\n"
				     "echo \"the job gives $?\"\n", superd_path());
	const char *shell = write_file("shell", "%s", script);
	const struct setup setup = { .program = shell, .terminal = terminal.side, .arguments = arguments };
	struct superd *superd;
	int port, client;

	NEED_BASH;
	cr_assert_eq(chmod(shell, 0755), 0);
	superd = superd_run_with(&setup, WEB, backend("talk"));
	port = superd_port(superd, "web");
	client_ask_pid(port);
	terminal_type(&terminal, SUSPEND);
	superd_wait_log(superd, text_of("the job gives %d", 128 + SIGSTOP));
	client = client_connect(port);
	terminal_type(&terminal, "two\n");
	superd_wait_log(superd, "shell got two");
	client_send(client, "hello\n");
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
	terminal_type(&terminal, INTERRUPT);
	superd_wait_log(superd, "the job gives 0");
	cr_expect_eq(superd_wait_exit(superd), 0, "%s", world_logs());
	terminal_close(&terminal);
}

/* ---- below a service manager ---- */

static int manage(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "%s", strerror(errno));
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	return fd;
}

/* Waits for a message with this text. Returns its sender. */
static pid_t hear(int fd, const char *what)
{
	for (;;) {
		struct pollfd ready = { fd, POLLIN, 0 };
		char text[512], control[CMSG_SPACE(sizeof(struct ucred))];
		struct iovec part = { text, sizeof(text) - 1 };
		struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
					  .msg_controllen = sizeof(control) };
		struct ucred sender = { 0 };
		ssize_t length;

		cr_assert_eq(poll(&ready, 1, DEADLINE_MS), 1, "'%s' was not said\n%s", what, world_logs());
		length = recvmsg(fd, &message, 0);
		cr_assert_gt(length, 0);
		text[length] = '\0';
		if (!strstr(text, what))
			continue;
		cr_assert_not_null(CMSG_FIRSTHDR(&message));
		memcpy(&sender, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(sender));
		return sender.pid;
	}
}

/* A manager takes the end of the main process for that of all, so superd ends with it. */
Behaviour(guard_places, a_service_manager_has_the_guard_as_the_main_process)
{
	const char *path = path_in("herald");
	const char *const arguments[] = { "--guard", NULL };
	const char *environment[] = { text_of("NOTIFY_SOCKET=%s", path), "WATCHDOG_USEC=1000000", NULL };
	const struct setup setup = { .arguments = arguments, .environment = environment };
	int fd = manage(path);
	struct superd *superd = superd_run_with(&setup, WEB, backend("talk"));
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);

	cr_expect_eq(hear(fd, text_of("READY=1\nMAINPID=%ld\n", (long)superd->pid)), superd->pid);
	hear(fd, "WATCHDOG=1");
	guarded_kill(superd);
	cr_expect_eq(hear(fd, text_of("MAINPID=%ld\n", (long)superd->pid)), superd->pid, "%s", world_logs());
	hear(fd, "WATCHDOG=1");
	cr_expect_eq(client_ask_pid(port), pid);
	superd_signal(superd, SIGHUP);
	hear(fd, "RELOADING=1");
	hear(fd, "READY=1");
	guarded_kill_guard(superd);
	cr_expect(!process_lives((pid_t)pid), "%s", world_logs());
	close(fd);
}

/* As systemd passes them: LISTEN_PID names the guard. */
Behaviour(guard_places, sockets_of_a_service_manager_outlive_superd)
{
	const char *const arguments[] = { "--guard", NULL };
	int port = free_port(), listener = listen_on(port);
	const struct setup setup = { .arguments = arguments, .listener = listener };
	struct superd *superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n",
						port, backend("talk"));
	long pid;

	close(listener);
	superd_wait_log(superd, "web: listening on ");
	pid = client_ask_pid(port);
	for (int n = 0; n < 2; n++) {
		guarded_kill(superd);
		cr_expect_eq(client_ask_pid(port), pid, "%s", world_logs());
	}
	superd_upgrade(superd);
	guarded_kill(superd);
	cr_expect_eq(client_ask_pid(port), pid, "%s", world_logs());
}
