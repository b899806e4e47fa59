/* An upgrade for which there are no descriptors. */
#include <sys/resource.h>
#include <sys/wait.h>

#include "guarding.h"

#define WEB "service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n%s\n}\n"

/* A container may leave root without CAP_SYS_RESOURCE. A child tries it, as it stays. */
static bool may_raise_limits(void)
{
	struct rlimit limit;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		getrlimit(RLIMIT_NOFILE, &limit);
		limit.rlim_cur = --limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
			limit.rlim_max++;
		_exit(setrlimit(RLIMIT_NOFILE, &limit) < 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status == 0;
}

/* What the next superd has at first is what its loader needs to open one library after the other. The old superd is
 * gone by then, so there is nothing to go back to. */
Behaviour(upgrade_ways, without_descriptors_for_a_moment)
{
	const char *waits = text_of("not started yet: cannot open /dev/null: %s", error_text(EMFILE));
	const struct rlimit few = { STDERR_FILENO + 2, STDERR_FILENO + 2 };
	struct rlimit before;
	struct superd *superd;
	int port;

	SKIP_WITHOUT(may_raise_limits(), "needs root with CAP_SYS_RESOURCE, to give descriptors back");
	superd = superd_run(WEB, 0, backend("talk"), "");
	port = superd_port(superd, "web");
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, NULL, &before), 0);
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, &few, NULL), 0);
	superd_signal(superd, SIGUSR2);
	WAIT_UNTIL(superd_logged(superd, waits));
	cr_expect_eq(superd_log_count(superd, ": upgraded from "), 0);
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, &before, NULL), 0);
	cr_assert_eq(prlimit(guarded_pid(superd), RLIMIT_NOFILE, &before, NULL), 0);
	WAIT_UNTIL(superd_log_count(superd, ": upgraded from ") == 1);
	cr_expect_eq(superd_log_count(superd, waits), 1);
	close(client_served(port));
}
