/* Unix sockets: names, connections, and descriptors in messages. cmsg(3) requires the alignment and size of union
 * control. */
#include "lib/lib.h"

bool notify_address(const char *name, struct sockaddr_un *address, socklen_t *length)
{
	size_t size = strlen(name);

	errno = size < 2 || (*name != '/' && *name != '@') ? EINVAL : ENAMETOOLONG;
	if (errno == EINVAL || size >= sizeof(address->sun_path))
		return false;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, name, size + 1);
	*length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + 1);
	if (*name != '@')
		return true;
	address->sun_path[0] = '\0';
	(*length)--;
	return true;
}

int unix_connect(const char *path, int type)
{
	struct sockaddr_un address;
	socklen_t length;
	int fd;

	if (!notify_address(path, &address, &length))
		return -1;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		scm_rights_allow(fd, false);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, length) < 0)
		fd_close(&fd);
	return fd;
}

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(FD_MESSAGE_MOST * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
};

/* address: NULL for a socket that is connected. */
static bool send_message(int to, struct sockaddr_un *address, socklen_t length, struct iovec part, const int *fds,
			 size_t count, int flags)
{
	union control control = { .header = { .cmsg_len = CMSG_LEN(count * sizeof(int)), .cmsg_level = SOL_SOCKET,
					      .cmsg_type = SCM_RIGHTS } };
	struct msghdr message = { .msg_name = address, .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1 };

	if (count) {
		memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
	}
	return sendmsg(to, &message, flags | MSG_NOSIGNAL) >= 0;
}

bool fd_message_send(int to, const void *bytes, size_t size, const int *fds, size_t count, int flags)
{
	return send_message(to, NULL, 0, (struct iovec){ (void *)(uintptr_t)bytes, size }, fds, count, flags);
}

int notify_socket_sender(void)
{
	return fd_raise(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), FD_HIGH);
}

bool notify_socket_send_fd(int sender, const char *name, const char *text, int descriptor)
{
	struct sockaddr_un address;
	socklen_t length;

	return notify_address(name, &address, &length) &&
	       send_message(sender, &address, length, (struct iovec){ (char *)(uintptr_t)text, strlen(text) },
			    &descriptor, descriptor >= 0, MSG_DONTWAIT);
}

/* Copies the descriptors out of the only SCM_RIGHTS header. Alignment, and the room for credentials that did not come,
 * can let the kernel pass more than `most`: the excess is closed. */
static size_t copy_fds(struct msghdr *message, int *fds, size_t most)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
		size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
			continue;
		for (; count > most; count--) {
			int excess;

			memcpy(&excess, CMSG_DATA(at) + (count - 1) * sizeof(int), sizeof(int));
			close(excess);
		}
		memcpy(fds, CMSG_DATA(at), count * sizeof(int));
		return count;
	}
	return 0;
}

ssize_t fd_message_receive(int from, void *bytes, size_t size, int *fds, size_t *count, int flags)
{
	union control control;
	struct iovec part = { bytes, size };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = CMSG_SPACE(*count * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred)),
	};
	ssize_t got = recvmsg(from, &message, flags | MSG_CMSG_CLOEXEC);

	*count = got >= 0 ? copy_fds(&message, fds, *count) : 0;
	return got;
}

/* SO_PASSRIGHTS, and MSG_PEEK without room for descriptors: the kernel then installs none and sets MSG_CTRUNC
 * (recvmsg(2)). A peek at a stream ends with the first part that carries descriptors. */

/* Linux 6.16. If SO_DOMAIN has the generic number, so has this. */
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS (SO_DOMAIN == 39 ? 83 : -1)
#endif

bool scm_rights_allow(int fd, bool allowed)
{
	int on = allowed;

	return setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &on, sizeof(on)) == 0;
}

ssize_t scm_rights_peek(int fd, void *to, size_t size, bool *carries)
{
	struct iovec part = { to, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t got = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT);

	*carries = got >= 0 && message.msg_flags & MSG_CTRUNC;
	return got;
}

/* superd's end of a channel of packets to one of its helper programs. The other end may be hostile: the kernel refuses
 * descriptors that it sends (Linux 6.16, scm_rights_allow), or superd leaves them in the queue. So superd neither
 * receives nor closes them. */

ssize_t fd_channel_receive(int end, char *to, size_t size)
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
	got = recv(end, to, size, MSG_DONTWAIT | MSG_TRUNC);
	if (got <= (ssize_t)size)
		return got;
	errno = EMSGSIZE;
	return -1;
}
