/* What a program gets for its bind: never a wider socket, never one of another IP version than it opened, and again
 * when no other process has it. Its superd-bind outlives superd. */
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "binding.h"
#include "namespace.h"
#include "superctl.h"

/* The daemon before has no superd-bind, and other rules. */
static bool is_plain(void)
{
	return access(text_of("%s/superd-bind", getenv("SUPERD_LIBEXEC")), X_OK) == 0;
}

#define BehaviourOfPlainBind(name) \
	static void plain_##name##_story(void); \
	BehaviourOfBind(bind_plain, name) \
	{ \
		SKIP_WITHOUT(is_plain(), "this superd has no superd-bind"); \
		plain_##name##_story(); \
	} \
	static void plain_##name##_story(void)

static struct superd *run(const char *sockets, const char *options, const char *steps)
{
	struct superd *superd = bind_run(sockets, options, steps);

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

static const char *ask_at(const char *address, int port)
{
	int client = client_connect_to(address, port);
	const char *answer;

	client_send(client, "?\n");
	answer = client_line(client);
	close(client);
	return answer;
}

static void expect_version(const char *address, int port, int version)
{
	const char *details = ask_at(address, port);

	bind_expect(details, text_of("family=%d", version));
	bind_expect(details, text_of("domain=%d", version));
	cr_expect_not_null(strstr(details, text_of(version == 6 ? " peer=[%s]:" : " peer=%s:", address)), "%s",
			   details);
}

/* The first client starts the program, and is reset if superd opens another socket for it. */
static void start_by_lost_client(struct superd *superd, const char *address, int port)
{
	int client = client_connect_to(address, port);

	cr_expect(client_sees_end(client));
	close(client);
	WAIT_UNTIL(superd_logged(superd, "an address of one IP version: superd listens on "));
}

static bool has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	bool good = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

/* ---- width ---- */

static void expect_refused(const char *listens, const char *asked, int port)
{
	struct superd *superd = run(text_of("\"%s\"", listens), "timeout_start = 1h",
				    text_of("tcp4 try-bind=%s listen=5 mark=%s serve=poll", asked, path_in("marks")));
	const char *line = text_of("write listen = \"%s\" (with -l: -l %s), or binds = \"%s\"", asked, asked, asked);
	int client = client_connect(port);
	const char *health;

	WAIT_UNTIL(superd_logged(superd, text_of("binder: bind=%s: %s", asked, strerror(EADDRINUSE))));
	WAIT_UNTIL(superd_logged(superd, line));
	WAIT_UNTIL(strstr(why_of("web"), line));
	health = control_once("health");
	cr_expect_not_null(strstr(health, "\"degraded\":true"), "%s", health);
	cr_expect_not_null(strstr(health, "it asked for tcp:127.0.0.1:"), "%s", health);
	close(client);
	superd_stop(superd);
}

BehaviourOfPlainBind(a_program_that_asks_for_one_address_gets_no_wider_socket)
{
	int port = free_port(), other = free_port();

	expect_refused(text_of("%d", port), text_of("127.0.0.1:%d", port), port);
	expect_refused(text_of("tcp4:%d", other), text_of("127.0.0.1:%d", other), other);
}

BehaviourOfPlainBind(unless_binds_says_so)
{
	int port = free_port();
	struct superd *superd = run(text_of("\"tcp4:%d\"", port), text_of("binds = \"127.0.0.1:%d\"", port),
				    text_of("tcp4 bind=127.0.0.1:%d listen=5 serve=poll", port));

	bind_expect(ask_at("127.0.0.2", port), text_of("name=0.0.0.0:%d", port));
	superd_stop(superd);
}

/* It failed: the line to write is in the reason, and in health. Its superd-bind ends before all of its memory is
 * free. */
BehaviourOfPlainBind(one_that_ends_when_it_is_refused_leaves_the_line_to_write)
{
	int port = free_port(), client;
	struct superd *superd = run(text_of("\"%d\"", port), "backoff_min = 1h\n backoff_max = 1h",
				    text_of("fill=100 tcp4 bind=127.0.0.1:%d listen=5 serve=poll", port));
	const char *line = text_of("write listen = \"127.0.0.1:%d\"", port);

	client = client_connect(port);
	superd_wait_log(superd, "next start in ");
	cr_expect_not_null(strstr(why_of("web"), line), "%s", why_of("web"));
	cr_expect_not_null(strstr(SUPERCTL(control_path(), "health").out, line));
	close(client);
	cr_expect(!superd_logged(superd, "superd-bind has ended"), "%s", world_logs()); /* with its program */
}

BehaviourOfPlainBind(a_narrower_socket_stands_for_a_wider_one)
{
	int port = free_port(), other = free_port();
	struct superd *superd =
		run(text_of("\"127.0.0.1:%d\"", port), "", text_of("tcp4 bind=0.0.0.0:%d listen=5 serve=poll", port));

	expect_version("127.0.0.1", port, 4);
	superd_stop(superd);
	if (!has_ipv6())
		return;
	superd = run(text_of("\"tcp4:%d\"", other), "",
		     text_of("tcp6 v6only=0 bind=[::]:%d listen=5 serve=poll", other));
	expect_version("127.0.0.1", other, 4);
	superd_stop(superd);
}

/* ---- IP versions ---- */

BehaviourOfPlainBind(an_ipv4_socket_stays_one)
{
	int port = free_port();
	struct superd *superd;

	SKIP_WITHOUT(has_ipv6(), "there is no IPv6 here");
	superd = run(text_of("\"%d\"", port), "", text_of("tcp4 bind=0.0.0.0:%d listen=5 serve=poll", port));
	start_by_lost_client(superd, "127.0.0.1", port);
	superd_wait_log(superd, text_of("write listen = \"tcp4:%d\"", port));
	for (int n = 0; n < 3; n++)
		expect_version("127.0.0.1", port, 4);
	cr_expect_not_null(strstr(why_of("web"), text_of("superd's socket tcp4:%d", port)), "%s", why_of("web"));
	/* The next instance loses nobody, nor does one of the next superd. */
	cr_assert(control_is_done(control_once("restart web")));
	expect_version("127.0.0.1", port, 4);
	superd_upgrade(superd);
	expect_version("127.0.0.1", port, 4);
	cr_assert(control_is_done(control_once("stop web")));
	expect_version("127.0.0.1", port, 4);
	superd_expect_count(superd, "who waited was reset", 1);
}

BehaviourOfPlainBind(one_for_ipv6_alone_stays_one)
{
	int port = free_port();
	struct superd *superd;

	SKIP_WITHOUT(has_ipv6(), "there is no IPv6 here");
	superd = run(text_of("\"%d\"", port), "", text_of("tcp6 v6only=1 bind=[::]:%d listen=5 serve=poll", port));
	start_by_lost_client(superd, "::1", port);
	expect_version("::1", port, 6);
	cr_expect_not(client_can_connect(port));
	superd_stop(superd);
}

static void expect_both(const char *first, const char *second)
{
	int port = free_port();
	struct superd *superd = run(text_of("\"%d\"", port), "",
				    text_of("%s:%d listen=5 %s:%d listen=5 serve=poll", first, port, second, port));

	start_by_lost_client(superd, "127.0.0.1", port);
	WAIT_UNTIL(client_can_connect(port));
	expect_version("127.0.0.1", port, 4);
	expect_version("::1", port, 6);
	cr_assert(control_is_done(control_once("stop web")));
	expect_version("::1", port, 6);
	expect_version("127.0.0.1", port, 4);
	superd_upgrade(superd);
	expect_version("::1", port, 6);
	cr_assert(control_is_done(control_once("restart web")));
	expect_version("::1", port, 6);
	superd_expect_count(superd, "who waited was reset", 1);
	superd_stop(superd);
}

BehaviourOfPlainBind(a_program_with_a_socket_of_each_version_has_both)
{
	SKIP_WITHOUT(has_ipv6(), "there is no IPv6 here");
	expect_both("tcp4 bind=0.0.0.0", "tcp6 v6only=1 bind=[::]");
	expect_both("tcp6 v6only=1 bind=[::]", "tcp4 bind=0.0.0.0");
}

BehaviourOfPlainBind(datagrams_of_ipv4_stay_ones)
{
	int port = free_port(), client;
	struct superd *superd;

	SKIP_WITHOUT(has_ipv6(), "there is no IPv6 here");
	superd = run(text_of("\"udp:%d\"", port), "", text_of("udp4 pktinfo=1 bind=0.0.0.0:%d serve=poll", port));
	client = datagram_client(port);
	client_send(client, "lost");
	superd_wait_log(superd, text_of("write listen = \"udp4:%d\"", port));
	bind_expect(text_of("%s ", datagram_ask(client, "?")), "family=4");
	bind_expect(text_of("%s ", datagram_ask(client, "?")), "to=127.0.0.1:0");
	close(client);
}

/* ---- once more ---- */

/* As a runner of a developer's desk does: it starts the server by a shell, and again when that has ended. */
BehaviourOfPlainBind(a_later_process_binds_when_no_other_has_the_socket)
{
	int port = free_port(), client;
	const char *server = binder("tcp4 reuseaddr=1 bind=127.0.0.1:%d listen=5 serve=poll", port);
	struct superd *superd =
		controlled_run("service web {\n listen = \"127.0.0.1:%d\"\n pass = bind\n"
			       " exec = \"/bin/sh -c 'while :; do sh -c \\\"%s; true\\\"; done; true'\"\n}\n",
			       port, server);
	long first, second;

	superd_wait_log(superd, "web: listening on ");
	first = client_ask_pid(port);
	client = client_connect(port);
	client_send(client, "!exit=0\n");
	cr_expect(client_sees_end(client));
	close(client);
	second = client_ask_pid(port);
	cr_expect_neq(first, second);
	superd_expect_count(superd, "web: started", 1);
}

BehaviourOfPlainBind(while_another_has_it_a_process_is_refused_and_that_is_logged)
{
	int port = free_port();
	struct superd *superd =
		run(text_of("\"127.0.0.1:%d\"", port), "",
		    text_of("tcp4 number=8 bind=127.0.0.1:%d listen=5 fork tcp4 try-bind=127.0.0.1:%d use=8 serve=poll",
			    port, port));

	client_ask_pid(port);
	WAIT_UNTIL(superd_logged(superd, text_of("binder: bind=127.0.0.1:%d: %s", port, strerror(EADDRINUSE))));
	WAIT_UNTIL(superd_logged(superd, text_of("binds tcp:127.0.0.1:%d, and is refused: pid ", port)));
}

/* The server has crashed, and its runner waits for something else. */
BehaviourOfPlainBind(why_says_that_nobody_has_the_socket)
{
	int port = free_port(), client;
	struct superd *superd = controlled_run("service web {\n listen = \"127.0.0.1:%d\"\n pass = bind\n"
					       " exec = \"/bin/sh -c '%s; sleep 1000'\"\n}\n",
					       port, binder("tcp4 bind=127.0.0.1:%d listen=5 serve=poll", port));

	superd_wait_log(superd, "web: listening on ");
	client = client_connect(port);
	client_send(client, "!exit=0\n");
	cr_expect(client_sees_end(client));
	close(client);
	client = client_connect(port);
	WAIT_UNTIL(strstr(why_of("web"), text_of("no process of it has tcp:127.0.0.1:%d any more", port)));
	cr_expect_null(strstr(why_of("web"), "has its sockets and serves"), "%s", why_of("web"));
	cr_expect_not_null(strstr(control_once("health"), "\"degraded\":true"));
	close(client);
}

/* ---- superd is gone ---- */

BehaviourOfPlainBind(a_program_binds_again_when_superd_was_killed)
{
	int port = free_port(), client;
	const char *const arguments[] = { "--no-guard", NULL };
	struct superd *superd =
		superd_run_with(&(struct setup){ .arguments = arguments },
				"service web {\n listen = \"127.0.0.1:%d\"\n pass = bind\n error = null\n"
				" exec = \"%s\"\n}\n",
				port, binder("tcp4 reuseaddr=1 bind=127.0.0.1:%d listen=5 serve=poll", port));
	long pid;

	superd_wait_log(superd, "web: listening on ");
	pid = client_ask_pid(port);
	client = client_connect(port);
	client_send(client, "+who\n");
	client_line(client);
	superd_signal(superd, SIGKILL);
	superd_wait_exit(superd);
	client_send(client, text_of("!close tcp4 reuseaddr=1 bind=127.0.0.1:%d listen=5\n", port));
	cr_expect_not_null(strstr(client_line(client), " ok"));
	close(client);
	cr_expect_eq(client_ask_pid(port), pid);
	kill((pid_t)pid, SIGKILL);
	WAIT_UNTIL(!process_lives((pid_t)pid) && !client_can_connect(port));
}

/* superd-bind has it, too. */
BehaviourOfPlainBind(the_next_superd_names_the_program_that_has_its_port)
{
	int port = free_port();
	const char *const arguments[] = { "--no-guard", NULL };
	const struct setup setup = { .arguments = arguments };
	const char *program = binder("tcp4 bind=127.0.0.1:%d listen=5 serve=poll", port);
	const char *table = text_of("service web {\n listen = \"127.0.0.1:%d\"\n pass = bind\n exec = \"%s\"\n}\n",
				    port, program);
	struct superd *superd = superd_run_with(&setup, "%s", table);
	long pid;

	superd_wait_log(superd, "web: listening on ");
	pid = client_ask_pid(port);
	superd_signal(superd, SIGKILL);
	superd_wait_exit(superd);
	superd = superd_run_with(&setup, "%s", table);
	superd_wait_log(superd, text_of("Address already in use (pid %ld (binder) has it)", pid));
	kill((pid_t)pid, SIGKILL);
	superd_wait_log(superd, "web: listening on ");
	superd_stop(superd);
}

/* ---- surroundings ---- */

BehaviourOfPlainBind(without_proc_it_is_refused_with_that_reason)
{
	const char *table = write_file("table.conf", "%s", bind_table("\"127.0.0.1:1\"", "", ""));
	struct outcome outcome;

	SKIP_WITHOUT(geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
			     mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
			     mount("none", "/proc", "tmpfs", 0, NULL) == 0,
		     "needs root, and mounts of its own");
	outcome = SUPERD_ANSWER("--check", "-f", table);
	cr_assert_eq(umount("/proc"), 0);
	cr_expect_neq(outcome.status, 0);
	cr_expect_not_null(strstr(outcome.err, "error: web: pass = bind: there is no /proc here"), "%s", outcome.err);
}
