/* The pair of sockets between superd and a held program. Its other end is somebody else's: it may send anything, and
 * shall send nothing. */
#include "exec/warm/hold.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "os/socket/scm_rights.h"

bool hold_make_pair(int *ours, int *theirs)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	scm_rights_allow(ends[0], false);       /* a program sends no descriptors */
	fd_set_nonblocking(ends[0], true);
	*ours = fd_raise(ends[0], FD_HIGH);
	*theirs = fd_raise(ends[1], FD_HIGH);
	return true;
}

bool hold_give(int channel, int connection)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t sent;

	memset(&control, 0, sizeof(control));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &connection, sizeof(connection));
	do
		sent = sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

/* If a socket with unread messages is closed, its peer gets ECONNRESET, once (unix_release_sock of the kernel). */
enum hold_taken hold_taken(int channel)
{
	char byte;
	ssize_t got;

	do
		got = recv(channel, &byte, 1, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		return HOLD_WROTE;
	if (got == 0)
		return HOLD_TAKEN;
	return errno == EAGAIN || errno == EWOULDBLOCK ? HOLD_WAITS : HOLD_NOT_TAKEN;
}

static const char *const obstacle_texts[] = {
	[HOLD_NONE] = "it is held",
	[HOLD_UNTRACEABLE] = "it cannot be traced",
	[HOLD_GAINS_PRIVILEGE] = "it is setuid or setgid, or its file has capabilities",
	[HOLD_OWN_FILTER] = "it filters its own system calls, or traces",
	[HOLD_32_BIT] = "it is a 32-bit program",
	[HOLD_THREADS] = "it starts a thread before it uses its connection",
	[HOLD_CALLS_REFUSED] = "system calls that the hand-over needs are forbidden to it",
	[HOLD_ENDED] = "it ended before it used its connection",
	[HOLD_TOO_LATE] = "it did not use its connection in time",
	[HOLD_UNSUPPORTED] = "this superd cannot hold programs on this machine",
};
static_assert(sizeof(obstacle_texts) / sizeof(*obstacle_texts) == HOLD_OBSTACLES, "every obstacle has a text");

const char *hold_obstacle_text(enum hold_obstacle obstacle)
{
	return obstacle_texts[obstacle];
}
