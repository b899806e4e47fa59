/* Bursts, and readers of the log that stop for a while: no line is lost that has room in superd's queue, those about
 * clients outlive all others, and what is dropped is counted. Without systemd /dev/log holds ten datagrams
 * (net.unix.max_dgram_qlen), with it 512: a test brings more lines than that. */
#include <regex.h>

#include "controlling.h"

/* Of a hundred clients in a second all lines are written. */
enum { CLIENTS = 60, SERVICES = 200, CLIENTS_MOST = 95 };

#define EACH "service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n exec = \"%s\"\n%s\n}\n"
#define EVERYTHING "log_on_success = { PID, HOST, EXIT, DURATION }\n"

/* What a reader has got so far, all of it. */
static char seen[4 << 20];
static size_t seen_length;

static void see(const char *text, size_t length)
{
	cr_assert_lt(seen_length + length, sizeof(seen) - 1);
	memcpy(seen + seen_length, text, length);
	seen_length += length;
	seen[seen_length] = '\0';
}

/* Reads what is there; a datagram is a line. */
static void read_on(int fd, bool is_socket)
{
	char text[8192];
	ssize_t got;

	while ((got = is_socket ? recv(fd, text, sizeof(text), MSG_DONTWAIT) : read(fd, text, sizeof(text))) > 0) {
		see(text, (size_t)got);
		if (is_socket)
			see("\n", 1);
	}
}

static size_t count(const char *part)
{
	size_t found = 0;

	for (const char *at = seen; (at = strstr(at, part)); at++)
		found++;
	return found;
}

static void wait_count(int fd, bool is_socket, const char *part, size_t expected)
{
	for (long long until = now_ms() + DEADLINE_MS; count(part) < expected; pause_a_moment()) {
		cr_assert(now_ms() < until, "%zu of %zu '%s'\n%.20000s\n%s", count(part), expected, part, seen,
			  world_logs());
		read_on(fd, is_socket);
	}
	cr_assert_eq(count(part), expected, "%zu '%s' instead of %zu", count(part), part, expected);
}

static int datagrams_of_a_socket(void)
{
	const char *text = read_text("/proc/sys/net/unix/max_dgram_qlen");

	return text ? atoi(text) : 10;
}

/* At once: each is connected before the first is served to its end. */
static void come(int port, int clients)
{
	int fds[CLIENTS_MOST];

	cr_assert_leq(clients, CLIENTS_MOST);
	for (int n = 0; n < clients; n++)
		fds[n] = client_connect(port);
	for (int n = 0; n < clients; n++) {
		client_send(fds[n], "hello\n");
		cr_assert_str_eq(client_line(fds[n]), "hello");
		close(fds[n]);
	}
}

/* A pipe as small as it can be. */
static int small_pipe(int *writing)
{
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	cr_assert_geq(fcntl(ends[1], F_SETPIPE_SZ, 4096), 0);
	*writing = ends[1];
	return ends[0];
}

static int open_fifo(const char *path)
{
	int fd;

	cr_assert_eq(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	cr_assert_geq(fcntl(fd, F_SETPIPE_SZ, 4096), 0);
	return fd;
}

static int clients_for_syslog(void)
{
	int clients = CLIENTS + datagrams_of_a_socket() / 2;

	return clients > CLIENTS_MOST ? CLIENTS_MOST : clients;
}

/* Clients come while the reader of /dev/log does not read for a minute. */
static void expect_all_at_syslog(const char *const *arguments, const char *format, const char *table)
{
	const struct setup setup = { .clock = true, .own_dev = true, .arguments = arguments, .format = format };
	int receiver, port = free_port(), clients = clients_for_syslog();
	struct superd *superd;
	unsigned long wakes;

	SKIP_WITHOUT(geteuid() == 0 && namespace_allowed(),
		     "needs root and namespaces, to start services beside a /dev of its own");
	receiver = bind_dev_log();
	superd = superd_run_with(&setup, "%s", replaced(table, "PORT", text_of("%d", port)));
	WAIT_UNTIL(client_can_connect(port));
	/* That client is one more, but not where lines are counted by its end. */
	wait_count(receiver, true, "EXIT: each ", 1);
	seen_length = 0;
	come(port, clients);
	WAIT_UNTIL(superd_processes(superd) == 0);
	clock_settle(superd);
	wakes = clock_wakes();
	for (int n = 0; n < 12; n++)
		clock_advance(superd, 5 * SECOND_MS);
	cr_assert_lt(clock_wakes() - wakes, 120, "superd does not sleep while nobody reads: %lu",
		     clock_wakes() - wakes);
	wait_count(receiver, true, "START: each ", (size_t)clients);
	wait_count(receiver, true, "EXIT: each ", (size_t)clients);
	cr_assert_eq(count("dropped"), 0, "%s", seen);
	superd_stop(superd);
	close(receiver);
}

#define XINETD_TABLE \
	"service each\n{\n type = UNLISTED\n port = PORT\n bind = 127.0.0.1\n socket_type = stream\n" \
	" protocol = tcp\n wait = no\n user = %s\n server = /bin/cat\n instances = UNLIMITED\n cps = 10000 1\n" \
	" log_on_success = HOST PID EXIT DURATION\n%s}\n"

Behaviour(log_burst, all_of_sixty_clients_are_in_syslog_by_superds_own_log)
{
	static const char *const arguments[] = { "--log", "syslog", NULL };

	expect_all_at_syslog(arguments, "xinetd", text_of(XINETD_TABLE, own_user(), ""));
}

Behaviour(log_burst, all_of_sixty_clients_are_in_syslog_by_log_type)
{
	expect_all_at_syslog(NULL, "xinetd", text_of(XINETD_TABLE, own_user(), " log_type = SYSLOG daemon info\n"));
}

/* Nothing is logged afterwards: superd tries again by itself. */
Behaviour(log_burst, a_syslog_daemon_that_is_restarted_gets_all_lines)
{
	static const char *const arguments[] = { "--log", "syslog", NULL };
	const struct setup setup = { .own_dev = true, .arguments = arguments };
	int receiver, port = free_port();
	struct superd *superd;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	receiver = bind_dev_log();
	superd = superd_run_with(&setup, EACH, port, "/bin/cat", EVERYTHING);
	WAIT_UNTIL(client_can_connect(port));
	wait_count(receiver, true, "EXIT: each ", 1);
	seen_length = 0;
	close(receiver);
	unlink(path_in("dev-log"));
	come(port, CLIENTS);
	WAIT_UNTIL(superd_processes(superd) == 0);
	receiver = bind_dev_log();
	wait_count(receiver, true, "START: each ", CLIENTS);
	wait_count(receiver, true, "EXIT: each ", CLIENTS);
	cr_assert_eq(count("dropped"), 0, "%s", seen);
}

Behaviour(log_burst, all_of_two_hundred_services_are_in_syslog)
{
	static const char *const arguments[] = { "--log", "syslog", NULL };
	const struct setup setup = { .own_dev = true, .arguments = arguments };
	int receiver, port = free_port(), services = SERVICES + datagrams_of_a_socket();
	const char *table = "";
	struct superd *superd;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	receiver = bind_dev_log();
	for (int n = 1; n < services; n++)
		table = text_of("%sservice s%d { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n", table, n);
	superd = superd_run_with(&setup, "%s" EACH, table, port, "/bin/cat", "");
	WAIT_UNTIL(client_can_connect(port));
	wait_count(receiver, true, ": listening on ", (size_t)services);
	cr_assert_eq(count("dropped"), 0, "%s", seen);
	superd_stop(superd);
	close(receiver);
}

/* superd's end writes the rest to a reader that is late, and waits for one that is stuck no longer than a moment. */
Behaviour(log_burst, the_last_lines_reach_a_pipe_that_is_read_late)
{
	struct setup setup = { 0 };
	int port = free_port(), reader = small_pipe(&setup.err);
	struct superd *superd = superd_run_with(&setup, EACH, port, "/bin/cat", EVERYTHING);

	close(setup.err);
	WAIT_UNTIL(client_can_connect(port));
	wait_count(reader, false, "EXIT: each ", 1);
	come(port, CLIENTS);
	WAIT_UNTIL(superd_processes(superd) == 0);
	superd_signal(superd, SIGTERM);
	wait_count(reader, false, "EXIT: each ", CLIENTS + 1);
	wait_count(reader, false, "START: each ", CLIENTS + 1);
	wait_count(reader, false, "superd: stopping", 1);
	cr_assert_eq(superd_wait_exit(superd), 0);
	cr_assert_eq(count("dropped"), 0, "%s", seen);
	close(reader);
}

static bool is_waiting(pid_t pid)
{
	unsigned long switches = 0;

	return clock_has_waiter(pid) && process_rests(pid, &switches);
}

Behaviour(log_burst, a_stuck_reader_delays_the_end_by_a_moment_only)
{
	struct setup setup = { .clock = true };
	int port = free_port(), reader = small_pipe(&setup.err);
	struct superd *superd = superd_run_with(&setup, EACH, port, "/bin/cat", EVERYTHING);

	close(setup.err);
	WAIT_UNTIL(client_can_connect(port));
	come(port, CLIENTS);
	WAIT_UNTIL(superd_processes(superd) == 0);
	superd_signal(superd, SIGTERM);
	for (int n = 0; n < 10; n++) {
		clock_move(SECOND_MS);
		WAIT_UNTIL(superd_has_ended(superd) || is_waiting(superd->pid));
	}
	cr_assert(superd_has_ended(superd));
	cr_assert_eq(superd_wait_exit(superd), 0);
	close(reader);
}

Behaviour(log_burst, a_fifo_that_is_read_late_gets_all_lines)
{
	const char *fifo = path_in("fifo");
	int port = free_port(), reader = open_fifo(fifo);
	const char *const arguments[] = { "--log", text_of("file:%s", fifo), NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, EACH, port, "/bin/cat", EVERYTHING);

	WAIT_UNTIL(client_can_connect(port));
	come(port, CLIENTS);
	WAIT_UNTIL(superd_processes(superd) == 0);
	wait_count(reader, false, "START: each ", CLIENTS + 1);
	wait_count(reader, false, "EXIT: each ", CLIENTS + 1);
	cr_assert_eq(count("dropped"), 0, "%s", seen);
}

Behaviour(log_burst, what_a_fifo_of_log_type_has_no_room_for_is_in_superds_log)
{
	const char *fifo = path_in("fifo");
	int port = free_port(), reader = open_fifo(fifo);
	struct superd *superd = superd_run(EACH, port, "/bin/cat",
					   text_of("log_type = { FILE, \"%s\" }\n" EVERYTHING, fifo));

	WAIT_UNTIL(client_can_connect(port));
	come(port, CLIENTS);
	WAIT_UNTIL(superd_processes(superd) == 0);
	WAIT_UNTIL((read_on(reader, false),
		    count("EXIT: each ") + superd_log_count(superd, "\nEXIT: each ") == CLIENTS + 1));
	cr_assert(superd_logged(superd, "its reader is too slow"), "%s", world_logs());
}

/* The program loses its right to be executed when the probe has run. */
Behaviour(log_burst, what_waits_at_an_upgrade_that_fails_is_written)
{
	const char *place = path_in("superd"), *newer = path_in("newer");
	const char *const arguments[] = { "--control", control_path(), NULL };
	struct setup setup = { .program = place, .arguments = arguments, .clock = true };
	int port = free_port(), reader = small_pipe(&setup.err), control;
	struct superd *superd;

	cr_assert_eq(symlink(superd_path(), place), 0);
	superd = superd_run_with(&setup, EACH, port, "/bin/cat", EVERYTHING);
	close(setup.err);
	WAIT_UNTIL(client_can_connect(port));
	come(port, CLIENTS);
	WAIT_UNTIL(superd_processes(superd) == 0);
	write_file("newer", "#!/bin/sh\nchmod 0644 %s\nexec %s \"$@\"\n", place, superd_path());
	cr_assert_eq(chmod(newer, 0755), 0);
	cr_assert_eq(rename(newer, place), 0);
	clock_hold(); /* superd waits for a second at its end, and then its guard starts it again */
	control = control_connect();
	client_send(control, "upgrade\n");
	wait_count(reader, false, "START: each ", CLIENTS + 1);
	wait_count(reader, false, "EXIT: each ", CLIENTS + 1);
	wait_count(reader, false, "not upgraded: the guard cannot become ", 1);
	clock_go_on();
	close(control);
	cr_expect_str_eq(control_value(control_once("metrics"), "log_dropped"), "0");
	cr_expect_eq(count("dropped"), 0, "%s", seen);
}

/* Of all lines that tell of it: a slow superd says so more than once. */
static unsigned long sum_of_dropped(void)
{
	static const char part[] = " lines of the log were dropped";
	unsigned long sum = 0;

	for (const char *found = seen; (found = strstr(found, part)); found++) {
		const char *at = found;
		unsigned long dropped = 0;

		while (at > seen && at[-1] != ' ')
			at--;
		cr_assert_eq(sscanf(at, "%lu lines", &dropped), 1, "%.200s", at);
		sum += dropped;
	}
	return sum;
}

/* Far more than superd keeps: what a backend prints is dropped, and not a line about a client. */
Behaviour(log_burst, lines_of_clients_outlive_what_backends_print)
{
	const char *const arguments[] = { "--control", control_path(), NULL };
	struct setup setup = { .arguments = arguments };
	int port = free_port(), loud = free_port(), reader = small_pipe(&setup.err), control;
	struct superd *superd = superd_run_with(
		&setup, EACH "service loud { listen = \"127.0.0.1:%d\" log_rate_limit_burst = 0 exec = \"%s\" }\n",
		port, "/bin/cat", EVERYTHING, loud, backend("print 20000"));
	const char *answer;

	close(setup.err);
	control = control_connect();
	WAIT_UNTIL(client_can_connect(port));
	WAIT_UNTIL(client_can_connect(loud));
	come(port, CLIENTS / 2);
	do
		answer = control_ask(control, "metrics");
	while (atol(control_value(answer, "log_dropped")) < 5000);
	come(port, CLIENTS / 2);
	WAIT_UNTIL(superd_processes(superd) <= 1);
	wait_count(reader, false, "EXIT: each ", CLIENTS + 1);
	wait_count(reader, false, "START: each ", CLIENTS + 1);
	for (long long until = now_ms() + DEADLINE_MS; sum_of_dropped() < 5000; pause_a_moment()) {
		cr_assert(now_ms() < until, "%lu dropped: %.20000s", sum_of_dropped(), seen);
		read_on(reader, false);
	}
	close(control);
}
