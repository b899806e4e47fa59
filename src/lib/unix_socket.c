/* Sends datagrams to a notify socket. */
#include "lib/unix_socket.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/fd.h"

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

int notify_socket_sender(void)
{
	return fd_raise(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), FD_HIGH);
}

bool notify_socket_send_fd(int sender, const char *name, const char *text, int descriptor)
{
	union {
		struct cmsghdr header; /* for alignment */
		char bytes[CMSG_SPACE(sizeof(int))];
	} rights = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
				 .cmsg_type = SCM_RIGHTS } };
	struct iovec part = { (char *)(uintptr_t)text, strlen(text) };
	struct sockaddr_un address;
	struct msghdr message = { .msg_name = &address, .msg_iov = &part, .msg_iovlen = 1 };

	if (!notify_address(name, &address, &message.msg_namelen))
		return false;
	if (descriptor >= 0) {
		memcpy(CMSG_DATA(&rights.header), &descriptor, sizeof(descriptor));
		message.msg_control = rights.bytes;
		message.msg_controllen = sizeof(rights.bytes);
	}
	return sendmsg(sender, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

int unix_connect(const char *path, int type)
{
	struct sockaddr_un address;
	socklen_t length;
	int fd;

	if (!notify_address(path, &address, &length))
		return -1;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, length) < 0)
		fd_close(&fd);
	return fd;
}
