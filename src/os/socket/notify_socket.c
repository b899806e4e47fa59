/* Receives notifications: datagrams with credentials (unix(7), SCM_CREDENTIALS).
 *
 * The sender may be hostile. A message has a maximum length, and only the kernel says who sent it. A message may also
 * carry descriptors, which superd must neither receive nor close, so it looks at each message before it takes it. */
#include "os/socket/notify_socket.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/notify_send.h"

#define RECEIVE_BUFFER (8 << 20) /* the kernel may grant less; senders block when it is full */

union control {
	struct cmsghdr header; /* for alignment */
	char bytes[CMSG_SPACE(sizeof(struct ucred))];   /* no room for descriptors */
};

int notify_socket_open(const char *name)
{
	struct sockaddr_un address;
	int on = 1, bytes = RECEIVE_BUFFER, fd;
	socklen_t length;

	if (!notify_address(name, &address, &length))
		return -1;
	fd = notify_socket_open_end();
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

bool notify_socket_is_dead(const char *path)
{
	struct sockaddr_un address;
	socklen_t length;
	bool dead;
	int fd;

	if (!notify_address(path, &address, &length))
		return false;
	fd = notify_socket_open_end();
	if (fd < 0)
		return false;
	dead = connect(fd, (struct sockaddr *)&address, length) < 0 && errno == ECONNREFUSED;
	fd_close(&fd);
	return dead;
}
