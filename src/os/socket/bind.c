/* Opens, changes and describes listeners: which function opens which kind of endpoint.
 *
 * A listener's node in the file system may have been removed, or replaced by another socket's. So every change of a
 * node first checks that it is the listener's own. */
#include "os/socket/bind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/bpf/socket_filter.h"
#include "os/netdiag/foreign_socket.h"
#include "os/netdiag/socket_address.h"
#include "os/socket/bind_internal.h"
#include "os/socket/eintr_timer.h"
#include "os/socket/socket_options.h"

static int refuse_kind(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	(void)warnings;
	errno = EPROTONOSUPPORT;
	return bind_fail(why, "binding", "superd does not serve %s endpoints",
			 listen->endpoint->kind == ENDPOINT_TCPMUX ? "tcpmux" : "rpc");
}

/* Puts the endpoint in front of each warning, as a service may have several. */
static void prefix_warnings(struct buf *warnings, const struct listen *listen, struct buf *lines)
{
	const char *at = buf_string(lines);

	while (*at) {
		size_t length = strcspn(at, "\n");

		endpoint_format(listen->endpoint, warnings);
		buf_addf(warnings, ": %.*s\n", (int)length, at);
		at += length + (at[length] == '\n');
	}
	warnings->failed = warnings->failed || lines->failed;
	buf_free(lines);
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

static bool must_bind_as_owner(const struct listen *listen, struct path_finding *finding)
{
	return node_is_foreign(listen, finding) &&
	       !(finding->is_absent && claim_folder(listen, finding) && !node_is_foreign(listen, finding));
}

int bind_listen(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	static bind_opener *const openers[ENDPOINT_KINDS] = {
		[ENDPOINT_TCP] = bind_inet,
		[ENDPOINT_UDP] = bind_inet,
		[ENDPOINT_SCTP] = bind_inet,
		[ENDPOINT_UNIX] = bind_unix,
		[ENDPOINT_UNIX_DGRAM] = bind_unix,
		[ENDPOINT_SEQPACKET] = bind_unix,
		[ENDPOINT_FIFO] = bind_fifo,
		[ENDPOINT_SPECIAL] = bind_special,
		[ENDPOINT_NETLINK] = bind_netlink,
		[ENDPOINT_VSOCK] = bind_vsock,
		[ENDPOINT_RPC_TCP] = refuse_kind,       /* superd/machine/resolve turns these into TCP and UDP */
		[ENDPOINT_RPC_UDP] = refuse_kind,
		[ENDPOINT_TCPMUX] = refuse_kind,
		[ENDPOINT_RAW] = bind_inet,
		[ENDPOINT_MQUEUE] = bind_message_queue,
	};

	bind_opener *open = openers[listen->address->kind];
	struct path_finding finding;
	struct buf lines = { 0 };
	bool foreign = must_bind_as_owner(listen, &finding);
	int fd = foreign ? bind_foreign(open, listen, &finding, why, &lines) : open(listen, why, &lines), saved = errno;

	prefix_warnings(warnings, listen, &lines);
	foreign_socket_unmark(fd);
	errno = saved;
	return fd;
}

/* getsockopt(2) of an int; -1: the socket does not have the option. */
static int bind_option(int fd, int level, int option)
{
	int value = -1;
	socklen_t length = sizeof(value);

	return getsockopt(fd, level, option, &value, &length) == 0 ? value : -1;
}

bool bind_address(int fd, struct socket_address *address)
{
	return foreign_socket_name(fd, address);
}

static void set_backlog(int fd, const struct listen *listen, struct buf *warnings)
{
	struct buf why = { 0 };

	if (bind_queue_open(fd, listen, &why) < 0)
		buf_addf(warnings, "backlog: %s\n", buf_string(&why));
	buf_free(&why);
}

/* A node that has become another socket's is not changed: its owner and mode would go to a stranger's file. */
static void adjust_node(int fd, const struct listen *listen, struct buf *warnings)
{
	const char *path = node_path(listen);
	struct path_finding finding;
	struct buf why = { 0 };

	if (!path || path_is_foreign(path, &finding))
		return;         /* it stays as it is until it is bound again */
	if (!node_is_ours(fd, listen)) {
		buf_addf(warnings,
			 "%s was removed or replaced: no new client reaches this socket until it is bound again\n",
			 path);
		return;
	}
	if (node_set_permissions(fd, path, listen, &why) < 0)
		buf_addf(warnings, "%s\n", buf_string(&why));
	buf_free(&why);
	node_make_symlinks(listen, warnings);
}

/* Without socket_user and socket_group, superd owns a node that it made, but a given node keeps its owner. */
static struct listen_prepared owned_as_given(const struct listen *listen)
{
	struct listen_prepared given = *listen_prepared(listen);
	struct path_finding finding;
	struct stat node;

	if (!node_path(listen) || node_is_foreign(listen, &finding) || lstat(node_path(listen), &node) < 0)
		return given;
	if (given.owner == (uid_t)-1)
		given.owner = node.st_uid;
	if (given.owner_group == (gid_t)-1)
		given.owner_group = node.st_gid;
	return given;
}

int bind_adopt(int fd, const struct listen *listen, struct buf *why, struct buf *warnings)
{
	bool is_ours = !foreign_socket_is(fd);
	int domain = bind_option(fd, SOL_SOCKET, SO_DOMAIN);
	struct listen_prepared prepared = owned_as_given(listen);
	struct listen given = *listen;
	struct buf lines = { 0 };

	given.prepared = &prepared;
	if (is_ours && bind_filter(fd, listen_filter(listen), why) < 0)
		return -1;
	if (is_ours && domain >= 0) {
		socket_options_adopt(fd, domain, listen, &lines);
		set_backlog(fd, listen, &lines);
	}
	adjust_node(fd, &given, &lines);
	prefix_warnings(warnings, listen, &lines);
	return 0;
}

/* The filter of a socket that a program has, or of one that only superd has. */
static const struct sock_fprog *filter_of(const struct listen *listen, bool is_lent)
{
	return is_lent ? listen_prepared(listen)->rules : listen_filter(listen);
}

/* Sets what differs, and needs the socket's lock. before NULL: it is unknown. */
static int change_socket(int fd, const struct listen_change *change, bool is_lent, struct buf *why, struct buf *lines)
{
	const struct listen *before = change->before, *after = change->after;
	const struct sock_fprog *filter = filter_of(after, is_lent);
	int domain = bind_option(fd, SOL_SOCKET, SO_DOMAIN), result;

	if (!before)
		return bind_filter(fd, filter, why);
	if (!socket_filter_equal(filter_of(before, is_lent), filter)) {
		if (filter && bind_filter(fd, filter, why) < 0)
			return -1;
		if (!filter && socket_filter_attach(fd, NULL) < 0)
			return bind_fail(why, "only_from and no_access", "the old ones stay");
	}
	if (domain < 0)
		return 0;
	result = socket_options_adjust(fd, domain, change, why, lines);
	if (before->options->backlog != after->options->backlog)
		set_backlog(fd, after, lines);
	return result;
}

static int change_lent(const struct restore_task *task, struct buf *lines)
{
	const struct listen_change change = { task->before, task->listen };
	struct buf warnings = { 0 };
	int result = change_socket(task->fd, &change, task->is_lent, lines, &warnings), error = errno;

	buf_addf(lines, "%s%s", lines->length ? "\n" : "", buf_string(&warnings));
	buf_free(&warnings);
	errno = error;
	return result;
}

int bind_restore(const struct restore_task *task, struct buf *lines)
{
	const struct linger no_linger = { 0 };
	const struct listen *listen = task->listen;
	int fd = task->fd, domain = bind_option(fd, SOL_SOCKET, SO_DOMAIN), result, error;
	int is_shared = task->work != RESTORE_UNSHARED;
	struct buf unused = { 0 };

	result = task->drops ? bind_queue_drop(fd, listen, task->drops) : 0;
	if (task->work == RESTORE_DROP)
		return result;
	if (task->work == RESTORE_ACCEPT) {
		eintr_timer_begin();    /* another holder may clear O_NONBLOCK */
		result = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		error = errno;
		eintr_timer_end();
		errno = error;
		if (result >= 0)        /* as of the listener; its close would wait */
			setsockopt(result, SOL_SOCKET, SO_LINGER, &no_linger, sizeof(no_linger));
		return result < 0 && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS ? 0 : result;
	}
	if (domain < 0 || bind_is_shut(fd))
		return 0;               /* not a socket; or shut down, which is detected elsewhere */
	if (task->work == RESTORE_CHANGE)
		return change_lent(task, lines);
	if (task->work == RESTORE_SHUT)
		return shutdown(fd, SHUT_RDWR);
	if (task->work != RESTORE && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &is_shared, sizeof(is_shared)) < 0)
		return -1;
	if (task->work == RESTORE_SHUT_EMPTY) { /* who came while another process had the lock is in the queue by now */
		errno = EBUSY;
		return bind_has_queue(fd) ? -1 : shutdown(fd, SHUT_RDWR);
	}
	if (task->work == RESTORE_SHARED)
		return 0;
	result = -1;
	if (socket_filter_attach(fd, listen_filter(listen)) == 0 || (errno != EPERM && !listen_filter(listen)))
		result = socket_options_restore(fd, domain, listen, task->clears);
	error = errno;
	if (result < 0 && endpoint_accepts(listen->address) && error != ENOMEM && error != ENOBUFS) {
		shutdown(fd, SHUT_RDWR);
		errno = error;
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &no_linger, sizeof(no_linger));   /* connections would inherit it */
	if (endpoint_accepts(listen->address))
		set_backlog(fd, listen, &unused);
	buf_free(&unused);
	errno = error;
	return result;
}

int bind_adjust(int fd, const struct listen *before, const struct listen *after, bool is_lent, struct buf *why,
		struct buf *warnings)
{
	const struct listen_change change = { before, after };
	struct buf lines = { 0 };
	int result = foreign_socket_is(fd) ? 0 : change_socket(fd, &change, is_lent, why, &lines);

	message_queue_adjust(fd, after, &lines);
	adjust_node(fd, after, &lines);
	node_drop_symlinks(before, after);
	prefix_warnings(warnings, after, &lines);
	return result;
}

void bind_remove(int fd, const struct listen *listen)
{
	struct path_finding finding;

	if (!listen->options->remove_on_stop)
		return;
	message_queue_remove(listen);
	if (node_is_foreign(listen, &finding)) {
		node_remove_symlinks(listen);
		foreign_remove(fd, listen, &finding);
	} else {
		node_remove(fd, listen);
	}
}

/* Names the IP version if the address alone would mean more than the socket has. */
static void describe_inet(int fd, const struct listen *listen, const struct socket_address *have, struct buf *out)
{
	bool v6 = have->any.sa_family == AF_INET6;
	bool any = v6 ? IN6_IS_ADDR_UNSPECIFIED(&have->in6.sin6_addr) : have->in.sin_addr.s_addr == 0;
	struct endpoint real = { .kind = listen->address->kind, .port = (uint16_t)socket_address_port(have),
				 .family = listen->endpoint->family, .interface = listen->endpoint->interface,
				 .number = listen->address->number };
	char host[INET6_ADDRSTRLEN];

	if (any) {
		real.family = FAMILY_IPV4;
		if (v6)
			real.family = bind_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) > 0 ? FAMILY_IPV6 : FAMILY_ANY;
	} else {
		socket_address_host(have, host, sizeof(host));
		real.address = host;
		real.family = v6 ? FAMILY_IPV6 : FAMILY_IPV4;
	}
	endpoint_format(&real, out);
}

void bind_describe_named(int fd, const struct socket_address *name, const struct listen *listen, struct buf *out)
{
	const struct endpoint *address = listen->address;
	bool is_known = address->family == FAMILY_IPV4 && address->address && address->port;

	if (endpoint_is_inet(address) && !is_known && name->length &&
	    (name->any.sa_family == AF_INET || name->any.sa_family == AF_INET6))
		describe_inet(fd, listen, name, out);
	else
		endpoint_format(address, out);
}

void bind_describe(int fd, const struct listen *listen, struct buf *out)
{
	struct socket_address have;

	if (!bind_address(fd, &have))
		have.length = 0;
	bind_describe_named(fd, &have, listen, out);
}

bool bind_reach(int fd, struct bound_families *reach)
{
	struct socket_address have;

	if (!bind_address(fd, &have))
		return false;
	reach->ipv6 = have.any.sa_family == AF_INET6;
	reach->ipv4 = !reach->ipv6 || bind_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
	reach->port = (unsigned)socket_address_port(&have);
	return true;
}

bool bind_kernel_has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0;

	fd_close(&fd);
	return has;
}
