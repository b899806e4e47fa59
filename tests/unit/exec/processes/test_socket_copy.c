/* Copies of another process's sockets, and who holds them meanwhile. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/bind_fixture.h"

#include "exec/processes/socket_copy.h"
#include "exec/spawn/spawn.h"

TestSuite(socket_copy, .init = set_up, .fini = tear_down, .timeout = 30);

static pid_t start_holder(void)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int fd = opened(&listen);
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	close(fd);
	return pid;
}

/* Whoever receives them may have no room, and would drop the last of one. */
Test(socket_copy, the_process_keeps_its_own_until_all_are_received)
{
	pid_t pids[] = { start_holder(), 0 }, copier;
	struct socket_copies copies = { .count = 0 };
	struct pollfd ready = { .events = POLLIN };

	copier = socket_copies_begin(pids, NULL, 0, &ready.fd);
	cr_assert_gt(copier, 0);
	cr_assert_eq(poll(&ready, 1, 20000), 1);
	poll(NULL, 0, 300);             /* there is nothing to be seen of a process that stays */
	cr_expect_eq(waitpid(copier, NULL, WNOHANG), 0);
	while (socket_copies_hear(ready.fd, &copies) == SOCKET_COPYING_WAITS)
		poll(&ready, 1, 1000);
	cr_expect_eq(waitpid(copier, NULL, 0), copier, "it ends then");
	spawn_reaped(copier);
	if (!copies.forbidden)
		cr_expect_geq(copies.count, 1);
	for (size_t n = 0; n < copies.count; n++)
		close(copies.fds[n]);
	close(ready.fd);
	kill(pids[0], SIGKILL);
	waitpid(pids[0], NULL, 0);
}
