/* The kind is found without a call to the descriptor's file system. Only the kernel writes the link in /proc/self/fd,
 * and only a path begins with a slash. Without /proc, only what calls identify that reach no file system is plain. */
#include "os/socket/plain_descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/socket/plain_socket.h"

static bool is_socket_fd(int fd)
{
	int type;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

static bool has_seals(int fd)
{
	return fcntl(fd, F_GET_SEALS) >= 0;
}

bool descriptor_is_pidfd(int fd)
{
	return syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0 || errno == EPERM || errno == ESRCH;
}

/* Reads the kernel's name of the open file; "" without /proc. A user can choose only a name that begins with /. */
static void read_name(int fd, char text[DESCRIPTOR_NAME])
{
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, text, DESCRIPTOR_NAME - 1);
	text[length > 0 ? length : 0] = '\0';
}

bool descriptor_is_plain(int fd, char name[DESCRIPTOR_NAME])
{
	static const char *const kinds[] = {
		"anon_inode:[eventfd]", "anon_inode:[timerfd]", "anon_inode:[pidfd]", "anon_inode:[pidfs]",
	};

	read_name(fd, name);
	if (is_socket_fd(fd))
		return socket_is_plain(fd);     /* other sockets may block when they are closed, such as AF_PACKET */
	if (!*name)
		return descriptor_is_pidfd(fd);
	if (!strncmp(name, "pipe:[", 6))
		return true;
	if (!strncmp(name, "/memfd:", 7))
		return has_seals(fd);   /* a file's path may look like this, but only a memfd has seals */
	for (size_t n = 0; n < sizeof(kinds) / sizeof(*kinds); n++) {
		if (!strcmp(name, kinds[n]))
			return true;
	}
	return false;
}
