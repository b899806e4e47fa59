/* Upgrades between two versions: a state that says more than this superd knows, or less, or other things by the same
 * words. */
#include "harness.h"
#include "superctl.h"

#define TABLE "service web { listen = \"127.0.0.1:0\" exec = \"%s\" accept = yes instances = 5 }\n"
#define SECTIONS \
	"[idle][latency][thaw_latency][search][control][withdrawal][opening][refresh][released][denied]"

/* superd at a place where another version stands by now. */
struct both {
	struct superd *superd;
	const char *control;
	int client;
	pid_t pid; /* of the session */
};

static struct both run(const char *another)
{
	const char *place = path_in("superd"), *newer = path_in("newer");
	const char *control = path_in("control");
	const char *const environment[] = {
		text_of("ANOTHER=%s", another),
		text_of("SUPERD_REAL=%s", superd_path()),
		text_of("ANOTHER_LACKS=%s", SECTIONS),
		NULL,
	};
	const struct setup setup = {
		.program = place,
		.environment = environment,
		.arguments = (const char *const[]){ "--no-guard", "--control", control, NULL },
	};
	struct both both = { .control = control };
	const char *line;

	cr_assert_eq(symlink(superd_path(), place), 0);
	both.superd = superd_run_with(&setup, TABLE, backend("lines"));
	both.client = client_connect(superd_port(both.superd, "web"));
	client_send(both.client, "hello\n");
	line = client_line(both.client);
	cr_assert_not_null(strstr(line, " hello"));
	both.pid = (pid_t)strtol(line, NULL, 10);
	cr_assert_eq(symlink(text_of("%s/another", getenv("SUPERD_TESTDIR")), newer), 0);
	cr_assert_eq(rename(newer, place), 0);
	return both;
}

/* The session is there still, and who comes is served. */
static void finish(struct both *both)
{
	client_send(both->client, "again\n");
	cr_assert_not_null(strstr(client_line(both->client), " again"));
	close(both->client);
	cr_assert_not_null(strstr(client_ask(superd_port(both->superd, "web"), "new\n"), " new"));
	superd_stop(both->superd);
}

static void upgrade(struct both *both)
{
	struct outcome outcome = SUPERCTL(both->control, "upgrade");

	cr_assert_eq(outcome.status, 0, "%s%s\n%s", outcome.out, outcome.err, world_logs());
	superd_wait_log(both->superd, "superd: upgraded from 99.9 to ");
}

Behaviour(upgrade_versions, what_a_newer_one_has_added_is_left_out)
{
	struct both both = run("newer");
	size_t count;

	superd_signal(both.superd, SIGHUP); /* which opens what every reload needs */
	superd_wait_log(both.superd, "reloaded: ");
	count = superd_fd_count(both.superd);
	upgrade(&both);
	superd_expect_fds(both.superd, count);
	finish(&both);
}

Behaviour(upgrade_versions, what_an_older_one_did_not_know_is_as_if_there_were_nothing)
{
	struct both both = run("older");
	struct outcome outcome = SUPERCTL(both.control, "upgrade");

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	cr_assert_str_eq(outcome.out, "superd: upgraded from 99.9 to " PACKAGE_VERSION "\n");
	superd_wait_log(both.superd, "superd: upgraded from 99.9 to ");
	finish(&both);
}

Behaviour(upgrade_versions, another_format_leaves_the_old_one_running)
{
	struct both both = run("format");
	struct outcome outcome = SUPERCTL(both.control, "upgrade", "--check");

	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(outcome.err, "superctl: an upgrade would fail: "), "%s", outcome.err);
	cr_assert(superd_logged(both.superd, "superd: an upgrade would fail: "), "%s", world_logs());
	cr_assert(!superd_logged(both.superd, "superd: not upgraded: "), "%s", world_logs());
	outcome = SUPERCTL(both.control, "upgrade");
	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(outcome.err, ", and this superd"), "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.err, " reads "), "%s", outcome.err);
	cr_assert(superd_logged(both.superd, "superd: not upgraded: "), "%s", world_logs());
	cr_assert(!superd_logged(both.superd, "upgraded from"), "%s", world_logs());
	finish(&both);
}

/* Nothing brings it back, but nobody is told that all is well. */
Behaviour(upgrade_versions, one_that_ends_in_the_end_is_not_called_done)
{
	struct both both = run("fails");
	struct outcome outcome = SUPERCTL(both.control, "upgrade");

	cr_assert_eq(outcome.status, 1, "%s%s", outcome.out, outcome.err);
	cr_assert_str_eq(outcome.out, "");
	cr_assert_eq(superd_wait_exit(both.superd), 7);
	close(both.client);
	WAIT_UNTIL(waitpid(both.pid, NULL, WNOHANG) == both.pid);
}
