/* superd's end of a channel of packets to one of its helper programs. The other end may be hostile: the kernel refuses
 * descriptors that it sends (Linux 6.16, lib/scm_rights.c), or superd leaves them in the queue. So superd neither
 * receives nor closes them. */
#include "os/socket/fd_channel.h"

#include <errno.h>
#include <sys/socket.h>

#include "lib/fd.h"
#include "lib/fd_message.h"
#include "lib/scm_rights.h"

int fd_channel_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	scm_rights_allow(ends[0], false);       /* before Linux 6.16 superd looks for them */
	if (fd_set_nonblocking(ends[0], true) == 0)
		return 0;
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	return -1;
}

static ssize_t receive(int end, char *to, size_t size, int flags)
{
	bool carries;
	ssize_t got = scm_rights_peek(end, to, size, &carries);

	if (carries) {
		errno = EPERM;
		return -1;
	}
	if (got < 0)
		return -1;
	if (got == 0) {                 /* it would leave errno at EAGAIN of an earlier call */
		errno = EPIPE;
		return 0;
	}
	got = recv(end, to, size, flags | MSG_DONTWAIT | MSG_TRUNC);
	if (got <= (ssize_t)size)
		return got;
	errno = EMSGSIZE;
	return -1;
}

ssize_t fd_channel_receive(int end, char *to, size_t size)
{
	return receive(end, to, size, 0);
}

ssize_t fd_channel_peek(int end, char *to, size_t size)
{
	return receive(end, to, size, MSG_PEEK);
}

bool fd_channel_send(int end, int descriptor)
{
	return fd_message_send(end, "", 1, &descriptor, 1, MSG_DONTWAIT);
}
