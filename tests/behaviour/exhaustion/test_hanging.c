/* A start that hangs on its way to its program, by a lease on it: it holds nobody up but its own clients; once where
 * that came only after superd had looked at the program. */
#include "harness.h"

#define WEB "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" %s }\n"
#define OTHER "service other { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n"
#define GIVEN_UP "it took too long, and was ended"

static const char *write_program(const char *command)
{
	const char *path = write_file("program", "#!/bin/sh\nexec %s\n", command);

	cr_assert_eq(chmod(path, 0755), 0);
	return path;
}

/* Whoever opens the file, as an exec does, waits until this is closed. -1: this file system has no leases. */
static int take_lease(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	signal(SIGIO, SIG_IGN);
	if (fcntl(fd, F_SETLEASE, F_WRLCK) == 0)
		return fd;
	close(fd);
	return -1;
}

/* A start that superd waited for would have been given up by now, and it still hangs. */
static void expect_other(struct superd *superd, size_t given_up)
{
	clock_move(HOUR_MS);
	client_ask_pid(superd_port(superd, "other"));
	cr_assert_eq(superd_log_count(superd, GIVEN_UP), given_up, "%s", world_logs());
	WAIT_UNTIL(superd_processes(superd) == 1);
}

/* Its program can't be looked at before the first start, so whoever else comes is served all the while. */
static void expect_no_delay(const char *options, const char *deed)
{
	const char *program = write_program(backend("%s", deed));
	struct superd *superd = clock_run(WEB OTHER, 0, program, options, backend("stdio"));
	int lease = take_lease(program), client;

	if (lease < 0)
		superd_stop(superd);
	SKIP_WITHOUT(lease >= 0, "no lease can be had on this file system");
	client = client_connect(superd_port(superd, "web"));
	client_send(client, "hello\n");
	WAIT_UNTIL(superd_processes(superd) == 1);
	expect_other(superd, 0);
	close(lease);
	cr_assert_not_null(strstr(client_line(client), " hello"));
	cr_assert_eq(superd_log_count(superd, GIVEN_UP), 0);
	close(client);
	superd_stop(superd);
}

Behaviour(hanging, holds_nobody_up_whose_program_cannot_be_looked_at)
{
	expect_no_delay("", "talk");
}

Behaviour(hanging, holds_nobody_up_where_each_client_has_a_process)
{
	expect_no_delay("accept = yes", "lines");
}
