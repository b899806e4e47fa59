/* Binds unix sockets and FIFOs.
 *
 * A node must never be open to more users than its final mode allows. A bound socket cannot be renamed: services
 * compare getsockname(2) with the path they expect (sd_is_socket_unix, nginx, cups). So superd binds it with mode 0,
 * which lets no client connect, and then sets its owner, its accept queue, and last its mode. A FIFO has no such name:
 * superd completes it under a temporary name and links it to its path. */
#include "os/socket/bind_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/foreign/foreign_path.h"
#include "os/netdiag/socket_address.h"
#include "os/socket/socket_options.h"

static int bind_closed(int fd, const struct socket_address *address)
{
	mode_t before = umask(0777);
	int result = bind(fd, &address->any, address->length);

	umask(before);
	return result;
}

static int bind_abstract(int fd, const struct listen *listen, const struct socket_address *address, struct buf *why)
{
	if (bind(fd, &address->any, address->length) == 0)
		return bind_queue_open(fd, listen, why);
	if (errno == EADDRINUSE)
		return bind_fail(why, "binding", "another socket has the name %s", listen->address->address);
	return bind_fail(why, "binding", "%s", listen->address->address);
}

static int bind_node(int fd, const struct listen *listen, const struct socket_address *address, int type,
		     struct buf *why)
{
	const char *path = node_path(listen);
	int saved;

	node_make_parents(path, listen->options->directory_mode);
	if (node_clear(listen, type, why) < 0)
		return -1;
	if (bind_closed(fd, address) < 0)
		return bind_fail(why, "binding", "%s", path);
	if (bind_queue_open(fd, listen, why) < 0 || node_set_permissions(fd, path, listen, why) < 0) {
		saved = errno;
		unlink(path);
		errno = saved;
		return -1;
	}
	return 0;
}

int bind_unix(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	struct socket_address address;
	struct socket_form form;
	int fd = -1, result;

	if (!socket_form(listen->address, &form) || !socket_address_make(listen->address, AF_UNIX, &address))
		return bind_fail(why, "binding", "a socket's path has at most %zu bytes, %s has %zu",
				 sizeof(address.un.sun_path) - 1, listen->address->address,
				 strlen(listen->address->address));
	fd = bind_socket(listen, AF_UNIX, why);
	if (fd < 0)
		return -1;
	if (socket_options_set(fd, AF_UNIX, listen, why, warnings) < 0)
		result = -1;
	else if (!node_path(listen))
		result = bind_abstract(fd, listen, &address, why);
	else
		result = bind_node(fd, listen, &address, form.type, why);
	if (result < 0)
		fd_close(&fd);
	else
		node_make_symlinks(listen, warnings);
	return fd;
}

static int fifo_open(const char *path)
{
	return open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
}

/* Changes the open FIFO by its descriptor, never another file that takes its name meanwhile. */
static int fifo_set_permissions(int fd, const struct listen *listen, const struct stat *status, struct buf *why)
{
	mode_t mode = listen->options->socket_mode & 07777;

	if ((status->st_uid != node_uid(listen) || status->st_gid != node_gid(listen)) &&
	    fchown(fd, node_uid(listen), node_gid(listen)) < 0)
		return bind_fail(why, "setting the owner", "%s", listen->address->address);
	if ((status->st_mode & 07777) != mode && fchmod(fd, mode) < 0)
		return bind_fail(why, "setting the mode", "%s", listen->address->address);
	return 0;
}

/* Takes over an existing FIFO if it belongs to the right user: its owner could have it open for anything. */
static int fifo_adopt(int fd, const struct listen *listen, struct buf *why)
{
	const char *path = listen->address->address;
	struct stat status;

	if (fstat(fd, &status) < 0)
		return bind_fail(why, "looking at it", "%s", path);
	if (!S_ISFIFO(status.st_mode)) {
		errno = EEXIST;
		return bind_fail(why, "opening", "%s exists and is not a fifo; superd does not replace it", path);
	}
	if (status.st_uid != node_uid(listen) && status.st_uid != geteuid()) {
		errno = EEXIST;
		return bind_fail(why, "opening", "%s is a fifo of user %u, not %u: remove it or set socket_user", path,
				 (unsigned)status.st_uid, (unsigned)node_uid(listen));
	}
	return fifo_set_permissions(fd, listen, &status, why);
}

/* Makes a FIFO with a new name beside path; false and errno. */
static bool fifo_make_temporary(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/');
	uint32_t random;

	for (int tries = 0; tries < 16; tries++) {
		if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
			return false;
		if (snprintf(name, size, "%.*s/.superd-%08x", (int)(slash - path), path, random) >= (int)size) {
			errno = ENAMETOOLONG;
			return false;
		}
		if (mkfifo(name, 0600) == 0)
			return true;
		if (errno != EEXIST)
			return false;
	}
	return false;
}

/* Opens the fifo again by its final name, which /proc then shows for the descriptor. */
static int fifo_reopen(int fd, const char *path)
{
	struct stat ours, named;
	int again = fifo_open(path);

	if (again < 0)
		return fd;
	if (fstat(fd, &ours) == 0 && fstat(again, &named) == 0 && ours.st_dev == named.st_dev &&
	    ours.st_ino == named.st_ino) {
		fd_close(&fd);
		return again;
	}
	fd_close(&again);
	return fd;
}

static int fifo_create(const struct listen *listen, struct buf *why)
{
	const char *path = listen->address->address;
	char name[4096];
	struct stat status;
	int fd = -1, saved;

	if (!fifo_make_temporary(path, name, sizeof(name)))
		return bind_fail(why, "making the fifo", "%s", path);
	fd = fifo_open(name);
	if (fd < 0 || fstat(fd, &status) < 0)
		bind_fail(why, "opening the new fifo", "%s", path);
	else if (fifo_set_permissions(fd, listen, &status, why) == 0 && link(name, path) == 0)
		goto out;
	else if (!why->length)
		bind_fail(why, "making the fifo", "%s", path);
	fd_close(&fd);
out:
	saved = errno;
	unlink(name);
	errno = saved;
	return fd < 0 ? fd : fifo_reopen(fd, path);
}

static int fifo_open_in_child(const void *with, struct buf *why, struct buf *warnings)
{
	const struct listen *listen = with;
	const char *path = listen->address->address;
	int fd;

	node_make_parents(path, listen->options->directory_mode);
	fd = fifo_open(path);
	if (fd < 0 && errno == ENOENT)
		fd = fifo_create(listen, why);
	else if (fd < 0)
		return bind_fail(why, "opening", "%s", path);
	else if (fifo_adopt(fd, listen, why) < 0)
		fd_close(&fd);
	if (fd < 0)
		return -1;
	node_make_symlinks(listen, warnings);
	return fd;
}

/* Opens the FIFO in a helper process: open(2) and close(2) take the lock of the pipe. Any process that has it open can
 * hold that lock for ever, by a write from a page that its file system never delivers. */
int bind_fifo(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	int fd = foreign_fork(node_path(listen), fifo_open_in_child, listen, -1, why, warnings);

	if (fd < 0 && !why->length)
		bind_fail(why, "opening", errno == ETIMEDOUT ? "%s: a process that has it open blocks it" : "%s",
			  listen->address->address);
	return fd;
}
