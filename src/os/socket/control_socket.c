/* Opens the control socket. Another superd may do the same at the same time. A node is stale only if no process listens
 * there; superd checks that and replaces the node under a lock, so only one of the two wins. */
#include "os/socket/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/fd_message.h"
#include "lib/unix_socket.h"
#include "os/fs/fs.h"
#include "os/netdiag/netdiag.h"
#include "os/proc/process.h"
#include "os/rights/rights.h"
#include "os/socket/internal.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif
#define BACKLOG 16
#define GROUPS_MOST 65536
#define NOBODY 65534
#define IN_USE_TEXT "another process, such as another superd, answers there"

static bool is_abstract(const char *path)
{
	return path[0] == '@' && path[1];
}

static bool make_address(const char *path, struct socket_address *address, struct buf *why)
{
	if (notify_address(path, &address->un, &address->length))
		return true;
	if (errno == EINVAL)
		buf_text(why, "a path begins with a slash, a name in the abstract namespace with @");
	else
		buf_addf(why, "a socket's path has at most %zu bytes", sizeof(address->un.sun_path) - 1);
	return false;
}

/* The folder, and all above it, must be superd's own, root's, or sticky: any other user who may write there could put
 * another node into its place. superd's own folder is created. */
static bool check_folder(const char *path, struct buf *why)
{
	char folder[PATH_MAX];
	int length = snprintf(folder, sizeof(folder), "%s/superd", runtime_dir());

	if (length < (int)sizeof(folder) && !strncmp(path, folder, (size_t)length) && path[length] == '/' &&
	    !strchr(path + length + 1, '/') &&
	    (mkdir(folder, 0755) == 0 ? chmod(folder, 0755) < 0 : errno != EEXIST)) {
		buf_addf(why, "creating its directory: %s", strerror(errno));
		return false;
	}
	if (!private_folder_is_safe(path, why))
		return false;
	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path + 1), path);
	if (access(folder, F_OK) == 0)
		return true;
	buf_addf(why, "its directory: %s", strerror(errno));
	return false;
}

/* Whether the lock file still has this name: its owner removes it when it releases the lock. false and errno: it does
 * not, ENOENT where another file has the name. */
static bool is_current_lock(int fd, const char *name)
{
	struct stat held, found;

	if (fstat(fd, &held) < 0 || lstat(name, &found) < 0)
		return false;
	errno = ENOENT;
	return held.st_ino == found.st_ino && held.st_dev == found.st_dev;
}

/* Creates and locks a file that no other user may open, as opening it is enough to lock it. The file is removed with
 * the lock. */
static int take_lock(const char *name, struct buf *why)
{
	int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600), saved;
	struct stat status;
	bool good = fd >= 0 && fstat(fd, &status) == 0;

	if (good && status.st_uid != geteuid()) {
		buf_addf(why, "its lock %s belongs to another user: remove it", name);
		errno = EPERM;
	} else if (good && flock(fd, LOCK_EX | LOCK_NB) == 0 && is_current_lock(fd, name)) {
		return fd;
	} else if (good && (errno == EWOULDBLOCK || errno == ENOENT)) {
		buf_text(why, "another superd creates one there just now");
		errno = EWOULDBLOCK;
	} else {
		buf_addf(why, "its lock %s: %s", name, strerror(errno));
	}
	saved = errno;
	fd_close(&fd);
	errno = saved;
	return -1;
}

/* Connects to the socket at a path, without blocking, and takes no descriptors that its server might send. -1 and
 * errno. */
static int reach(const char *path)
{
	struct socket_address address;
	struct buf why = { 0 };
	int fd = -1;

	if (make_address(path, &address, &why))
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	buf_free(&why);
	if (fd >= 0)
		scm_rights_allow(fd, false);
	if (fd >= 0 && connect(fd, &address.any, address.length) < 0)
		fd_close(&fd);
	return fd;
}

/* Only superd and root can put a node at its path. But any user can bind an abstract name first, so there the peer must
 * be root or superd's own user. */
bool control_socket_has_owner(const char *path, pid_t *pid, int *fd)
{
	struct buf why = { 0 };
	struct ucred peer;
	socklen_t size = sizeof(peer);
	bool is_safe = is_abstract(path) || private_folder_is_safe(path, &why), is_known;

	buf_free(&why);
	*pid = 0;
	*fd = is_safe ? reach(path) : -1;
	if (*fd < 0)
		return is_safe && errno == EAGAIN && !is_abstract(path);
	is_known = getsockopt(*fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
	if (!is_known && !is_abstract(path))
		return true;
	if (!is_known || peer.uid != geteuid()) {       /* root's, in a folder where this superd can never have one */
		fd_close(fd);
		return false;
	}
	if (kill(peer.pid, 0) == 0)
		*pid = peer.pid;
	return true;
}

bool control_socket_is_answered(const char *path)
{
	int fd = reach(path);
	bool answered = fd >= 0 || (errno != ECONNREFUSED && errno != ENOENT && errno != EINVAL &&
				    errno != ENAMETOOLONG);

	fd_close(&fd);
	return answered;
}

static bool remove_stale_node(const char *path, struct buf *why)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return true;
	if (!S_ISSOCK(status.st_mode)) {
		buf_text(why, "there is something else, which is no socket");
		errno = EEXIST;
	} else if (control_socket_is_answered(path)) {
		buf_text(why, IN_USE_TEXT);
		errno = EADDRINUSE;
	} else if (unlink(path) == 0) {
		return true;
	} else {
		buf_addf(why, "the socket of a previous superd cannot be removed: %s", strerror(errno));
	}
	return false;
}

static bool set_node_group(const char *path, gid_t group)
{
	if (group != (gid_t)-1 && lchown(path, (uid_t)-1, group) < 0)
		return false;
	return chmod(path, group != (gid_t)-1 ? 0660 : 0600) == 0;
}

/* Binds with mode 0, so that no client can connect before the mode is right. */
static bool bind_node(struct control_socket *made, const struct socket_address *address, gid_t group)
{
	const char *path = address->un.sun_path;
	mode_t before = umask(0777);
	bool bound = bind(made->fd, &address->any, address->length) == 0;
	struct stat status;

	umask(before);
	if (!bound)
		return false;
	if (lstat(path, &status) == 0) {
		made->device = status.st_dev;
		made->node = status.st_ino;
	}
	return listen(made->fd, BACKLOG) == 0 && set_node_group(path, group);
}

/* Binds an abstract name: nothing is left behind, and the kernel gives a name to one socket at a time. */
static bool bind_abstract(struct control_socket *made, const struct socket_address *address, struct buf *why)
{
	if (bind(made->fd, &address->any, address->length) == 0 && listen(made->fd, BACKLOG) == 0)
		return true;
	buf_text(why, errno == EADDRINUSE ? IN_USE_TEXT : strerror(errno));
	return false;
}

static bool bind_path(struct control_socket *made, const struct socket_address *address, gid_t group, struct buf *why)
{
	char name[PATH_MAX];
	int lock, saved;
	bool good;

	snprintf(name, sizeof(name), "%s.lock", made->path);
	lock = check_folder(made->path, why) ? take_lock(name, why) : -1;
	good = lock >= 0 && remove_stale_node(made->path, why);
	if (good && !bind_node(made, address, group)) {
		buf_text(why, strerror(errno));
		good = false;
	}
	saved = errno;
	if (lock >= 0)
		unlink(name);
	fd_close(&lock);
	errno = saved;
	return good;
}

bool control_socket_open(struct control_socket *made, const char *path, gid_t group, struct buf *why)
{
	struct socket_address address;
	bool good;
	int saved;

	*made = (struct control_socket){ .fd = -1 };
	if (!make_address(path, &address, why))
		return false;
	made->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	made->path = strdup(path);
	good = made->fd >= 0 && made->path;
	if (!good)
		buf_text(why, strerror(errno));
	if (good)
		/* For all connections; before Linux 6.16 superd looks for them. */
		scm_rights_allow(made->fd, false);
	if (good)
		good = is_abstract(path) ? bind_abstract(made, &address, why) : bind_path(made, &address, group, why);
	saved = errno;
	if (good)
		made->fd = fd_raise(made->fd, FD_HIGH);
	else
		control_socket_close(made);
	errno = saved;
	return good;
}

static bool is_bound(int fd, const char *path)
{
	struct socket_address found = { .length = sizeof(found.storage) }, wanted;

	return notify_address(path, &wanted.un, &wanted.length) &&
	       getsockname(fd, &found.any, &found.length) == 0 && found.length == wanted.length &&
	       !memcmp(&found.un, &wanted.un, wanted.length);
}

bool control_socket_adopt(struct control_socket *adopted, const char *path, int fd)
{
	struct sock_diag_unix known = { 0 };
	struct stat status = { 0 };

	*adopted = (struct control_socket){ .fd = -1 };
	if (!is_bound(fd, path) || (!is_abstract(path) && lstat(path, &status) < 0))
		return false;
	if (!is_abstract(path) && sock_diag_unix(fd, &known) && known.has_node && known.node != (uint32_t)status.st_ino)
		return false;           /* another process has put its own node there */
	adopted->path = strdup(path);
	if (!adopted->path)
		return false;
	scm_rights_allow(fd, false);
	listen(fd, BACKLOG);            /* clients see this process at the other end from now on (SO_PEERCRED) */
	adopted->fd = fd;
	adopted->device = status.st_dev;
	adopted->node = status.st_ino;
	return true;
}

static bool has_own_node(const struct control_socket *made)
{
	struct stat status;

	return made->path && made->node && lstat(made->path, &status) == 0 && status.st_ino == made->node &&
		status.st_dev == made->device;
}

/* A file that cannot be looked at is not taken for one that is gone: superd would close a socket that works. */
bool control_socket_is_found(const struct control_socket *made)
{
	struct stat status;

	if (!made->node || !made->path)
		return true;
	if (lstat(made->path, &status) < 0)
		return errno != ENOENT && errno != ENOTDIR;
	return status.st_ino == made->node && status.st_dev == made->device;
}

bool control_socket_give(const struct control_socket *made, gid_t group)
{
	uint64_t before;
	bool good;
	int saved;

	if (!has_own_node(made))
		return true;
	before = own_privileges_raise(); /* superd may not be in the group */
	good = set_node_group(made->path, group);
	saved = errno;
	own_privileges_use(before);
	errno = saved;
	return good;
}

void control_socket_close(struct control_socket *made)
{
	if (has_own_node(made))
		unlink(made->path);
	fd_close(&made->fd);
	free(made->path);
	made->path = NULL;
}

static bool is_in_group(int fd, gid_t first, gid_t group)
{
	bool found = first == group;
	socklen_t size = 0;
	gid_t *list = NULL;

	if (!found && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) < 0 && errno == ERANGE &&
	    size <= GROUPS_MOST * sizeof(*list))
		list = malloc(size);
	if (list && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &size) == 0) {
		for (size_t n = 0; n < size / sizeof(*list); n++)
			found |= list[n] == group;
	}
	free(list);
	return found;
}

/* Whether every user of the machine is mapped in superd's user namespace (user_namespaces(7)). */
static bool maps_all_users(void)
{
	unsigned long inside, outside, count;
	size_t length;
	char *text = fd_read_file("/proc/self/uid_map", 1 << 16, &length);
	bool all = text && sscanf(text, "%lu %lu %lu", &inside, &outside, &count) == 3 && inside == 0 &&
		   count == UINT32_MAX;

	free(text);
	return all;
}

bool control_socket_peer(int fd, gid_t group, struct control_peer *peer)
{
	struct socket_address own = { .length = sizeof(own.storage) };
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return false;
	peer->by_path = getsockname(fd, &own.any, &own.length) == 0 && own.length > sizeof(sa_family_t) &&
			own.un.sun_path[0];
	/* A user that is not mapped in superd's user namespace is shown as nobody. A folder keeps such users out. */
	peer->uid = credentials.uid == NOBODY && !peer->by_path && !maps_all_users() ? (uid_t)-1 : credentials.uid;
	peer->pid = credentials.pid;
	peer->in_group = peer->uid != (uid_t)-1 && group != (gid_t)-1 && is_in_group(fd, credentials.gid, group);
	return true;
}

/* Kernels before Linux 6.16 have no pidfd for a process that was reaped. */
bool control_socket_peer_has_ended(int fd)
{
	int pidfd = socket_int(fd, SOL_SOCKET, SO_PEERPIDFD);
	bool ended = pidfd < 0 ? errno != ENOPROTOOPT : !pidfd_signal(pidfd, 0) && errno == ESRCH;

	fd_close(&pidfd);
	return ended;
}
