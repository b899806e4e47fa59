/* Receives notifications: datagrams with credentials (unix(7), SCM_CREDENTIALS).
 *
 * The sender may be hostile. A message has a maximum length, and only the kernel says who sent it. A message may also
 * carry descriptors, which superd must neither receive nor close, so it looks at each message before it takes it. */
#include "os/socket/notify_socket.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/fd.h"

#define RECEIVE_BUFFER (8 << 20) /* the kernel may grant less; senders block when it is full */

union control {
	struct cmsghdr header; /* for alignment */
	char bytes[CMSG_SPACE(sizeof(struct ucred))];   /* no room for descriptors */
};

/* Makes the address of a path or an abstract name. false and errno: it is too long, or neither. */
static bool make_address(const char *name, struct sockaddr_un *address, socklen_t *length)
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

static int open_datagram_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && fd_set_nonblocking(fd, true) < 0)
		fd_close(&fd);
	return fd;
}

int notify_socket_open(const char *name)
{
	struct sockaddr_un address;
	int on = 1, bytes = RECEIVE_BUFFER, fd;
	socklen_t length;

	if (!make_address(name, &address, &length))
		return -1;
	fd = open_datagram_socket();
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)); /* less is enough */
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, length) < 0 || (*name == '/' && chmod(name, 0666) < 0))
		fd_close(&fd);
	return fd_raise(fd, FD_HIGH);
}

/* Reads the sender's credentials. false: the kernel did not send them. */
static bool read_sender(struct msghdr *message, struct notification *out)
{
	bool known = false;

	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
		if (at->cmsg_level != SOL_SOCKET)
			continue;
		if (at->cmsg_type == SCM_CREDENTIALS && at->cmsg_len == CMSG_LEN(sizeof(struct ucred))) {
			struct ucred sender;

			memcpy(&sender, CMSG_DATA(at), sizeof(sender));
			out->pid = sender.pid;
			out->uid = sender.uid;
			known = sender.pid > 0;
		}
	}
	return known;
}

/* Whether the text contains a NUL. A single NUL at its end is a common mistake and is cut off. */
static bool has_nul(struct notification *out)
{
	if (out->length && !out->text[out->length - 1])
		out->length--;
	return memchr(out->text, '\0', out->length) != NULL;
}

static const char *find_flaw(const struct msghdr *message, bool known, struct notification *out)
{
	if (message->msg_flags & MSG_TRUNC)
		return "it is longer than 4096 bytes";
	if (!known)
		return "its sender is not known here";
	return has_nul(out) ? "it holds a NUL" : NULL;
}

static enum notify_received nothing_received(void)
{
	return errno == EAGAIN || errno == EINTR ? NOTIFY_EMPTY : NOTIFY_FAILED;
}

enum notify_received notify_socket_receive(int fd, struct notification *notification, const char **flaw)
{
	union control control;
	struct iovec part = { notification->text, NOTIFICATION_MOST };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	ssize_t got = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT);

	notification->pid = 0;
	if (got < 0)
		return nothing_received();
	notification->length = (size_t)got;
	*flaw = find_flaw(&message, read_sender(&message, notification), notification);
	notification->text[notification->length] = '\0';
	if (message.msg_flags & MSG_CTRUNC)
		return NOTIFY_RIGHTS;
	if (recv(fd, NULL, 0, MSG_DONTWAIT) < 0)
		return nothing_received();
	return *flaw ? NOTIFY_INVALID : NOTIFY_RECEIVED;
}

int notify_socket_sender(void)
{
	return fd_raise(open_datagram_socket(), FD_HIGH);
}

bool notify_socket_send(int sender, const char *name, const char *text)
{
	return notify_socket_send_fd(sender, name, text, -1);
}

bool notify_socket_send_fd(int sender, const char *name, const char *text, int descriptor)
{
	union {
		struct cmsghdr header; /* for alignment */
		char bytes[CMSG_SPACE(sizeof(int))];
	} rights = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec part = { (char *)(uintptr_t)text, strlen(text) };
	struct sockaddr_un address;
	struct msghdr message = { .msg_name = &address, .msg_iov = &part, .msg_iovlen = 1 };

	if (!make_address(name, &address, &message.msg_namelen))
		return false;
	if (descriptor >= 0) {
		memcpy(CMSG_DATA(&rights.header), &descriptor, sizeof(descriptor));
		message.msg_control = rights.bytes;
		message.msg_controllen = sizeof(rights.bytes);
	}
	return sendmsg(sender, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

bool notify_socket_is_dead(const char *path)
{
	struct sockaddr_un address;
	socklen_t length;
	bool dead;
	int fd;

	if (!make_address(path, &address, &length))
		return false;
	fd = open_datagram_socket();
	if (fd < 0)
		return false;
	dead = connect(fd, (struct sockaddr *)&address, length) < 0 && errno == ECONNREFUSED;
	fd_close(&fd);
	return dead;
}
