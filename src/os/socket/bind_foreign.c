/* Binds a socket in another user's folder, in a separate process with the folder owner's rights.
 *
 * The node then belongs to the folder's owner, and only superd can give it to the configured user. superd identifies
 * the node by the file that the socket is bound to, as the kernel reports it (SIOCUNIXFILE), never by its path
 * alone. */
#include "os/socket/bind_internal.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/foreign/act_as.h"
#include "os/socket/socket_options.h"

static const struct account *node_actor(const struct path_finding *finding, const struct listen *listen,
					struct account *account)
{
	return foreign_actor(finding, node_uid(listen), listen_prepared(listen)->account, account);
}

/* What the helper process does. */
struct foreign_bind {
	bind_opener *open;
	const struct listen *listen;
	const struct path_finding *finding;
	int fd;                         /* descriptor of the node to remove */
};

/* Sets the owner that the table names. The path may refer to another file by now, so it is not trusted. */
static int give_to_user(int fd, const struct listen *listen, struct buf *why)
{
	if (listen->address->kind == ENDPOINT_FIFO)
		return fchown(fd, node_uid(listen), node_gid(listen));
	return node_set_permissions_verified(fd, node_path(listen), listen, why);
}

static int open_as_owner(const void *with, struct buf *why, struct buf *warnings)
{
	const struct foreign_bind *foreign = with;
	struct socket_options options = *foreign->listen->options;
	struct listen listen = *foreign->listen;
	struct listen_prepared prepared = *listen_prepared(foreign->listen);
	struct act_as before;
	struct account account;
	const struct account *who = node_actor(foreign->finding, foreign->listen, &account);
	int fd, error;

	options.symlinks = NULL;
	listen.options = &options;
	if (who) {
		prepared.owner = who->uid;
		prepared.owner_group = who->gid;
		listen.prepared = &prepared;
	}
	if (!act_as_begin(&before, who))
		return bind_fail(why, "acting as the owner of the directory", "%s", foreign->finding->place);
	fd = foreign->open(&listen, why, warnings);
	error = errno;
	if (!act_as_end(&before))
		return -1;
	/* The next superd takes only its own user's from a store (superd/supervisor). The node stays the owner's. */
	if (fd >= 0 && who && foreign->listen->address->kind != ENDPOINT_FIFO)
		(void)!fchown(fd, geteuid(), (gid_t)-1);
	if (fd >= 0 && who && (node_uid(foreign->listen) != who->uid || node_gid(foreign->listen) != who->gid) &&
	    give_to_user(fd, foreign->listen, why) < 0) {
		error = errno;
		fd_close(&fd);
	}
	if (fd >= 0)
		node_make_symlinks(foreign->listen, warnings);
	errno = error;
	return fd;
}

int bind_foreign(bind_opener *open, const struct listen *listen, const struct path_finding *finding, struct buf *why,
		 struct buf *warnings)
{
	const struct foreign_bind foreign = { .open = open, .listen = listen, .finding = finding };
	int fd;

	if (finding->error) {
		buf_text(why, "binding");
		path_finding_add(finding, why);
		errno = finding->error;
		return -1;
	}
	if (listen->address->kind == ENDPOINT_SPECIAL) {
		buf_addf(why, "opening: %s", node_path(listen));
		path_finding_add(finding, why);
		errno = EPERM;
		return -1;
	}
	fd = foreign_fork(node_path(listen), open_as_owner, &foreign, -1, why, warnings);
	if (fd >= 0 && listen->address->kind != ENDPOINT_FIFO)
		socket_options_adopt(fd, AF_UNIX, listen, warnings);    /* options that need superd's rights */
	/* By superd itself, so that SO_PEERCRED reports it. */
	if (fd >= 0 && bind_queue_open(fd, listen, why) < 0)
		fd_close(&fd);
	if (fd >= 0)
		return fd;
	if (!why->length && errno == ETIMEDOUT)
		return bind_fail(why, "binding", "the directory of %s does not answer", node_path(listen));
	return why->length ? -1 : bind_fail(why, "binding", "%s", node_path(listen));
}

static int remove_as_owner(const void *with, struct buf *why, struct buf *warnings)
{
	const struct foreign_bind *foreign = with;
	struct act_as before;
	struct account account;

	(void)why, (void)warnings;
	if (act_as_begin(&before, node_actor(foreign->finding, foreign->listen, &account)))
		node_remove(foreign->fd, foreign->listen);
	return -1;
}

void foreign_remove(int fd, const struct listen *listen, const struct path_finding *finding)
{
	const struct foreign_bind foreign = { .listen = listen, .finding = finding, .fd = fd };

	struct buf none = { 0 };

	foreign_fork(node_path(listen), remove_as_owner, &foreign, fd, &none, &none);
	buf_free(&none);
}
