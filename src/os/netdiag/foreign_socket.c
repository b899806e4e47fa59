/* Marks of foreign sockets, by descriptor. */
#include "os/netdiag/foreign_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "os/netdiag/sock_diag.h"

#define RETRY_PAUSE 20                  /* seconds without new work after one that hung */

struct socket_mark {
	bool foreign;
	struct socket_address *name;    /* the foreign socket's address, owned; NULL: unknown, or out of memory */
	double until;                   /* end of that pause (clock_now); 0: none */
	double shut_until;              /* the same after a shutdown was asked for */
	double share_until;             /* and after SO_REUSEPORT was */
};

static struct socket_mark *marks;
static size_t mark_count;

static struct socket_mark *find_mark(int fd)
{
	return fd >= 0 && (size_t)fd < mark_count ? &marks[fd] : NULL;
}

static bool grow_marks(int fd)
{
	struct socket_mark *list = array_reach(marks, &mark_count, (size_t)fd, sizeof(*list));

	if (list)
		marks = list;
	return list;
}

bool foreign_user_is(uid_t user)
{
	return user != 0 && user != geteuid();
}

bool foreign_account_is(const struct account *account)
{
	return account && account->switches && foreign_user_is(account->uid);
}

bool foreign_holder_is(const struct account *account)
{
	return geteuid() == 0 || foreign_account_is(account);
}

static bool read_name(int fd, struct socket_address *name)
{
	name->length = sizeof(name->storage);
	return getsockname(fd, &name->any, &name->length) == 0;
}

static bool set_name(struct socket_mark *mark, const struct socket_address *name)
{
	free(mark->name);
	mark->name = malloc(sizeof(*mark->name));
	if (mark->name)
		*mark->name = *name;
	return mark->name;
}

static struct socket_mark *reset_mark(int fd)
{
	if (fd < 0 || !grow_marks(fd))
		return NULL;
	free(marks[fd].name);
	marks[fd] = (struct socket_mark){ 0 };
	return &marks[fd];
}

bool foreign_socket_mark(int fd)
{
	struct socket_address name = { 0 };
	bool has_name;
	struct socket_mark *mark = find_mark(fd);

	if (mark && mark->foreign)
		return true;
	has_name = read_name(fd, &name);
	if (!has_name && errno != ENOTSOCK)             /* a FIFO has none */
		return false;
	mark = reset_mark(fd);
	if (!mark || (has_name && !set_name(mark, &name)))
		return false;
	mark->foreign = true;
	return true;
}

void foreign_socket_unmark(int fd)
{
	if (find_mark(fd))
		reset_mark(fd);
}

/* Asks the kernel for the name beside the lock: getsockname(2) takes none of a unix or netlink socket, and sock_diag(7)
 * lists the others. false: nobody can tell, as of SCTP, whose list takes the lock, too. */
static bool find_name(int fd, struct socket_address *name)
{
	int domain = AF_UNSPEC, protocol = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &(socklen_t){ sizeof(domain) }) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &(socklen_t){ sizeof(protocol) }) < 0)
		return false;
	if (domain == AF_UNIX || domain == AF_NETLINK)
		return read_name(fd, name);
	return (domain == AF_INET || domain == AF_INET6) && (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) &&
	       sock_diag_name(fd, domain, protocol, name);
}

void foreign_socket_resume(int fd, const struct socket_address *name)
{
	struct socket_mark *mark = reset_mark(fd);
	struct socket_address found = { 0 };

	if (!mark)
		return;
	mark->foreign = true;
	if (name || find_name(fd, &found))
		set_name(mark, name ? name : &found);
}

bool foreign_socket_name(int fd, struct socket_address *name)
{
	const struct socket_mark *mark = find_mark(fd);

	if (!mark || !mark->foreign)
		return read_name(fd, name);
	if (mark->name)
		*name = *mark->name;
	else
		errno = EBUSY;
	return mark->name;
}

bool foreign_socket_is(int fd)
{
	const struct socket_mark *mark = find_mark(fd);

	return mark && mark->foreign;
}

int foreign_socket_copy(int fd)
{
	int copy = fd_copy(fd, FD_HIGH);
	struct socket_mark *mark = copy < 0 ? NULL : reset_mark(copy);
	bool is_foreign = foreign_socket_is(fd);
	const struct socket_address *name = is_foreign ? find_mark(fd)->name : NULL;

	if (copy >= 0 && is_foreign && (!mark || (name && !set_name(mark, name)))) {
		close(copy);
		errno = ENOMEM;
		return -1;
	}
	if (is_foreign && mark)
		mark->foreign = true;
	return copy;
}

bool foreign_socket_is_backed_off(int fd)
{
	const struct socket_mark *mark = find_mark(fd);

	return mark && mark->until && clock_now() < mark->until;
}

void foreign_socket_back_off(int fd)
{
	struct socket_mark *mark = find_mark(fd);

	if (mark)
		mark->until = clock_now() + RETRY_PAUSE;
}

bool foreign_socket_was_shut(int fd)
{
	const struct socket_mark *mark = find_mark(fd);

	return mark && mark->shut_until && clock_now() < mark->shut_until;
}

void foreign_socket_note_shut(int fd)
{
	struct socket_mark *mark = find_mark(fd);

	if (mark)
		mark->shut_until = clock_now() + RETRY_PAUSE;
}

bool foreign_socket_was_shared(int fd)
{
	const struct socket_mark *mark = find_mark(fd);

	return mark && mark->share_until && clock_now() < mark->share_until;
}

void foreign_socket_note_shared(int fd)
{
	struct socket_mark *mark = find_mark(fd);

	if (mark)
		mark->share_until = clock_now() + RETRY_PAUSE;
}

int foreign_socket_forget(int fd)
{
	int error = errno;

	fd = fd_raise(fd_raise(fd, FD_LISTENER), FD_HIGH);
	foreign_socket_unmark(fd);
	errno = error;
	return fd;
}
