/* Opens the control socket. A node is stale only if no process listens there. */
#include "os/socket/socket.h"

#include "os/proc/proc.h"
#include "os/socket/internal.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif
#define BACKLOG 16
#define NOBODY 65534

static bool is_abstract(const char *path)
{
	return path[0] == '@' && path[1];
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
	return private_folder_is_safe(path, why);
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
	*fd = is_safe ? unix_connect(path, SOCK_STREAM) : -1;
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
	int fd = unix_connect(path, SOCK_STREAM);
	bool answered = fd >= 0 || (errno != ECONNREFUSED && errno != ENOENT && errno != EINVAL &&
				    errno != ENAMETOOLONG);

	fd_close(&fd);
	return answered;
}

/* Another superd may do the same at the same time, and would find its own node in the place of the stale one then. What
 * is left of that race costs one of the two its socket, which it makes anew at its next reload. */
static bool remove_stale_node(const char *path, struct buf *why)
{
	struct stat status, now;

	if (lstat(path, &status) < 0)
		return true;
	if (!S_ISSOCK(status.st_mode)) {
		buf_text(why, "there is something else, which is no socket");
		errno = EEXIST;
	} else if (control_socket_is_answered(path) ||
		   (lstat(path, &now) == 0 && (now.st_ino != status.st_ino || now.st_dev != status.st_dev))) {
		errno = EADDRINUSE;
	} else if (unlink(path) == 0 || errno == ENOENT) {
		return true;
	} else {
		buf_addf(why, "the socket of a previous superd cannot be removed: %s", strerror(errno));
	}
	return false;
}

/* Binds with mode 0, so that no client can connect before the mode is right. */
static bool bind_node(struct control_socket *made, const struct socket_address *address)
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
	return listen(made->fd, BACKLOG) == 0 && chmod(path, 0600) == 0;
}

/* Nothing is left behind of an abstract name, and the kernel gives a name to one socket at a time. */
bool control_socket_open(struct control_socket *made, const char *path, struct buf *why)
{
	struct socket_address address;
	bool good;
	int saved;

	*made = (struct control_socket){ .fd = -1 };
	if (!notify_address(path, &address.un, &address.length)) {
		if (errno == EINVAL)
			buf_text(why, "a path begins with a slash, a name in the abstract namespace with @");
		else
			buf_addf(why, "a socket's path has at most %zu bytes", sizeof(address.un.sun_path) - 1);
		return false;
	}
	made->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	made->path = strdup(path);
	good = made->fd >= 0 && made->path;
	if (good)
		scm_rights_allow(made->fd, false); /* for all connections; before Linux 6.16 superd looks for them */
	if (good && is_abstract(path))
		good = bind(made->fd, &address.any, address.length) == 0 && listen(made->fd, BACKLOG) == 0;
	else if (good)
		good = check_folder(path, why) && remove_stale_node(path, why) && bind_node(made, &address);
	saved = errno;
	if (good)
		made->fd = fd_raise(made->fd, FD_HIGH);
	else
		control_socket_close(made);
	if (!good && !why->length)
		buf_text(why, saved == EADDRINUSE ? "another process, such as another superd, answers there"
						  : strerror(saved));
	errno = saved;
	return good;
}

bool control_socket_adopt(struct control_socket *adopted, const char *path, int fd)
{
	struct socket_address found = { .length = sizeof(found.storage) }, wanted;
	struct sock_diag_unix known = { 0 };
	struct stat status = { 0 };

	*adopted = (struct control_socket){ .fd = -1 };
	errno = EADDRNOTAVAIL;
	if (!notify_address(path, &wanted.un, &wanted.length) || getsockname(fd, &found.any, &found.length) < 0 ||
	    found.length != wanted.length || memcmp(&found.un, &wanted.un, wanted.length) != 0 ||
	    (!is_abstract(path) && lstat(path, &status) < 0))
		return false;
	if (!is_abstract(path) && sock_diag_unix(fd, &known) && known.node && known.node != (uint32_t)status.st_ino) {
		errno = EADDRNOTAVAIL;  /* another process has put its own node there */
		return false;
	}
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

void control_socket_close(struct control_socket *made)
{
	if (made->node && control_socket_is_found(made))
		unlink(made->path);
	fd_close(&made->fd);
	free(made->path);
	made->path = NULL;
}

bool control_socket_peer(int fd, struct control_peer *peer)
{
	struct socket_address own = { .length = sizeof(own.storage) };
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return false;
	peer->by_path = getsockname(fd, &own.any, &own.length) == 0 && own.length > sizeof(sa_family_t) &&
			own.un.sun_path[0];
	/* A user that is not mapped in superd's user namespace is shown as nobody. A folder keeps such users out. */
	peer->uid = credentials.uid == NOBODY && !peer->by_path &&
				    !(process_list_is_possible() && id_map_has_uids(0, UINT32_MAX))
			    ? (uid_t)-1
			    : credentials.uid;
	peer->pid = credentials.pid;
	return true;
}

/* Kernels before Linux 6.16 have no pidfd for a process that was reaped. */
bool control_socket_peer_has_ended(int fd)
{
	int pidfd = socket_int(fd, SOL_SOCKET, SO_PEERPIDFD);
	bool ended = pidfd < 0 ? errno != ENOPROTOOPT : !pidfd_signal(pidfd, 0) && errno == ESRCH;
	int error = pidfd < 0 && errno != ESRCH && errno != EINVAL && errno != ENODATA ? errno : 0;

	fd_close(&pidfd);
	errno = error;
	return ended;
}
