/* A second unix socket in place of a first one.
 *
 * Peers compare getsockname(2) with the path they know. So the second must be bound under its final name while the
 * first still has it. A thread with a root directory of its own binds it there. Its node lies in a folder beside the
 * first node, on the same file system; when it is complete, rename(2) puts it in place of the first. */
#include "os/socket/reuseport_internal.h"

#include <errno.h>

#include "base/thread.h"
#include "os/socket/bind_internal.h"

#if defined(HAVE_UNSHARE) && defined(HAVE_LINUX_CAPABILITY_H)
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "os/netdiag/socket_address.h"
#include "os/rights/capability.h"
#include "os/rights/own_privileges.h"
#include "os/socket/socket_options.h"

#define LINKS_MOST 40

struct node_place {
	const char *path;               /* of the node, absolute */
	char root[PATH_MAX];            /* the folder that is "/" to the thread */
	char node[PATH_MAX];            /* the node's path from outside */
};

struct rebound_node {
	const struct node_place *place;
	const struct socket_address *address;
	int fd, error;
};

/* Replaces a link's name in path with its target, or the whole path up to there if the target is absolute. */
static bool follow(char path[PATH_MAX], const char *link)
{
	char target[PATH_MAX], whole[PATH_MAX];
	ssize_t length = readlink(link, target, sizeof(target));
	int above = (int)(strrchr(link, '/') + 1 - link);

	if (length <= 0 || length == (ssize_t)sizeof(target) ||
	    snprintf(whole, sizeof(whole), "%.*s%.*s%s", *target == '/' ? 0 : above, link, (int)length, target,
		     path + strlen(link)) >= (int)sizeof(whole))
		return false;
	strcpy(path, whole);
	return true;
}

static bool is_own(const struct stat *status)
{
	return status->st_uid == 0 || status->st_uid == geteuid();
}

static bool is_closed(const struct stat *status)
{
	return !(status->st_mode & (S_IWGRP | S_IWOTH)) || (status->st_mode & S_ISVTX);
}

/* Who can change a folder on the way could put another in its place, and have superd make and rename what he likes. So
 * each is looked at, from / on, and again from there where a link leads on. */
static bool is_safe(const char *node)
{
	char path[PATH_MAX], folder[PATH_MAX];
	struct stat status;
	size_t length = 0;
	int links = 0;

	if (snprintf(path, sizeof(path), "%s", node) >= (int)sizeof(path))
		return false;
	for (const char *slash = path; slash; slash = strchr(path + length + 1, '/')) {
		length = (size_t)(slash - path);
		snprintf(folder, sizeof(folder), "%.*s", length ? (int)length : 1, path);
		if (lstat(folder, &status) < 0 || !is_own(&status))
			return false;
		if (!S_ISLNK(status.st_mode)) {
			if (!is_closed(&status))
				return false;
			continue;
		}
		if (++links > LINKS_MOST || !follow(path, folder))
			return false;
		length = 0;             /* / was good */
	}
	return true;
}

bool reuseport_unix_is_possible(const struct listen *listen)
{
	return node_path(listen) && capability_held(CAP_SYS_CHROOT) && is_safe(node_path(listen));
}

static void *bind_inside(void *context)
{
	struct rebound_node *binding = context;

	own_privileges_raise();         /* of this thread */
	if (unshare(CLONE_FS) < 0 || chroot(binding->place->root) < 0 || chdir("/") < 0) {
		binding->error = errno;
		return NULL;
	}
	umask(0777);
	if (bind(binding->fd, &binding->address->any, binding->address->length) < 0)
		binding->error = errno;
	return NULL;
}

static int bind_apart(int fd, const struct node_place *place, const struct socket_address *address)
{
	struct rebound_node binding = { .place = place, .address = address, .fd = fd };
	pthread_t thread;
	int error = thread_start(&thread, 0, bind_inside, &binding);

	if (!error) {
		pthread_join(thread, NULL);
		error = binding.error;
	}
	errno = error;
	return error ? -1 : 0;
}

static bool make_place(struct node_place *place)
{
	int above = (int)(strrchr(place->path, '/') - place->path);
	size_t length = (size_t)snprintf(place->root, sizeof(place->root), "%.*s/.superd-XXXXXX", above, place->path);

	if (length >= sizeof(place->root) || !mkdtemp(place->root))
		return false;
	if (snprintf(place->node, sizeof(place->node), "%s%s", place->root, place->path) >= (int)sizeof(place->node)) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (char *at = place->node + length + 1; (at = strchr(at, '/')); at++) {
		int result;

		*at = '\0';
		result = mkdir(place->node, 0700);
		*at = '/';
		if (result < 0)
			return false;
	}
	return true;
}

static void remove_place(struct node_place *place)
{
	int saved = errno;
	char *slash;

	if (place->node[0])
		unlink(place->node);
	while (strlen(place->node) > strlen(place->root) && (slash = strrchr(place->node, '/'))) {
		*slash = '\0';
		rmdir(place->node);
	}
	rmdir(place->root);
	errno = saved;
}

static int open_there(const struct listen *listen, struct node_place *place, struct buf *why, struct buf *warnings)
{
	struct socket_address address;
	int fd;

	if (!socket_address_make(listen->address, AF_UNIX, &address))
		return bind_fail(why, "making a twin", "%s", place->path);
	fd = bind_socket(listen, AF_UNIX, why);
	if (fd < 0)
		return -1;
	if (socket_options_set(fd, AF_UNIX, listen, why, warnings) < 0)
		goto fail;
	if (bind_apart(fd, place, &address) < 0) {
		bind_fail(why, "binding a twin", "%s", place->path);
		goto fail;
	}
	if (bind_queue_open(fd, listen, why) < 0 || node_dress(fd, place->node, listen, why) < 0)
		goto fail;
	return fd;
fail:
	fd_close(&fd);
	return -1;
}

int reuseport_unix_open(int first, const struct listen *listen, struct buf *why, struct buf *warnings)
{
	struct node_place place = { .path = node_path(listen) };
	int fd = -1;

	if (!node_is_ours(first, listen)) {
		errno = ESTALE;
		return bind_fail(why, "making a twin", "%s is not the first socket's any more", place.path);
	}
	if (!make_place(&place)) {
		bind_fail(why, "making a twin", "a folder beside %s", place.path);
	} else {
		fd = open_there(listen, &place, why, warnings);
		if (fd >= 0 && rename(place.node, place.path) < 0) {
			bind_fail(why, "making a twin", "its place is %s", place.path);
			fd_close(&fd);
		}
	}
	remove_place(&place);
	return fd;
}
#else
bool reuseport_unix_is_possible(const struct listen *listen)
{
	(void)listen;
	return false;
}

int reuseport_unix_open(int first, const struct listen *listen, struct buf *why, struct buf *warnings)
{
	(void)first, (void)listen, (void)warnings;
	errno = EOPNOTSUPP;
	return bind_fail(why, "making a twin", "this system has none of unix sockets");
}
#endif
