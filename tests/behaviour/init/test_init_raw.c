/* superd as PID 1 of a container, where the test makes by hand what it is given: streams, signals, sockets, a process
 * that is sent into its namespace. */
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>

#include "harness.h"

#define WEB "service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n%s\n}\n"
#define NEED_NAMESPACES SKIP_WITHOUT(namespace_allowed(), "no namespaces here")

static const char *web(const char *command, const char *options)
{
	return text_of(WEB, 0, command, options);
}

/* From when on the kernel keeps a signal for process 1, which may be superd or its guard. */
static void order_at_once(void)
{
	const char *const arguments[] = { "-f", "superd:-", NULL };
	const char *table;
	struct setup setup = { .pid1 = true, .without_table = true, .arguments = arguments };
	struct superd *superd;
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	setup.in = ends[0];
	superd = superd_run_with(&setup, "%s", "");
	close(ends[0]);
	WAIT_UNTIL(process_blocks(superd->pid, SIGTERM));
	superd_signal(superd, SIGTERM);
	table = web(backend("take 1"), "user = root");
	cr_assert_eq(write(ends[1], table, strlen(table)), (ssize_t)strlen(table));
	close(ends[1]);
	cr_assert_eq(superd_wait_exit(superd), 0, "%s", world_logs());
}

Behaviour(rules, an_order_to_stop_is_not_lost_while_the_table_is_read)
{
	NEED_NAMESPACES;
	for (int n = 0; n < 8; n++)     /* the moment in which it was lost is short */
		order_at_once();
}

Behaviour(rules, a_broken_pipe_of_superds_own_is_none_of_the_main_commands)
{
	const char *heard = path_in("heard");
	const char *script = text_of("for s in WINCH PIPE; do trap \"echo got $s >>%s\" $s; done; "
				     "echo ready >>%s; while :; do sleep 0.02; done", heard, heard);
	const char *const arguments[] = { "--", "/bin/bash", "-c", script, NULL };
	struct setup setup = { .arguments = arguments };
	struct superd *superd;
	int ends[2];

	SKIP_WITHOUT(access("/bin/bash", X_OK) == 0, "bash is not installed");
	cr_assert_eq(pipe(ends), 0);
	setup.err = ends[1];
	signal(SIGPIPE, SIG_DFL);
	superd = superd_run_with(&setup, "%s", web(backend("serve"), ""));
	signal(SIGPIPE, SIG_IGN);
	WAIT_UNTIL(access(heard, F_OK) == 0);
	close(ends[0]);
	close(ends[1]);
	for (int n = 1; n < 4; n++) {
		superd_signal(superd, SIGUSR1);         /* has superd write to its log */
		superd_signal(superd, SIGWINCH);
		WAIT_UNTIL(count_lines(heard) > (size_t)n);
	}
	cr_expect_null(strstr(read_text(heard), "PIPE"));
	superd_signal(superd, SIGTERM);
	cr_assert_eq(superd_wait_exit(superd), 128 + SIGTERM);
}

Behaviour(stop, stop_delay_tells_who_started_superd_and_the_main_command_at_its_end)
{
	const char *path = path_in("herald");
	const char *const environment[] = { text_of("NOTIFY_SOCKET=%s", path), NULL };
	const char *main_command = "trap 'exit 5' TERM; echo main is ready; while :; do sleep 0.05; done";
	const char *const arguments[] = { "--stop-delay", "1h", "--", "/bin/sh", "-c", main_command, NULL };
	const struct setup setup = { .pid1 = true, .arguments = arguments, .environment = environment };
	struct superd *superd;
	int fd;

	NEED_NAMESPACES;
	fd = bind_unix(path, SOCK_DGRAM);
	superd = superd_run_with(&setup, WEB, 0, backend("take 1"), "");
	superd_wait_log(superd, "main is ready");
	cr_assert(strstr(datagram_next(fd), "READY=1"));
	superd_signal(superd, SIGTERM);
	superd_wait_log(superd, "stop requested");
	client_ask(superd_port(superd, "web"), "hello\n");
	cr_assert_eq(poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 0), 0, "%s", datagram_next(fd));
	superd_signal(superd, SIGTERM);
	cr_assert(strstr(datagram_next(fd), "STOPPING=1"));
	cr_assert_eq(superd_wait_exit(superd), 5, "%s", world_logs());
	close(fd);
}

/* As "docker exec" does: its parent stays outside, so superd never hears of its end. */
static pid_t send_into(const struct superd *superd)
{
	int space = open(text_of("/proc/%d/ns/pid", superd->pid), O_RDONLY | O_CLOEXEC);
	pid_t parent = fork(), child;

	if (parent != 0) {
		close(space);
		return parent;
	}
	if (setns(space, CLONE_NEWPID) < 0)
		_exit(1);
	child = fork();
	if (child == 0) {
		for (;;)
			pause();
	}
	_exit(waitpid(child, NULL, 0) == child ? 0 : 1);
}

Behaviour(stop, who_was_sent_into_the_container_does_not_hold_it_up)
{
	static const char *const arguments[] = { "--stop-timeout", "1h", NULL };
	struct superd *superd;
	int status = -1;
	pid_t parent, inside[2];

	SKIP_WITHOUT(geteuid() == 0 && namespace_allowed(), "needs root and namespaces");
	superd = superd_run_with(&(struct setup){ .pid1 = true, .arguments = arguments }, "%s",
				 web(backend("serve"), ""));
	client_ask(superd_port(superd, "web"), "hello\n");
	parent = send_into(superd);
	WAIT_UNTIL(process_descendants(parent, inside, 2) == 1 || waitpid(parent, &status, WNOHANG) == parent);
	cr_assert_eq(status, -1, "no way into the namespace");
	superd_stop(superd);
	WAIT_UNTIL(waitpid(parent, &status, WNOHANG) == parent);
	cr_assert_eq(status, 0);
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
