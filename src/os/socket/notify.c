/* The receiver's end of notifications: datagrams with credentials (unix(7), SCM_CREDENTIALS). */
#include "os/socket/socket.h"

#include "os/proc/proc.h"

#define RECEIVE_BUFFER (8 << 20) /* the kernel may grant less; senders block when it is full */

int notify_socket_open(const char *name)
{
	struct sockaddr_un address;
	int on = 1, bytes = RECEIVE_BUFFER, fd;
	socklen_t length;

	if (!notify_address(name, &address, &length))
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)); /* less is enough */
	/* bind(2) gives the node the mode that the socket has */
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 || fchmod(fd, 0600) < 0 ||
	    bind(fd, (struct sockaddr *)&address, length) < 0)
		fd_close(&fd);
	return fd_raise(fd, FD_HIGH);
}

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76 /* Linux 6.5; of a process that has ended since 6.16 */
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif

/* Descriptors of the sender's would stand before the pidfd, and take its room. */
uint64_t notify_sender_cgroup(int fd)
{
	char byte, control[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
	struct iovec part = { &byte, sizeof(byte) };
	struct msghdr header = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	int on = 1, off = 0, pidfd;
	uint64_t group = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_PASSPIDFD, &on, sizeof(on)) < 0)
		return 0;
	if (recvmsg(fd, &header, MSG_DONTWAIT | MSG_PEEK | MSG_CMSG_CLOEXEC) >= 0) {
		for (struct cmsghdr *at = CMSG_FIRSTHDR(&header); at; at = CMSG_NXTHDR(&header, at)) {
			if (at->cmsg_type != SCM_PIDFD || at->cmsg_len != CMSG_LEN(sizeof(pidfd)))
				continue;
			memcpy(&pidfd, CMSG_DATA(at), sizeof(pidfd));
			group = pidfd_cgroup(pidfd);
			close(pidfd);
		}
	}
	setsockopt(fd, SOL_SOCKET, SO_PASSPIDFD, &off, sizeof(off));
	return group;
}

bool notify_node_is_open(const char *path)
{
	struct stat status;

	return *path == '/' && lstat(path, &status) == 0 && status.st_mode & 0066;
}

/* Only its owner may change a node's mode, unless superd has CAP_FOWNER. */
bool notify_node_give(const char *path, uid_t user, bool open)
{
	mode_t mode = open ? 0666 : 0600;
	struct stat status;

	if (lstat(path, &status) < 0)
		return false;
	if (open)
		user = geteuid();
	if (status.st_uid == user && (status.st_mode & 0777) == mode)
		return true;
	if (status.st_uid != user && lchown(path, user, (gid_t)-1) < 0)
		mode = 0666;
	return chmod(path, mode) == 0 ||
	       (lchown(path, geteuid(), (gid_t)-1) == 0 && chmod(path, mode) == 0 &&
		lchown(path, user, (gid_t)-1) == 0);
}

/* Only root and superd's user can put sockets there. A superd that is not root has backends of its own user only, so
 * others need not reach it. */
static bool make_folder(const char *path, mode_t mode)
{
	uid_t own = geteuid();
	struct stat status;

	if (mkdir(path, mode) == 0)
		return chmod(path, mode) == 0;
	if (errno != EEXIST || lstat(path, &status) < 0)
		return false;
	if (S_ISDIR(status.st_mode) && !(status.st_mode & (S_IWGRP | S_IWOTH)) &&
	    (status.st_uid == 0 || status.st_uid == own) && (own != 0 || status.st_mode & S_IXOTH))
		return true;
	errno = EACCES;
	return false;
}

/* Mode 0711: other users can reach a socket by its name, but cannot list the folder. */
bool notify_dir_make(const char *runtime_directory, struct buf *path)
{
	buf_addf(path, "%s/superd", runtime_directory);
	if (path->failed || !make_folder(path->data, 0755))
		return false;
	buf_text(path, "/notify");
	return !path->failed && make_folder(path->data, 0711);
}

void notify_dir_remove(char *socket_path)
{
	unlink(socket_path);
	for (int n = 0; n < 2; n++) {
		*strrchr(socket_path, '/') = '\0';
		if (rmdir(socket_path) < 0)
			return;
	}
}
