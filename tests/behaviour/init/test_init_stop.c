/* How superd ends as PID 1 of a container: when it begins to, who is given time, and that it is over with the last.
 * The hard thing is to tell too early from too late: what must not be waited for has a deadline of an hour, and what
 * must be says so in a file. */
#include <poll.h>
#include <sched.h>

#include "harness.h"

#define WEB "service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n%s\n}\n"
#define NEED_NAMESPACES SKIP_WITHOUT(namespace_allowed(), "no namespaces here")

static const char *orphan(const char *words)
{
	return text_of("%s/orphan %s", getenv("SUPERD_TESTDIR"), words);
}

static struct superd *clock_as_init(const char *const *arguments, const char *table)
{
	const struct setup setup = { .clock = true, .pid1 = true, .arguments = arguments };

	return superd_run_with(&setup, "%s", table);
}

static struct superd *run_as_init(const char *const *arguments, const char *table)
{
	const struct setup setup = { .pid1 = true, .arguments = arguments };

	return superd_run_with(&setup, "%s", table);
}

static const char *web(const char *command, const char *options)
{
	return text_of(WEB, command, options);
}

Behaviour(stop, stop_delay_serves_on_after_the_order)
{
	static const char *const arguments[] = { "--stop-delay", "1h", NULL };
	struct superd *superd;

	NEED_NAMESPACES;
	superd = run_as_init(arguments, web(backend("take 1"), ""));
	superd_port(superd, "web");
	superd_signal(superd, SIGTERM);
	superd_wait_log(superd, "stop requested: stops in 1 h");
	for (int n = 0; n < 3; n++)
		client_ask(superd_port(superd, "web"), "hello\n");
	cr_assert(!superd_logged(superd, "superd: stopping"), "%s", world_logs());
	superd_stop(superd);            /* the second order ends the delay */
	cr_assert(!superd_logged(superd, "killing"), "%s", world_logs());
}

Behaviour(stop, stop_delay_comes_to_its_end_by_itself)
{
	static const char *const arguments[] = { "--stop-delay", "10min", NULL };
	struct superd *superd;

	NEED_NAMESPACES;
	superd = clock_as_init(arguments, web(backend("serve"), "start = boot"));
	superd_port(superd, "web");
	superd_signal(superd, SIGTERM);
	superd_wait_log(superd, "stop requested: stops in 10 min");
	clock_advance(superd, 9 * MINUTE_MS);
	cr_assert_not(superd_logged(superd, "superd: stopping"), "%s", world_logs());
	clock_advance(superd, MINUTE_MS);
	cr_assert_eq(superd_wait_exit(superd), 0);
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
	superd = superd_run_with(&setup, WEB, backend("take 1"), "");
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

Behaviour(stop, an_orphan_has_the_time_it_needs_to_clean_up)
{
	const char *quick = path_in("quick"), *slow = path_in("slow");
	const char *orphan = text_of("%s/orphan", getenv("SUPERD_TESTDIR"));
	const char *const arguments[] = { "--stop-timeout", "1h", "--", orphan, "tidy", "100", quick, slow, NULL };
	struct superd *superd;

	NEED_NAMESPACES;
	superd = run_as_init(arguments, web(backend("take 1"), ""));
	superd_wait_log(superd, "orphans are ready");
	superd_signal(superd, SIGTERM);
	cr_assert_eq(superd_wait_exit(superd), 128 + SIGTERM, "%s", world_logs());
	/* The end of the first was no reason to tell the second again. */
	cr_assert_str_eq(read_text(quick), "1\n");
	cr_assert_str_eq(read_text(slow), "1\n");
}

Behaviour(stop, elsewhere_an_orphan_has_it_as_well)
{
	const char *quick = path_in("quick"), *slow = path_in("slow");
	const char *orphan = text_of("%s/orphan", getenv("SUPERD_TESTDIR"));
	const char *const arguments[] = { "--", orphan, "tidy", "500", quick, slow, NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "%s", web(backend("take 1"), ""));

	superd_wait_log(superd, "orphans are ready");
	superd_signal(superd, SIGTERM);
	cr_assert_eq(superd_wait_exit(superd), 128 + SIGTERM, "%s", world_logs());
	cr_assert_str_eq(read_text(quick), "1\n");
	cr_assert_str_eq(read_text(slow), "1\n");
}

#define HANGS "service hangs {\n listen = \"127.0.0.1:0\"\n start = boot\n timeout_stop = 1h\n " \
	"exec = { \"/bin/sh\", \"-c\", \"trap '' TERM; echo deaf now; sleep 1000\" }\n}\n"

Behaviour(stop, a_service_that_hangs_leaves_orphans_a_part_of_the_deadline)
{
	static const char *const arguments[] = { "--stop-timeout", "4min", NULL };
	const char *tidied = path_in("tidied");
	struct superd *superd;

	NEED_NAMESPACES;
	superd = clock_as_init(arguments, text_of(WEB HANGS, orphan(text_of("tidy 0 %s", tidied)), "start = boot"));
	superd_wait_log(superd, "orphans are ready");
	WAIT_UNTIL(superd_logged(superd, "deaf now"));
	superd_signal(superd, SIGTERM);
	superd_wait_log(superd, "superd: stopping");
	clock_advance(superd, 230 * SECOND_MS);
	/* It is told before the end of that time, if it was not at once. */
	CLOCK_UNTIL(superd, 400, 40, read_text(tidied));
	cr_assert_str_eq(read_text(tidied), "1\n");
	cr_assert_not(superd_has_ended(superd), "%s", world_logs());
	for (int n = 0; n < 10; n++)
		clock_advance(superd, SECOND_MS);
	cr_assert_eq(superd_wait_exit(superd), 0);
}

Behaviour(stop, a_second_order_kills_at_once)
{
	static const char *const arguments[] = { "--stop-timeout", "1h", NULL };
	struct superd *superd;

	NEED_NAMESPACES;
	superd = run_as_init(arguments, HANGS);
	superd_wait_log(superd, "deaf now");
	superd_signal(superd, SIGTERM);
	superd_wait_log(superd, "superd: stopping");
	superd_signal(superd, SIGINT);
	cr_assert_eq(superd_wait_exit(superd), 0, "%s", world_logs());
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
	superd = run_as_init(arguments, web(backend("serve"), ""));
	client_ask(superd_port(superd, "web"), "hello\n");
	parent = send_into(superd);
	WAIT_UNTIL(process_descendants(parent, inside, 2) == 1 || waitpid(parent, &status, WNOHANG) == parent);
	cr_assert_eq(status, -1, "no way into the namespace");
	superd_stop(superd);
	WAIT_UNTIL(waitpid(parent, &status, WNOHANG) == parent);
	cr_assert_eq(status, 0);
}
