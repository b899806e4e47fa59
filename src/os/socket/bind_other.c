/* Opens special files, netlink sockets and vsock listeners. A special file must exist. superd refuses a regular file,
 * since poll(2) always reports one as readable. */
#include "os/socket/bind_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/netdiag/socket_address.h"
#include "os/socket/socket_options.h"

static int bind_other(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	struct socket_address address;
	struct socket_form form;
	int fd = -1;

	if (!socket_form(listen->address, &form) || !socket_address_make(listen->address, AF_UNSPEC, &address)) {
		errno = EAFNOSUPPORT;
		return bind_fail(why, "opening", NULL);
	}
	fd = bind_socket(listen, form.domain, why);
	if (fd < 0)
		return -1;
	if (socket_options_set(fd, form.domain, listen, why, warnings) < 0)
		goto fail;
	if (bind(fd, &address.any, address.length) < 0) {
		if (errno == EPERM)
			bind_fail(why, "binding", "this netlink group needs root or CAP_NET_ADMIN");
		else if (errno == EADDRINUSE)
			bind_fail(why, "binding", "another socket has this port");
		else
			bind_fail(why, "binding", NULL);
		goto fail;
	}
	if (bind_queue_open(fd, listen, why) < 0)
		goto fail;
	return fd;
fail:
	fd_close(&fd);
	return -1;
}

int bind_netlink(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	return bind_other(listen, why, warnings);
}

int bind_vsock(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	return bind_other(listen, why, warnings);
}

/* epoll_ctl(2) fails with EPERM for files that cannot be polled. */
static bool can_be_watched(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	bool refused;

	if (epoll < 0)
		return true;
	/* By the raw system call: epoll_ctl(2) is the loop's own here. */
	refused = syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, &event) < 0 && errno == EPERM;
	close(epoll);
	return !refused;
}

int bind_special(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	const char *path = listen->address->address;
	int access = listen->options->writable ? O_RDWR : O_RDONLY;
	int fd = open(path, access | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	(void)warnings;
	if (fd < 0)
		return bind_fail(why, "opening", "%s", path);
	if (fstat(fd, &status) < 0) {
		bind_fail(why, "looking at it", "%s", path);
		goto fail;
	}
	if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)) {
		errno = EINVAL;
		bind_fail(why, "opening", "%s is neither a file nor a character device", path);
		goto fail;
	}
	if (!can_be_watched(fd)) {
		errno = EPERM;
		bind_fail(why, "watching",
			  "%s never reports new data, as some files of /proc and /sys and devices do",
			  path);
		goto fail;
	}
	return fd;
fail:
	fd_close(&fd);
	return -1;
}
