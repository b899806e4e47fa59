/* Calls that wait although superd asked for none. */
#include <netinet/in.h>
#include <sys/un.h>

#include "os/socket/eintr_timer.h"
#include "tests/unit/unit.h"

static void is_interrupted(int domain)
{
	struct sockaddr_storage address = { .ss_family = (sa_family_t)domain };
	socklen_t length = domain == AF_UNIX ? sizeof(sa_family_t) : sizeof(struct sockaddr_in);
	int listener = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(listener, (const struct sockaddr *)&address, length), 0);
	cr_assert_eq(listen(listener, 1), 0);
	for (int n = 0; n < 3; n++) {
		eintr_timer_begin();
		cr_expect_lt(accept(listener, NULL, NULL), 0);
		cr_expect_eq(errno, EINTR);
		eintr_timer_end();
	}
	close(listener);
}

Test(interrupt, ends_an_accept_of_tcp, .timeout = 120)
{
	is_interrupted(AF_INET);
}

Test(interrupt, ends_an_accept_of_a_unix_socket, .timeout = 120)
{
	is_interrupted(AF_UNIX);
}

/* As superd does, which watches it. */
Test(interrupt, ends_an_accept_where_the_signal_is_blocked, .timeout = 120)
{
	sigset_t only, now;

	sigemptyset(&only);
	sigaddset(&only, SIGURG);
	sigprocmask(SIG_BLOCK, &only, NULL);
	is_interrupted(AF_INET);
	sigprocmask(SIG_SETMASK, NULL, &now);
	cr_expect(sigismember(&now, SIGURG), "it is blocked again");
	sigpending(&now);
	cr_expect_not(sigismember(&now, SIGURG), "and none is left for who watches it");
}

Test(interrupt, ends_a_read, .timeout = 120)
{
	int ends[2];
	char byte;

	cr_assert_eq(pipe(ends), 0);
	eintr_timer_begin();
	cr_expect_lt(read(ends[0], &byte, 1), 0);
	cr_expect_eq(errno, EINTR);
	eintr_timer_end();
	usleep(5000);
	cr_assert_eq(write(ends[1], "a", 1), 1);
	cr_expect_eq(read(ends[0], &byte, 1), 1, "nothing is left of it");
	close(ends[0]);
	close(ends[1]);
}
