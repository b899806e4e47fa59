/* The control socket against those who misuse it: nobody holds superd up, and nobody does what is not theirs. */
#include <grp.h>
#include <poll.h>
#include <sys/un.h>

#include "controlling.h"
#include "guarding.h"
#include "private.h"

#define ECHO "service web {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n}\n"

static size_t asked;

static struct superd *run_echo(void)
{
	struct superd *superd = controlled_run(ECHO, backend("stdio"));

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

/* By the clock one can tell that superd has nothing more to do: what was closed is closed at its end, too. */
static struct superd *clock_run_echo(void)
{
	struct superd *superd = controlled_clock_run(ECHO, backend("stdio"));

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

static size_t settled_fds(struct superd *superd)
{
	WAIT_UNTIL(superd_processes(superd) == 0);
	clock_settle(superd);
	return superd_fd_count(superd);
}

static void expect_alive(struct superd *superd)
{
	client_ask_pid(superd_port(superd, "web"));
	cr_expect(control_is_done(control_once("list")));
}

/* Waits for an answer, as superd sets the owner and mode of its socket after it can be connected to. */
static void open_to_others(void)
{
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	cr_assert_eq(chmod(path_in("."), 0755), 0);
	cr_assert(control_is_done(control_once("version")));
}

Behaviour(control_guard, half_a_line_keeps_nobody_waiting)
{
	struct superd *superd = run_echo();
	int half = control_connect();

	client_send(half, "sta");
	expect_alive(superd);
	client_send(half, "tus web\n");
	cr_expect_str_eq(control_value(client_line(half), "state"), "listening");
	close(half);
}

Behaviour(control_guard, a_megabyte_without_an_end_is_refused)
{
	struct superd *superd = run_echo();
	int fd = control_connect();
	char much[4096];
	ssize_t sent = 0;
	size_t all = 0;

	memset(much, 'x', sizeof(much));
	while (all < 1 << 20 && (sent = send(fd, much, sizeof(much), MSG_NOSIGNAL)) > 0)
		all += (size_t)sent;
	cr_expect_lt(all, (size_t)1 << 20, "it has read all of it");
	expect_alive(superd);
	close(fd);
}

Behaviour(control_guard, rubbish_is_answered_and_changes_nothing)
{
	static const char *const rubbish[] = {
		"", " ", "'", "\\", "--", "\x01\xff\xfe", "status '", "stop ''", "*", "{}",
	};
	struct superd *superd = run_echo();
	int fd = control_connect();

	for (size_t n = 0; n < sizeof(rubbish) / sizeof(*rubbish); n++)
		cr_expect_not_null(strstr(control_ask(fd, "%s", rubbish[n]), "\"error\":"), "%zu", n);
	cr_expect(control_is_done(control_ask(fd, "list")));
	close(fd);
	expect_alive(superd);
}

Behaviour(control_guard, requests_in_a_row_are_answered_in_their_order)
{
	struct superd *superd = run_echo();
	int fd = control_connect();

	client_send(fd, "version\nhealth\nlist\nnonsense\nversion\n");
	cr_assert_eq(shutdown(fd, SHUT_WR), 0);
	cr_expect_not_null(strstr(client_line(fd), "\"version\""));
	cr_expect_not_null(strstr(client_line(fd), "\"done\""));
	cr_expect_not_null(strstr(client_line(fd), "\"healthy\""));
	cr_expect_not_null(strstr(client_line(fd), "\"done\""));
	cr_expect_not_null(strstr(client_line(fd), "\"service\""));
	cr_expect_not_null(strstr(client_line(fd), "\"done\""));
	cr_expect_not_null(strstr(client_line(fd), "\"error\""));
	cr_expect_not_null(strstr(client_line(fd), "\"version\""));
	cr_expect_not_null(strstr(client_line(fd), "\"done\""));
	cr_expect(client_sees_end(fd));
	close(fd);
	superd_stop(superd);
}

/* They would be compared with all names in one turn. */
Behaviour(control_guard, patterns_that_may_take_long_are_refused)
{
	struct superd *superd = run_echo();
	static char set[130];

	memset(set, 'x', sizeof(set) - 1);
	expect_alive(superd);
	cr_expect_str_eq(control_value(control_once("%s", text_of("why '*[%s]'", set)), "code"), "usage");
	cr_expect_str_eq(control_value(control_once("%s", text_of("why %s", set)), "code"), "unknown");
	superd_stop(superd);
}

Behaviour(control_guard, who_never_reads_is_told_less_and_holds_nobody_up)
{
	struct superd *superd = run_echo();
	int deaf = control_connect(), port = superd_port(superd, "web");
	const char *line;
	size_t told = 0;

	client_send(deaf, "log --lines=0 --follow --level=debug\n");
	cr_assert(control_is_done(control_once("list")));
	for (int n = 0; n < 1500; n++)
		client_ask_pid(port);
	expect_alive(superd);
	do {
		line = client_line(deaf);
		told++;
	} while (!strstr(line, "\"dropped\":"));
	cr_expect_gt(strtol(control_value(line, "dropped"), NULL, 10), 0);
	cr_expect_gt(told, 10);
	close(deaf);
}

Behaviour(control_guard, a_thousand_connections_use_up_nothing)
{
	struct superd *superd = clock_run_echo();
	static int fds[1000];
	size_t before;

	expect_alive(superd);
	before = settled_fds(superd);
	for (int n = 0; n < 1000; n++)
		WAIT_UNTIL((fds[n] = client_connect_unix(control_path(), SOCK_STREAM)) >= 0);
	cr_expect_str_eq(control_value(client_line(fds[999]), "code"), "busy");
	cr_expect_leq(superd_fd_count(superd), before + 70);
	for (int n = 0; n < 1000; n++)
		close(fds[n]);
	superd_expect_fds(superd, before);
	expect_alive(superd);
}

static bool is_refused(const char *lines)
{
	int fd = client_connect_unix(control_path(), SOCK_STREAM);
	bool refused;

	client_line(fd);
	client_send(fd, lines);
	refused = !strcmp(control_value(client_line(fd), "code"), "denied") && client_sees_end(fd);
	close(fd);
	return refused;
}

/* As a program of root's is that others can make connect and write what they have chosen before. */
Behaviour(control_guard, who_repeats_no_hello_is_no_operator)
{
	struct superd *superd = run_echo();
	const char *word;
	int fd;

	wait_node(control_path());
	fd = client_connect_unix(control_path(), SOCK_STREAM);
	word = control_value(client_line(fd), "hello");
	cr_expect(is_refused("stop web\n"));
	cr_expect(is_refused("Nov 26 05:00:00 log: a line\nstop web\n"));
	cr_expect(is_refused("hello\nstop web\n"));
	cr_expect(is_refused("hello \nstop web\n"));
	cr_expect(is_refused(text_of("hello %s\nstop web\n", word)), "the word of another connection");
	client_send(fd, text_of("hello %s\nhealth\n", word));
	cr_expect_not_null(strstr(client_line(fd), "\"degraded\":false"));
	cr_assert_eq(superd_log_count(superd, "requested: stop"), 0, "%s", world_logs());
	close(fd);
}

Behaviour(control_guard, one_too_many_is_refused)
{
	enum { MOST = 63 };
	struct superd *superd = run_echo();
	int other = control_connect(), followers[MOST], late;

	for (int n = 0; n < MOST; n++) {
		followers[n] = control_connect();
		client_send(followers[n], "log --lines=0 --follow\n");
		cr_assert(control_is_done(control_ask(other, "list")), "it is heard before the next comes");
	}
	late = client_connect_unix(control_path(), SOCK_STREAM);
	cr_expect_str_eq(control_value(client_line(late), "code"), "busy");
	close(late);
	client_ask_pid(superd_port(superd, "web"));
	for (int n = 0; n < MOST; n++) {
		cr_expect_not_null(strstr(client_line(followers[n]), "\"started\""));
		close(followers[n]);
	}
	close(other);
}

Behaviour(control_guard, who_is_gone_is_forgotten)
{
	struct superd *superd = clock_run_echo();
	size_t before;
	int fds[8];

	expect_alive(superd);
	before = settled_fds(superd);
	for (int n = 0; n < 8; n++) {
		fds[n] = control_connect();
		client_send(fds[n], n % 2 ? "log --lines=0 --follow\n" : "log --follow\n");
	}
	for (int n = 0; n < 8; n++)
		close(fds[n]);
	superd_expect_fds(superd, before);
}

Behaviour(control_guard, who_closes_one_way_and_then_goes_makes_room)
{
	struct superd *superd = run_echo();

	for (int n = 0; n < 20; n++) {
		int fd = control_connect();

		client_send(fd, "log --lines=0 --follow other*\n");
		shutdown(fd, SHUT_WR);
		cr_assert(control_is_done(control_once("version")), "it is heard before it goes, place %d", n);
		close(fd);
	}
	expect_alive(superd);
}

Behaviour(control_guard, the_next_superd_gets_the_place_of_one_that_ends)
{
	const char *arguments[] = { "--control", control_path(), NULL };
	const struct setup setup = { .clock = true, .arguments = arguments };
	struct superd *first = run_echo(), *second;

	WAIT_UNTIL(client_can_connect_unix(control_path()));
	second = superd_run_with(&setup, ECHO, backend("stdio"));
	superd_wait_log(second, text_of("superd is already running here (pid %ld), and answers at %s: waiting up to 5 "
					"s for its end",
					(long)first->pid, control_path()));
	superd_stop(first);
	superd_wait_log(second, "web: listening on ");
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	cr_expect(control_is_done(control_once("version")));
}

/* The two lines that somebody else is told: the greeting, and the answer's first. */
static void talk(int out, const char *request)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char greeting[512] = "", byte;
	size_t length = 0;
	const char *word;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", control_path());
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		dprintf(out, "%s\n", strerror(errno));
		return;
	}
	while (length < sizeof(greeting) - 1 && read(fd, &byte, 1) == 1 && byte != '\n')
		greeting[length++] = byte;
	dprintf(out, "%s\n", greeting);
	word = strstr(greeting, "\"hello\":\"");
	if (word)
		dprintf(fd, "hello %.16s\n%s", word + strlen("\"hello\":\""), request);
	for (int lines = 0; lines < 1 && read(fd, &byte, 1) == 1; lines += byte == '\n')
		dprintf(out, "%c", byte);
}

static const char *as_other(uid_t uid, gid_t gid, const gid_t *groups, size_t count, const char *request)
{
	const char *file = path_in("asked%zu", asked++);
	int out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600), status;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(DEADLINE_MS / 1000);
		if (setgroups(count, groups) < 0 || setgid(gid) < 0 || setuid(uid) < 0)
			_exit(1);
		talk(out, request);
		_exit(0);
	}
	close(out);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
	return read_text(file);
}

Behaviour(control_guard, only_its_owner_may_connect)
{
	struct superd *superd;
	struct stat status;

	SKIP_WITHOUT(geteuid() == 0, "this test has to be somebody else");
	superd = run_echo();
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	cr_assert_eq(stat(control_path(), &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0600);
	cr_assert_eq(chmod(path_in("."), 0755), 0);
	cr_expect_not_null(strstr(as_other(65534, 65534, NULL, 0, "list\n"), strerror(EACCES)));
	/* even if the node let them, */
	cr_assert_eq(chmod(control_path(), 0666), 0);
	cr_expect_not_null(strstr(as_other(65534, 65534, NULL, 0, "list\n"), "\"code\":\"denied\""));
	superd_stop(superd);
}

Behaviour(control_guard, the_control_group_may_look_and_not_act)
{
	const char *arguments[] = { "--control", control_path(), "--control-group", "54321", NULL };
	const struct setup setup = { .arguments = arguments };
	const gid_t further[] = { 12345, 54321 };
	struct superd *superd;
	struct stat status;

	SKIP_WITHOUT(geteuid() == 0, "this test has to be somebody else");
	superd = superd_run_with(&setup, ECHO, backend("stdio"));
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	cr_assert_eq(stat(control_path(), &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0660);
	cr_expect_eq(status.st_gid, 54321u);
	cr_assert_eq(chmod(path_in("."), 0755), 0);
	cr_expect_not_null(strstr(as_other(65534, 54321, NULL, 0, "list\n"), "\"service\":\"web\""));
	cr_expect_not_null(strstr(as_other(65534, 65534, further, 2, "status\n"), "\"service\":\"web\""));
	cr_expect_not_null(strstr(as_other(65534, 65534, further, 2, "stop web\n"), "\"code\":\"denied\""));
	cr_expect_not_null(strstr(as_other(65534, 65534, further, 2, "shutdown\n"), "\"code\":\"denied\""));
	expect_alive(superd);
}

/* As is a change of the setting: a reload says that it waits for a start. */
Behaviour(control_guard, the_control_group_is_looked_up_at_the_start)
{
	const char *arguments[] = { "--control", control_path(), "--control-group", "lookers", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd;
	struct stat status;

	SKIP_WITHOUT(geteuid() == 0, "this test has to be somebody else");
	private_enter_with_hosts();
	private_file("/etc/group", "root:x:0:\n");
	superd = superd_run_with(&setup, ECHO, backend("stdio"));
	superd_wait_log(superd, "control_group: lookers: there is no such group here: only root");
	open_to_others();
	private_file("/etc/group", "root:x:0:\nlookers:x:54322:\n");
	cr_assert(superd_reload(superd, "superd { control_group = \"root\" }\n" ECHO, backend("stdio")));
	cr_assert_eq(stat(control_path(), &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0600);
	superd_stop(superd);
	superd = superd_run_with(&setup, ECHO, backend("stdio"));
	WAIT_UNTIL(stat(control_path(), &status) == 0 && status.st_gid == 54322 && status.st_mode & 0060);
	open_to_others();
	cr_expect_not_null(strstr(as_other(65534, 54322, NULL, 0, "list\n"), "\"service\":\"web\""));
}

/* A program of the group may be one that strangers speak to. */
Behaviour(control_guard, the_control_group_sees_no_secrets)
{
	const char *arguments[] = { "--control", control_path(), "--control-group", "54321", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd;
	const char *shown;

	SKIP_WITHOUT(geteuid() == 0, "this test has to be somebody else");
	superd = superd_run_with(&setup, "defaults { env = \"TOKEN=hunter2\" nice = 3 }\n"
					 "service other { listen = \"127.0.0.1:0\" exec = \"%s\" }\n"
					 "service web { listen = \"127.0.0.1:0\" exec = \"%s\" "
					 "env = { \"DB_PASSWORD=hunter2\", \"A=hunter2=b\" } "
					 "set_credential = \"key:hunter2\" }\n",
				 backend("serve"), backend("serve"));
	open_to_others();
	shown = as_other(65534, 54321, NULL, 0, "show web\n");
	cr_expect_null(strstr(shown, "hunter2"), "%s", shown);
	cr_expect_not_null(strstr(shown, "[\"DB_PASSWORD=***\", \"A=***\"]"), "%s", shown);
	cr_expect_not_null(strstr(shown, "[\"key:***\"]"), "%s", shown);
	cr_expect_not_null(strstr(shown, "# env: hidden\\n"), "%s", shown);
	cr_expect_not_null(strstr(shown, "defaults {\\n\\t# env: hidden\\n\\tnice = 3\\n}"), "%s", shown);
	cr_expect_null(strstr(as_other(65534, 54321, NULL, 0, "status web\n"), "hunter2"));
	shown = control_once("show web");
	cr_expect_not_null(strstr(shown, "DB_PASSWORD=hunter2"), "%s", shown);
	cr_expect_not_null(strstr(shown, "TOKEN=hunter2"), "%s", shown);
	superd_stop(superd);
}

Behaviour(control_guard, superds_own_user_may_act)
{
	const char *arguments[] = { "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments, .uid = 65534 };
	struct superd *superd;

	SKIP_WITHOUT(namespace_users(), "this test has to be anybody, and others have to read what was built");
	cr_assert_eq(chown(path_in("."), 65534, 65534), 0);
	superd = superd_run_with(&setup, ECHO, backend("stdio"));
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	cr_expect_not_null(strstr(as_other(65534, 65534, NULL, 0, "hold web\n"), "\"ok\":true"));
	superd_stop(superd);
}

Behaviour(control_guard, without_one_superd_goes_on)
{
	const char *arguments[] = { "--control", "/nonexistent/control", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, ECHO, backend("stdio"));

	superd_wait_log(superd, "no control socket /nonexistent/control: ");
	client_ask_pid(superd_port(superd, "web"));
}

Behaviour(control_guard, the_second_superd_leaves_the_first_its_own)
{
	const char *arguments[] = { "--control", control_path(), NULL };
	const struct setup setup = { .clock = true, .arguments = arguments };
	struct superd *first = run_echo(), *second;

	WAIT_UNTIL(client_can_connect_unix(control_path()));
	second = superd_run_with(&setup, ECHO, backend("stdio"));
	WAIT_UNTIL((clock_move(SECOND_MS), superd_has_ended(second)));
	cr_expect_eq(superd_wait_exit(second), 2);
	cr_expect(superd_logged(second, text_of("superd is already running here (pid %ld), and answers at %s: superctl "
						"reload makes it read its files again; --control names another place "
						"for this one\n",
						(long)first->pid, control_path())));
	cr_expect_not(superd_logged(second, "web: listening on "));
	cr_expect_eq(strtol(control_value(client_line(client_connect_unix(control_path(), SOCK_STREAM)), "pid"), NULL,
			    10), superd_itself(first));
}

Behaviour(control_guard, an_idle_superd_with_a_control_socket_does_not_wake)
{
	struct superd *superd = clock_run_echo();
	int fd = control_connect();
	unsigned long before;

	cr_expect(control_is_done(control_ask(fd, "list")));
	clock_advance(superd, HOUR_MS);
	before = clock_wakes();
	cr_expect(clock_is_quiet(superd, fd));
	cr_expect_eq(clock_wakes(), before, "it woke %lu times", clock_wakes() - before);
	close(fd);
}
