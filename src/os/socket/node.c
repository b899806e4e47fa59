/* The nodes of unix sockets and FIFOs: folders above them, stale nodes, owner and mode, symbolic links to them.
 *
 * The kernel lists the sockets that listen in superd's network namespace. At any other node only connect(2) tells one
 * in use from one that a crash left behind, as the folder may be shared with a container. The list is asked first: by a
 * connect(2) the server gets a client, for which a super-server starts a backend. Any result of it but ECONNREFUSED or
 * ENOENT counts as in use, so superd never removes a live socket because it may not connect to it. */
#include "os/socket/internal.h"

#include <sys/ioctl.h>

#include "os/netdiag/netdiag.h"

/* SIOCUNIXFILE (Linux 4.14): opens the file that a unix socket is bound to. <linux/un.h> and <sys/un.h> exclude each
 * other. */
#define UNIX_FILE_IOCTL 0x89e0

const char *node_path(const struct listen *listen)
{
	return endpoint_is_path(listen->address) && listen->address->address[0] == '/' ? listen->address->address
										       : NULL;
}

/* socket_user, else superd's own. */
static uid_t node_uid(const struct listen *listen)
{
	uid_t owner = listen_prepared(listen)->owner;

	return owner == (uid_t)-1 ? geteuid() : owner;
}

static gid_t node_gid(const struct listen *listen)
{
	gid_t group = listen_prepared(listen)->owner_group;

	return group == (gid_t)-1 ? getegid() : group;
}

/* Prepares the path for a new socket: removes a stale one. -1 and errno, with why: a server listens there, or something
 * else is there. */
static int node_clear(const struct listen *listen, int type, struct buf *why)
{
	const char *path = node_path(listen);
	struct stat status;
	int living = 0, fd = -1;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : bind_fail(why, "binding", "%s", path);
	if (!S_ISSOCK(status.st_mode)) {
		errno = EEXIST;
		return bind_fail(why, "binding", "%s is no socket; superd replaces sockets only", path);
	}
	if (sock_diag_unix_listens(&status) || (fd = unix_connect(path, type)) >= 0 || errno == EAGAIN ||
	    errno == EINPROGRESS || errno == EPROTOTYPE)
		living = EADDRINUSE;
	else if (errno != ECONNREFUSED && errno != ENOENT)
		living = errno;
	fd_close(&fd);
	if (living == EADDRINUSE) {
		errno = living;
		return bind_fail(why, "binding", "a living server listens on %s", path);
	}
	if (living) {
		errno = living;
		return bind_fail(why, "finding out whether a server listens", "%s", path);
	}
	if (unlink(path) < 0 && errno != ENOENT)
		return bind_fail(why, "removing the stale socket", "%s", path);
	return 0;
}

/* Whether the node is that of the socket or the FIFO. 1: it is; 0: another; -1: unknown, as the kernel reports the file
 * of a socket only to CAP_NET_ADMIN. */
static int is_node_of(int fd, const struct stat *node)
{
	int file = S_ISFIFO(node->st_mode) ? fd : S_ISSOCK(node->st_mode) ? ioctl(fd, UNIX_FILE_IOCTL) : -1;
	struct stat open;
	int same = S_ISSOCK(node->st_mode) ? -1 : 0;

	if (file >= 0 && fstat(file, &open) == 0)
		same = open.st_dev == node->st_dev && open.st_ino == node->st_ino;
	if (file != fd)
		fd_close(&file);
	return same;
}

/* Changes the mode of an open node by its path in /proc; without /proc by its name, if that still refers to it. */
static int chmod_node(int node, const char *path, mode_t mode)
{
	struct stat ours, named;
	char open[32];

	snprintf(open, sizeof(open), "/proc/self/fd/%d", node);
	if (chmod(open, mode) == 0)
		return 0;
	if (errno != ENOENT || fstat(node, &ours) < 0 || lstat(path, &named) < 0)
		return -1;
	if (ours.st_dev == named.st_dev && ours.st_ino == named.st_ino)
		return chmod(path, mode);
	errno = ESTALE;
	return -1;
}

int node_set_permissions(int fd, const struct listen *listen, unsigned how, struct buf *why)
{
	const struct listen_prepared *prepared = listen_prepared(listen);
	const char *path = node_path(listen);
	mode_t wanted = listen->options->socket_mode & 07777, mode;
	int node = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), result = -1, same;
	uid_t user = node_uid(listen);
	gid_t group = node_gid(listen);
	struct stat status;
	bool given;

	if (node < 0 || fstat(node, &status) < 0) {
		bind_fail(why, "looking at the node", "%s", path);
		goto out;
	}
	/* If the kernel cannot tell, one without further hard links counts as its own. */
	same = is_node_of(fd, &status);
	if (!same || (same < 0 && (how & NODE_VERIFIED || status.st_nlink > 1))) {
		errno = ESTALE;
		bind_fail(why, "looking at the node", "%s is another's by now", path);
		goto out;
	}
	mode = status.st_mode & 07777;
	if (how & NODE_KEEPS_OWNER) {
		user = prepared->owner == (uid_t)-1 ? status.st_uid : user;
		group = prepared->owner_group == (gid_t)-1 ? status.st_gid : group;
	}
	given = status.st_uid != user || status.st_gid != group;
	if (given && (mode & wanted) != mode && chmod_node(node, path, mode &= wanted) < 0)
		bind_fail(why, "setting the mode", "%s", path);
	else if (given && fchownat(node, "", user, group, AT_EMPTY_PATH) < 0)
		bind_fail(why, "setting the owner", "%s", path);
	else if (mode != wanted && chmod_node(node, path, wanted) < 0)
		bind_fail(why, "setting the mode", "%s", path);
	else
		result = 0;
out:
	fd_close(&node);
	return result;
}

/* The owner first: the mode must not open another user's file to that user. */
int file_set_permissions(int fd, const struct listen *listen, struct buf *why)
{
	mode_t mode = listen->options->socket_mode & 07777;
	const char *path = listen->address->address;
	struct stat status;

	if (fstat(fd, &status) < 0)
		return bind_fail(why, "looking at it", "%s", path);
	if ((status.st_uid != node_uid(listen) || status.st_gid != node_gid(listen)) &&
	    fchown(fd, node_uid(listen), node_gid(listen)) < 0)
		return bind_fail(why, "setting the owner", "%s", path);
	if ((status.st_mode & 07777) != mode && fchmod(fd, mode) < 0)
		return bind_fail(why, "setting the mode", "%s", path);
	return 0;
}

int file_adopt(int fd, const struct listen *listen, struct buf *why)
{
	const char *path = listen->address->address;
	struct stat status;

	if (fstat(fd, &status) < 0)
		return bind_fail(why, "looking at it", "%s", path);
	if (status.st_uid == node_uid(listen) || status.st_uid == geteuid())
		return file_set_permissions(fd, listen, why);
	errno = EEXIST;
	return bind_fail(why, "opening", "%s belongs to user %u, not %u: remove it or set socket_user", path,
			 (unsigned)status.st_uid, (unsigned)node_uid(listen));
}

/* Whether `link` is a symbolic link and, unless path is NULL, leads to path. */
static bool is_link_to(const char *link, const char *path)
{
	char target[PATH_MAX];
	ssize_t length = readlink(link, target, sizeof(target) - 1);

	if (length < 0)
		return false;
	target[length] = '\0';
	return !path || !strcmp(target, path);
}

/* A link that points elsewhere is replaced, but nothing else. */
static int make_link(const char *link, const char *path)
{
	if (symlink(path, link) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	if (is_link_to(link, path))
		return 0;
	if (is_link_to(link, NULL))
		return unlink(link) == 0 ? symlink(path, link) : -1;
	errno = EEXIST;
	return -1;
}

void node_make_symlinks(const struct listen *listen, struct buf *warnings)
{
	const char *path = node_path(listen);
	struct path_finding finding;

	if (!path)
		return;
	for (words link = listen->options->symlinks; link && *link; link++) {
		if (path_is_foreign(*link, &finding)) {
			buf_addf(warnings, "symlinks: %s", *link);
			path_finding_add(&finding, warnings);
			buf_char(warnings, '\n');
			continue;
		}
		fd_make_parents(*link, listen->options->directory_mode & 07777);
		if (make_link(*link, path) < 0)
			buf_addf(warnings, "symlinks: %s: %s\n", *link, strerror(errno));
	}
}

void node_remove_symlinks(const struct listen *listen, const struct listen *after)
{
	const char *path = node_path(listen);
	struct path_finding finding;

	for (words link = listen->options->symlinks; path && link && *link; link++) {
		if (!(after && words_have(after->options->symlinks, *link)) && !path_is_foreign(*link, &finding) &&
		    is_link_to(*link, path))
			unlink(*link);
	}
}

static bool socket_has_name(int fd, const char *path)
{
	struct socket_address address = { .length = sizeof(address.storage) };
	char name[sizeof(address.un.sun_path) + 1];

	if (getsockname(fd, &address.any, &address.length) < 0)
		return true; /* the kernel does not say: it is not given up */
	if (address.any.sa_family != AF_UNIX)
		return false;
	socket_address_host(&address, name, sizeof(name));
	return !strcmp(name, path);
}

enum node_owner {
	NODE_OTHERS,                    /* or there is none */
	NODE_OURS,
	NODE_UNKNOWN,                   /* the file system reports an error */
};

static enum node_owner look_at_node(int fd, const struct listen *listen)
{
	const char *path = node_path(listen);
	bool is_fifo = listen->address->kind == ENDPOINT_FIFO;
	struct sock_diag_unix diag;
	struct stat node;
	int same;

	if (!path)
		return NODE_OTHERS;
	if (lstat(path, &node) < 0)
		return errno == ENOENT || errno == ENOTDIR ? NODE_OTHERS : NODE_UNKNOWN;
	if (is_fifo ? !S_ISFIFO(node.st_mode) : !S_ISSOCK(node.st_mode) || !socket_has_name(fd, path))
		return NODE_OTHERS;
	same = is_node_of(fd, &node);
	if (same < 0)
		same = !sock_diag_unix(fd, &diag) || !diag.node || diag.node == (uint32_t)node.st_ino;
	return same ? NODE_OURS : NODE_OTHERS;
}

/* Whether the file that the socket is bound to was removed, as the kernel shows by the name in /proc. It answers from
 * the names that it holds, without the file system. false: also if it shows that only to others. */
static bool was_removed(int fd, const char *path)
{
	static const char mark[] = " (deleted)";
	const size_t length = sizeof(mark) - 1, own = strlen(path);
	int file = ioctl(fd, UNIX_FILE_IOCTL);
	char link[32], name[PATH_MAX];
	ssize_t got;

	if (file < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	got = readlink(link, name, sizeof(name));
	fd_close(&file);
	if (own >= length && !strcmp(path + own - length, mark))
		return false;           /* its own name */
	return got > (ssize_t)length && !memcmp(name + got - length, mark, length);
}

/* A node in another user's folder is not examined, as the folder's file system may not answer. There, and where looking
 * fails, the name decides, unless the kernel knows that it was removed: a socket that is given up loses the clients in
 * its queue. */
bool node_is_ours(int fd, const struct listen *listen)
{
	struct path_finding finding;
	enum node_owner owner = NODE_UNKNOWN;

	if (!node_is_foreign(listen, &finding) || finding.missing)
		owner = look_at_node(fd, listen);
	else if (listen->address->kind != ENDPOINT_FIFO && was_removed(fd, node_path(listen)))
		return false;
	if (owner != NODE_UNKNOWN)
		return owner == NODE_OURS;
	return listen->address->kind == ENDPOINT_FIFO || socket_has_name(fd, node_path(listen));
}

void node_remove(int fd, const struct listen *listen)
{
	if (look_at_node(fd, listen) != NODE_OURS)
		return;
	node_remove_symlinks(listen, NULL);
	unlink(node_path(listen));
}

bool node_is_foreign(const struct listen *listen, struct path_finding *finding)
{
	return node_path(listen) && path_is_foreign(node_path(listen), finding);
}

/* Binds unix sockets and FIFOs.
 *
 * A node must never be open to more users than its final mode allows. A bound socket cannot be renamed: services
 * compare getsockname(2) with the path they expect (sd_is_socket_unix, nginx, cups). So superd binds it with mode 0,
 * which lets no client connect, and then sets its owner, its accept queue, and last its mode. A FIFO begins as superd's
 * user's alone. */

/* The name is missing because its folder cannot be made: fails with the reason for that. */
static int fail_below(const char *path, const struct listen *listen, const char *step, struct buf *why)
{
	int saved = errno;
	char folder[PATH_MAX];

	if (saved == ENOENT && strlen(path) < sizeof(folder)) {
		strcpy(folder, path);
		for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
			*slash = '\0';
			if (mkdir(folder, listen->options->directory_mode & 07777) < 0 && errno != EEXIST)
				return bind_fail(why, "creating its folder", "%s", folder);
			*slash = '/';
		}
	}
	errno = saved;
	return bind_fail(why, step, "%s", path);
}

static int bind_node(int fd, const struct listen *listen, struct buf *why)
{
	const char *path = node_path(listen);
	struct socket_address address;
	struct socket_form form;
	mode_t before;
	int saved;

	fd_make_parents(path, listen->options->directory_mode & 07777);
	if (!socket_form(listen->address, &form) || !socket_address_make(listen->address, AF_UNIX, &address) ||
	    node_clear(listen, form.type, why) < 0)
		return -1;
	before = umask(0777);
	saved = bind(fd, &address.any, address.length);
	umask(before);
	if (saved < 0)
		return fail_below(path, listen, "binding", why);
	if (bind_queue_open(fd, listen, why) < 0 || node_set_permissions(fd, listen, 0, why) < 0) {
		saved = errno;
		unlink(path);
		errno = saved;
		return -1;
	}
	return 0;
}

#define FIFO_FLAGS (O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC)

/* A new one belongs to superd's user alone until it is open. */
static int fifo_open(const struct listen *listen, struct buf *why)
{
	const char *path = listen->address->address;
	struct stat status;
	int fd, result;

	fd_make_parents(path, listen->options->directory_mode & 07777);
	fd = open(path, FIFO_FLAGS);
	if (fd < 0 && errno == ENOENT) {
		if (mkfifo(path, 0600) < 0 && errno != EEXIST)
			return fail_below(path, listen, "making the fifo", why);
		fd = open(path, FIFO_FLAGS);
	}
	if (fd < 0)
		return bind_fail(why, "opening", "%s", path);
	if (fstat(fd, &status) < 0) {
		result = bind_fail(why, "looking at it", "%s", path);
	} else if (!S_ISFIFO(status.st_mode)) {
		errno = EEXIST;
		result = bind_fail(why, "opening", "%s exists and is not a fifo; superd does not replace it", path);
	} else {
		result = file_adopt(fd, listen, why);
	}
	if (result < 0)
		fd_close(&fd);
	return fd;
}

/* Nodes by a separate process: those in another user's folder, with the rights of its owner, and each FIFO, as open(2)
 * and close(2) take the lock of the pipe: any process that has it open can hold that lock for ever, by a write from a
 * page that its file system never delivers.
 *
 * The node then belongs to the folder's owner, and only superd can give it to the configured user. superd identifies
 * the node by the file that the socket is bound to, as the kernel reports it (SIOCUNIXFILE), never by its path
 * alone. */

struct node_work {
	const struct listen *listen;
	const struct path_finding *finding;     /* NULL: nobody else controls the folder */
	int fd;                         /* whose node is made, changed or removed; -1: a FIFO is opened */
	unsigned how;                   /* to change it: as for node_set_permissions */
};

static const struct account *node_actor(const struct node_work *node, struct account *account)
{
	const struct listen *listen = node->listen;

	return node->finding ? foreign_actor(node->finding, node_uid(listen), listen_prepared(listen)->account, account)
			     : NULL;
}

/* In the forked process. */
static int make_node(const void *with, struct buf *why)
{
	const struct node_work *node = with;
	struct listen listen = *node->listen;
	struct listen_prepared prepared = *listen_prepared(node->listen);
	struct act_as before;
	struct account account;
	const struct account *who = node_actor(node, &account);
	int fd = node->fd, error;

	if (who) {
		prepared.owner = who->uid;
		prepared.owner_group = who->gid;
		listen.prepared = &prepared;
	}
	if (!act_as_begin(&before, who))
		return bind_fail(why, "acting as the owner of the directory", "%s", node->finding->place);
	if (fd < 0)
		fd = fifo_open(&listen, why);
	else if (bind_node(fd, &listen, why) < 0)
		fd = -1;
	error = errno;
	if (!act_as_end(&before))
		return -1;
	/* The owner that the table names. The path may refer to another file by now, so it is not trusted. */
	if (fd >= 0 && who && (node_uid(node->listen) != who->uid || node_gid(node->listen) != who->gid) &&
	    (listen.address->kind == ENDPOINT_FIFO
		     ? fchown(fd, node_uid(node->listen), node_gid(node->listen))
		     : node_set_permissions(fd, node->listen, NODE_VERIFIED, why)) < 0)
		return -1;
	errno = error;
	return fd;
}

/* In the forked process: superd's own rights change no node but that of the socket. */
static int change_node(const void *with, struct buf *why)
{
	const struct node_work *node = with;
	const struct listen *listen = node->listen;
	struct act_as before;
	struct account account;
	const struct account *who = node_actor(node, &account);
	bool is_theirs = who && node_uid(listen) == who->uid && node_gid(listen) == who->gid;

	if (!act_as_begin(&before, is_theirs ? who : NULL))
		return bind_fail(why, "acting as the owner of the directory", "%s", node->finding->place);
	if (node_set_permissions(node->fd, listen, node->how | (who && !is_theirs ? NODE_VERIFIED : 0), why) == 0)
		errno = 0;
	return -1;
}

/* Does the work in a process of its own. errno 0: it is done, without a descriptor. */
static int work_apart(const struct node_work *node, foreign_work *work, bool makes, const char *step, struct buf *why)
{
	const char *path = node_path(node->listen);
	int fd;

	if (node->finding && node->finding->error) {
		buf_text(why, step);
		path_finding_add(node->finding, why);
		errno = node->finding->error;
		return -1;
	}
	fd = foreign_fork(path, work, node, node->fd, makes, why);
	if (fd >= 0 || why->length || (!makes && !errno))
		return fd;
	return bind_fail(why, step, errno != ETIMEDOUT ? "%s" :
			 node->finding ? "the directory of %s does not answer" :
					 "%s: a process that has it open blocks it", path);
}

int node_change(int fd, const struct listen *listen, unsigned how, struct buf *why)
{
	struct path_finding finding;

	if (!node_is_foreign(listen, &finding))
		return node_set_permissions(fd, listen, how, why);
	work_apart(&(struct node_work){ listen, &finding, fd, how }, change_node, false, "setting the mode", why);
	return errno ? -1 : 0;
}

/* Creates the first missing folder below a sticky folder, so that no other user can. false: another user has, or it
 * fails. */
static bool claim_folder(const struct listen *listen, const struct path_finding *finding)
{
	const char *path = node_path(listen), *end;
	size_t above = strlen(finding->place);
	char folder[PATH_MAX];
	mode_t before;
	int result;

	end = !strncmp(path, finding->place, above) && path[above] == '/' ? strchr(path + above + 1, '/') : NULL;
	if (!end || snprintf(folder, sizeof(folder), "%.*s", (int)(end - path), path) >= (int)sizeof(folder))
		return false;
	before = umask(0);
	result = mkdir(folder, listen->options->directory_mode & 07777);
	umask(before);
	return result == 0;
}

/* Whether another user controls the node's folder. */
static bool must_make_as_owner(const struct listen *listen, struct path_finding *finding)
{
	return node_is_foreign(listen, finding) &&
	       !(finding->missing && claim_folder(listen, finding) && !node_is_foreign(listen, finding));
}

/* superd itself makes the socket, and listens, so that SO_PEERCRED reports it. */
static int bind_named(int fd, const struct listen *listen, struct buf *why)
{
	struct path_finding finding;
	int bound;

	if (!must_make_as_owner(listen, &finding))
		return bind_node(fd, listen, why);
	bound = work_apart(&(struct node_work){ listen, &finding, fd, 0 }, make_node, true, "binding", why);
	if (bound < 0)
		return -1;
	fd_close(&bound);               /* the same socket */
	return bind_queue_open(fd, listen, why);
}

int bind_unix(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	struct socket_address address;
	int fd, result;

	if (!socket_address_make(listen->address, AF_UNIX, &address))
		return bind_fail(why, "binding", "a socket's path has at most %zu bytes, %s has %zu",
				 sizeof(address.un.sun_path) - 1, listen->address->address,
				 strlen(listen->address->address));
	fd = bind_socket(listen, AF_UNIX, why);
	if (fd < 0)
		return -1;
	if (socket_options_set(fd, AF_UNIX, listen, why, warnings) < 0)
		result = -1;
	else if (node_path(listen))
		result = bind_named(fd, listen, why);
	else if (bind(fd, &address.any, address.length) == 0)
		result = bind_queue_open(fd, listen, why);
	else
		result = bind_fail(why, "binding", errno == EADDRINUSE ? "another socket has the name %s" : "%s",
				   listen->address->address);
	if (result < 0)
		fd_close(&fd);
	else
		node_make_symlinks(listen, warnings);
	return fd;
}

int bind_fifo(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	struct path_finding finding;
	bool is_foreign = must_make_as_owner(listen, &finding);
	const struct node_work node = { listen, is_foreign ? &finding : NULL, -1, 0 };
	int fd = work_apart(&node, make_node, true, "opening", why);

	if (fd >= 0)
		node_make_symlinks(listen, warnings);
	return fd;
}

static int remove_as_owner(const void *with, struct buf *why)
{
	const struct node_work *node = with;
	struct act_as before;
	struct account account;

	(void)why;
	if (act_as_begin(&before, node_actor(node, &account)))
		node_remove(node->fd, node->listen);
	return -1;
}

void foreign_remove(int fd, const struct listen *listen, const struct path_finding *finding)
{
	const struct node_work node = { listen, finding, fd, 0 };
	struct buf none = { 0 };

	foreign_fork(node_path(listen), remove_as_owner, &node, fd, false, &none);
	buf_free(&none);
}
