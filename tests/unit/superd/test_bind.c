/* superd-bind, and superds that come and go beside it. */
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "bind/bind.h"
#include "os/proc/proc.h"
#include "tests/unit/hang.h"
#include "tests/unit/unit.h"

union one_entry {
	struct bind_order order;
	char bytes[sizeof(struct bind_order) + sizeof(struct bind_entry)];
};

/* The end that superd has, of the channel to a superd-bind whose program is about to bind this port of IPv4. */
static int run_both(int listener, in_port_t port, pid_t *binder, pid_t *program)
{
	union one_entry begin = {
		{ .word = BIND_BEGIN, .superd = getpid(), .uid = geteuid(), .gid = getegid(), .count = 1 }
	};
	int ends[2], filters[2];

	*begin.order.entries = (struct bind_entry){ .flags = BIND_DUAL };
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, filters), 0);
	cr_assert(fd_message_send(ends[0], &begin, sizeof(begin), (int[]){ filters[1], listener }, 2, 0));
	*binder = fork();
	if (*binder == 0) {
		dup2(ends[1], STDIN_FILENO);
		execl("superd-bind", "superd-bind", build_word(), NULL);
		_exit(127);
	}
	close(ends[1]);
	*program = fork();
	if (*program == 0) {
		const struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = port };
		int fd = socket(AF_INET, SOCK_STREAM, 0), filter;

		close(listener);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		filter = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
				      bind_filter_make(false, NULL, 0));
		if (filter < 0 || !fd_message_send(filters[0], "", 1, &filter, 1, 0) || close(filter) < 0 ||
		    bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0)
			_exit(1);
		pause();
	}
	close(filters[0]);
	close(filters[1]);
	return ends[0];
}

static struct bind_note hear(int channel)
{
	struct pollfd wait = { channel, POLLIN, 0 };
	struct bind_note note;

	cr_assert_eq(poll(&wait, 1, HANG_MS), 1, "superd-bind says nothing");
	cr_assert_eq(recv(channel, &note, sizeof(note), 0), sizeof(note));
	return note;
}

static void order(int channel, unsigned word, int fd)
{
	union one_entry text = { { .word = word, .superd = getpid(), .count = fd >= 0 } };

	*text.order.entries = (struct bind_entry){ .number = 1 };
	cr_assert(fd_message_send(channel, &text, sizeof(text), &fd, fd >= 0, 0));
}

static bool superd_may_bind(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(user_notif_try() != 0);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

/* A socket for both IP versions, which is made for a program of one. */
static int listen_on_both(struct sockaddr_in6 *any)
{
	int both = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(*any);

	*any = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
	if (!superd_may_bind() || both < 0 || bind(both, (struct sockaddr *)any, sizeof(*any)) < 0)
		cr_skip_test("superd may not answer bind(2) here, or there is no IPv6");
	cr_assert(listen(both, 5) == 0 && getsockname(both, (struct sockaddr *)any, &length) == 0);
	return both;
}

/* Its own socket would have none of the rules of superd's. */
Test(bind, a_program_binds_no_socket_of_its_own_where_superd_cannot_open_one, .timeout = 120)
{
	struct sockaddr_in6 any;
	int both = listen_on_both(&any), channel, status;
	pid_t binder, program;

	channel = run_both(both, any.sin6_port, &binder, &program);
	cr_assert_eq(hear(channel).event, BIND_NEEDS);
	close(both);
	order(channel, BIND_SOCKET, -1);
	cr_assert_eq(waitpid(program, &status, 0), program);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	cr_assert_eq(hear(channel).event, BIND_OVER);
	waitpid(binder, NULL, 0);
	close(channel);
}

/* A superd that is killed in between has heard it, and not sent the socket; or both send one. */
Test(bind, a_new_superd_hears_of_the_socket_that_a_program_waits_for, .timeout = 120)
{
	struct sockaddr_in6 any;
	struct sockaddr_in own = { .sin_family = AF_INET };
	int both = listen_on_both(&any), one, channel;
	struct bind_note note;
	pid_t binder, program;

	channel = run_both(both, any.sin6_port, &binder, &program);
	note = hear(channel);
	cr_assert(note.event == BIND_NEEDS && note.family == AF_INET, "%d: %s", note.event, note.more);
	close(both);
	order(channel, BIND_TELL, -1);
	cr_assert_eq(hear(channel).event, BIND_NEEDS);
	one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	own.sin_port = any.sin6_port;
	/* Beside the one for both, which superd-bind shares for that moment. */
	cr_assert_eq(setsockopt(one, SOL_SOCKET, SO_REUSEPORT, &(int){ 1 }, sizeof(int)), 0);
	cr_assert(bind(one, (struct sockaddr *)&own, sizeof(own)) == 0 && listen(one, 5) == 0);
	order(channel, BIND_SOCKET, one);
	order(channel, BIND_SOCKET, one);
	note = hear(channel);
	cr_assert(note.event == BIND_GIVEN && note.number == 1);
	order(channel, BIND_TELL, -1);
	cr_assert_eq(hear(channel).event, BIND_GIVEN);
	kill(program, SIGKILL);
	cr_assert_eq(hear(channel).event, BIND_OVER);
	waitpid(program, NULL, 0);
	waitpid(binder, NULL, 0);
	close(one);
	close(channel);
}
