/* A reload while superd reads its first table, which comes slowly. */
#include <sys/ioctl.h>

#include "harness.h"

static bool is_drained(int pipe)
{
	int waiting;

	return ioctl(pipe, FIONREAD, &waiting) == 0 && waiting == 0;
}

Behaviour(reload, an_order_that_comes_while_the_first_table_is_read_ends_nobody)
{
	static const char *const arguments[] = { "-f", "superd:-", NULL };
	struct setup setup = { .without_table = true, .arguments = arguments };
	struct superd *superd;
	int pipe[2], client;

	cr_assert_eq(pipe2(pipe, O_CLOEXEC), 0);
	dprintf(pipe[1], "service cat { listen = \"127.0.0.1:0\" accept = yes\n");
	setup.in = pipe[0];
	superd = superd_run_with(&setup, "%s", "");
	WAIT_UNTIL(is_drained(pipe[0]));
	superd_signal(superd, SIGHUP);
	dprintf(pipe[1], "exec = \"/bin/cat\" user = \"%s\" }\n", own_user());
	close(pipe[1]);
	client = client_connect(superd_port(superd, "cat"));
	client_send(client, "hello\n");
	cr_assert_str_eq(client_line(client), "hello");
	superd_wait_log(superd, "cannot read it again");
	close(client);
	close(pipe[0]);
}
