/* A second unix socket in place of a first one.
 *
 * Peers compare getsockname(2) with the path they know. So the second socket must be bound under its final name while
 * the first still has that name. A thread with a root directory of its own (CLONE_FS of unshare(2), chroot(2)) binds it
 * there. Its node lies in a folder beside the first node, on the same file system; when it is complete, rename(2) puts
 * it in place of the first. */
#include "os/socket/bind_internal.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/thread.h"
#include "os/netdiag/socket_address.h"
#include "os/rights/capability.h"
#include "os/rights/own_privileges.h"
#include "os/socket/socket_options.h"

#define LINKS_MOST 40

/* The folders that imitate the path below a temporary root. */
struct chroot_place {
	const char *path;               /* final path of the node, absolute; borrowed */
	char root[PATH_MAX];            /* folder that is "/" for the thread */
	char node[PATH_MAX];            /* path of the new node outside of the thread */
};

/* What the thread binds, and its errno. */
struct rebound_node {
	const struct chroot_place *place;
	const struct socket_address *address;
	int fd, error;
};

/* Replaces a link's name in path by its target, or the path up to there if the target is absolute. */
static bool replace_link(char path[PATH_MAX], const char *link)
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

static bool is_trusted_owner(const struct stat *status)
{
	return status->st_uid == 0 || status->st_uid == geteuid();
}

static bool is_unwritable(const struct stat *status)
{
	return !(status->st_mode & (S_IWGRP | S_IWOTH)) || (status->st_mode & S_ISVTX);
}

/* Whether no other user can change a folder on the way: such a user could let superd create and rename files elsewhere.
 * Examines each folder from / on, and starts again where a link leads elsewhere. */
static bool is_safe_path(const char *node)
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
		if (lstat(folder, &status) < 0 || !is_trusted_owner(&status))
			return false;
		if (!S_ISLNK(status.st_mode)) {
			if (!is_unwritable(&status))
				return false;
			continue;
		}
		if (++links > LINKS_MOST || !replace_link(path, folder))
			return false;
		length = 0;             /* / was checked */
	}
	return true;
}

const char *reuseport_unix_obstacle(const struct listen *listen)
{
	if (!node_path(listen))
		return "it has no path";
	if (!capability_held(CAP_SYS_CHROOT))
		return "superd has no CAP_SYS_CHROOT";
	return is_safe_path(node_path(listen)) ? NULL : "another user can rename a folder of its path";
}

static void *bind_in_chroot(void *context)
{
	struct rebound_node *binding = context;

	own_privileges_raise();         /* of this thread only */
	if (unshare(CLONE_FS) < 0 || chroot(binding->place->root) < 0 || chdir("/") < 0) {
		binding->error = errno;
		return NULL;
	}
	umask(0777);
	if (bind(binding->fd, &binding->address->any, binding->address->length) < 0)
		binding->error = errno;
	return NULL;
}

static int bind_in_thread(int fd, const struct chroot_place *place, const struct socket_address *address)
{
	struct rebound_node binding = { .place = place, .address = address, .fd = fd };
	pthread_t thread;
	int error = thread_start(&thread, 0, bind_in_chroot, &binding);

	if (!error) {
		pthread_join(thread, NULL);
		error = binding.error;
	}
	errno = error;
	return error ? -1 : 0;
}

static bool make_chroot(struct chroot_place *place)
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

static void remove_chroot(struct chroot_place *place)
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

static int open_second(const struct listen *listen, struct chroot_place *place, struct buf *why, struct buf *warnings)
{
	struct socket_address address;
	int fd;

	if (!socket_address_make(listen->address, AF_UNIX, &address))
		return bind_fail(why, "opening a second socket", "%s", place->path);
	fd = bind_socket(listen, AF_UNIX, why);
	if (fd < 0)
		return -1;
	if (socket_options_set(fd, AF_UNIX, listen, why, warnings) < 0)
		goto fail;
	if (bind_in_thread(fd, place, &address) < 0) {
		bind_fail(why, "binding a twin", "%s", place->path);
		goto fail;
	}
	if (bind_queue_open(fd, listen, why) < 0 || node_set_permissions(fd, place->node, listen, why) < 0)
		goto fail;
	return fd;
fail:
	fd_close(&fd);
	return -1;
}

int reuseport_unix_open(int first, const struct listen *listen, struct buf *why, struct buf *warnings)
{
	struct chroot_place place = { .path = node_path(listen) };
	int fd = -1;

	if (!node_is_ours(first, listen)) {
		errno = ESTALE;
		return bind_fail(why, "opening a second socket", "%s is not the first socket's any more", place.path);
	}
	if (!make_chroot(&place)) {
		bind_fail(why, "opening a second socket", "a directory beside %s", place.path);
	} else {
		fd = open_second(listen, &place, why, warnings);
		if (fd >= 0 && rename(place.node, place.path) < 0) {
			bind_fail(why, "opening a second socket", "its place is %s", place.path);
			fd_close(&fd);
		}
	}
	remove_chroot(&place);
	return fd;
}
