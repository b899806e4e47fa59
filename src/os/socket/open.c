/* Opens, changes and describes listeners: which function opens which kind of endpoint.
 *
 * A listener's node in the file system may have been removed, or replaced by another socket's. So every change of a
 * node first checks that it is the listener's own. */
#include "os/socket/socket.h"

#include <mqueue.h>
#include <sys/epoll.h>

#include "os/proc/proc.h"
#include "os/socket/internal.h"

/* Binds sockets without a node.
 *
 * An Internet address without a family is one socket for IPv6 and IPv4. On a machine without IPv6 it becomes an IPv4
 * socket. The kernel reports such a machine in two ways: EAFNOSUPPORT from socket(2), or EADDRNOTAVAIL from bind(2) if
 * a sysctl removed the addresses. */

/* Explains the kernel's error, with a remedy. The caller names the address. */
static int explain_bind(const struct listen *listen, struct buf *why)
{
	const struct endpoint wanted = endpoint_with_options(listen->address, listen->options);
	int saved = errno, least = saved == EACCES ? capability_port_start() : 0;
	struct buf holder = { 0 };
	pid_t found;

	errno = saved;
	if (saved == EADDRINUSE) {
		found = wanted.kind == ENDPOINT_TCP || wanted.kind == ENDPOINT_UDP ? port_owner(&wanted) : 0;
		if (found)
			process_describe(found, &holder);
		errno = saved;
		bind_fail(why, "binding", "%s has it", found ? buf_string(&holder) : "another socket");
		buf_free(&holder);
	} else if (saved == EADDRNOTAVAIL) {
		bind_fail(why, "binding",
			  "no interface here has this address; free_bind = yes (FreeBind=yes in a unit) "
			  "binds it all the same");
	} else if (saved == EACCES && listen->address->port < least) {
		bind_fail(why, "binding", "ports below %d need root, CAP_NET_BIND_SERVICE or "
			  "net.ipv4.ip_unprivileged_port_start", least);
	} else if (saved == EPERM && wanted.kind == ENDPOINT_NETLINK) {
		bind_fail(why, "binding", "this netlink group needs root or CAP_NET_ADMIN");
	} else {
		bind_fail(why, "binding", NULL);
	}
	errno = saved;
	return -1;
}

static int bind_family(const struct listen *listen, int family, struct buf *why, struct buf *warnings)
{
	struct socket_address address;
	int fd;

	if (!socket_address_make(listen->address, family, &address))
		return bind_fail(why, "binding", "the address %s is no %s address",
				 listen->address->address, family == AF_INET ? "IPv4" : "IPv6");
	if (family == AF_INET6 && listen->address->interface && socket_address_is_scoped(listen->address) &&
	    !address.in6.sin6_scope_id) {
		errno = ENODEV;
		return bind_fail(why, "binding", "there is no interface %s here now", listen->address->interface);
	}
	fd = bind_socket(listen, family, why);
	if (fd < 0)
		return -1;
	if (socket_options_set(fd, family, listen, why, warnings) < 0 ||
	    bind_filter(fd, listen_filter(listen), why) < 0)
		goto fail;
	if (bind(fd, &address.any, address.length) < 0) {
		explain_bind(listen, why);
		goto fail;
	}
	if (bind_queue_open(fd, listen, why) < 0)
		goto fail;
	return fd;
fail:
	fd_close(&fd);
	return -1;
}

static int binder_socket_of(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	int family = socket_address_family(listen->address);
	struct socket_form form;
	int fd;

	if (!endpoint_is_inet(listen->address) && socket_form(listen->address, &form))
		family = form.domain;
	if (family != AF_UNSPEC)
		return bind_family(listen, family, why, warnings);
	fd = bind_family(listen, AF_INET6, why, warnings);
	if (fd >= 0 || listen->options->ipv6_only == IPV6_ONLY_YES ||
	    (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
		return fd;
	buf_clear(why);
	return bind_family(listen, AF_INET, why, warnings);
}

/* Opens special files. One must exist. superd refuses a regular file, since poll(2) always reports one as readable. */

/* epoll_ctl(2) fails with EPERM for files that cannot be polled. */
static bool can_be_watched(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	bool refused;

	if (epoll < 0)
		return true;
	refused = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 && errno == EPERM;
	close(epoll);
	return !refused;
}

static int bind_special(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	const char *path = listen->address->address;
	int access = listen->options->writable ? O_RDWR : O_RDONLY, fd;
	struct path_finding finding;
	struct stat status;

	(void)warnings;
	if (!path_folder_is_trusted(path, PATH_OPEN_FLAWS, &finding)) {
		buf_addf(why, "opening: %s", path);
		path_finding_add(&finding, why);
		errno = finding.error ? finding.error : EPERM;
		return -1;
	}
	fd = open(path, access | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
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

/* POSIX message queues, which are descriptors on Linux (mq_overview(7)). A queue that exists already keeps its size and
 * the messages in it. */

static int bind_message_queue(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	const char *name = listen->address->address;
	int fd = mq_open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_CREAT, 0600, NULL);

	(void)warnings;
	if (fd < 0 && errno == EMFILE)
		return bind_fail(why, "opening", "%s: rlimit_msgqueue allows no more", name);
	if (fd < 0)
		return bind_fail(why, "opening", "%s", name);
	if (file_adopt(fd, listen, why) < 0)
		fd_close(&fd);
	return fd;
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

int bind_listen(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	/* superd/machine/resolve turns those of rpc into TCP and UDP, and tcpmux has none. */
	static bind_opener *const openers[ENDPOINT_KINDS] = {
		[ENDPOINT_TCP] = binder_socket_of,
		[ENDPOINT_UDP] = binder_socket_of,
		[ENDPOINT_SCTP] = binder_socket_of,
		[ENDPOINT_UNIX] = bind_unix,
		[ENDPOINT_UNIX_DGRAM] = bind_unix,
		[ENDPOINT_SEQPACKET] = bind_unix,
		[ENDPOINT_FIFO] = bind_fifo,
		[ENDPOINT_SPECIAL] = bind_special,
		[ENDPOINT_NETLINK] = binder_socket_of,
		[ENDPOINT_VSOCK] = binder_socket_of,
		[ENDPOINT_RAW] = binder_socket_of,
		[ENDPOINT_MQUEUE] = bind_message_queue,
	};

	bind_opener *opener = openers[listen->address->kind];
	struct buf lines = { 0 };
	int fd, saved;

	errno = EPROTONOSUPPORT;
	fd = opener ? opener(listen, why, &lines)
		    : bind_fail(why, "binding", "superd does not serve %s endpoints",
				listen->endpoint->kind == ENDPOINT_TCPMUX ? "tcpmux" : "rpc");
	saved = errno;
	prefix_warnings(warnings, listen, &lines);
	errno = saved;
	return fd;
}

bool bind_address(int fd, struct socket_address *address)
{
	address->length = sizeof(address->storage);
	return getsockname(fd, &address->any, &address->length) == 0;
}

static void set_backlog(int fd, const struct listen *listen, struct buf *warnings)
{
	struct buf why = { 0 };

	if (bind_queue_open(fd, listen, &why) < 0)
		buf_addf(warnings, "backlog: %s\n", buf_string(&why));
	buf_free(&why);
}

/* A node that has become another socket's is not changed: its owner and mode would go to a stranger's file. */
static void adjust_node(int fd, const struct listen *listen, unsigned how, struct buf *warnings)
{
	const char *path = node_path(listen);
	struct buf why = { 0 };

	if (!path)
		return;
	if (!node_is_ours(fd, listen)) {
		buf_addf(warnings,
			 "%s was removed or replaced: no new client reaches this socket until it is bound again\n",
			 path);
		return;
	}
	if (node_change(fd, listen, how, &why) < 0)
		buf_addf(warnings, "%s\n", buf_string(&why));
	buf_free(&why);
	node_make_symlinks(listen, warnings);
}

int bind_adopt(int fd, const struct listen *listen, struct buf *why, struct buf *warnings)
{
	int domain = socket_int(fd, SOL_SOCKET, SO_DOMAIN);
	struct buf lines = { 0 };

	if (bind_filter(fd, listen_filter(listen), why) < 0)
		return -1;
	if (domain >= 0) {
		socket_options_adopt(fd, domain, listen, &lines);
		set_backlog(fd, listen, &lines);
	}
	adjust_node(fd, listen, NODE_KEEPS_OWNER, &lines);
	prefix_warnings(warnings, listen, &lines);
	return 0;
}

/* The filter of a socket that a program has, or of one that only superd has. */
static const struct sock_fprog *filter_of(const struct listen *listen, bool is_lent)
{
	return is_lent ? listen_prepared(listen)->rules : listen_filter(listen);
}

/* Sets what differs, and needs the socket's lock. */
static int change_socket(int fd, const struct listen *before, const struct listen *after, bool is_lent, struct buf *why,
			 struct buf *lines)
{
	const struct sock_fprog *filter = filter_of(after, is_lent);
	int domain = socket_int(fd, SOL_SOCKET, SO_DOMAIN), result;

	if (!socket_filter_equal(filter_of(before, is_lent), filter)) {
		if (filter && bind_filter(fd, filter, why) < 0)
			return -1;
		if (!filter && socket_filter_attach(fd, NULL) < 0)
			return bind_fail(why, "only_from and no_access", "the old ones stay");
	}
	if (domain < 0)
		return 0;
	result = socket_options_change(fd, domain, before, after, why, lines);
	if (before->options->backlog != after->options->backlog)
		set_backlog(fd, after, lines);
	return result;
}

int bind_adjust(int fd, const struct listen *before, const struct listen *after, bool is_lent, struct buf *why,
		struct buf *warnings)
{
	struct buf lines = { 0 }, unset = { 0 };
	int result = change_socket(fd, before, after, is_lent, why, &lines);

	if (after->address->kind == ENDPOINT_MQUEUE && file_set_permissions(fd, after, &unset) < 0)
		buf_addf(&lines, "%s\n", buf_string(&unset));
	buf_free(&unset);
	adjust_node(fd, after, 0, &lines);
	node_remove_symlinks(before, after);
	prefix_warnings(warnings, after, &lines);
	return result;
}

void bind_remove(int fd, const struct listen *listen)
{
	struct path_finding finding;

	if (!listen->options->remove_on_stop)
		return;
	if (listen->address->kind == ENDPOINT_MQUEUE)
		mq_unlink(listen->address->address);
	if (node_is_foreign(listen, &finding)) {
		node_remove_symlinks(listen, NULL);
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
			real.family = real.kind == ENDPOINT_RAW || socket_int(fd, IPPROTO_IPV6, IPV6_V6ONLY) > 0
				? FAMILY_IPV6 : FAMILY_ANY;
	} else {
		socket_address_host(have, host, sizeof(host));
		real.address = host;
		real.family = v6 ? FAMILY_IPV6 : FAMILY_IPV4;
	}
	endpoint_format(&real, out);
}

bool bind_has_name(const struct listen *listen)
{
	const struct endpoint *address = listen->address;

	return endpoint_is_inet(address) && address->family == FAMILY_IPV4 && address->address && address->port;
}

void bind_describe(int fd, const struct socket_address *name, const struct listen *listen, struct buf *out)
{
	const struct endpoint *address = listen->address;

	if (endpoint_is_inet(address) && !bind_has_name(listen) && name->length &&
	    (name->any.sa_family == AF_INET || name->any.sa_family == AF_INET6))
		describe_inet(fd, listen, name, out);
	else
		endpoint_format(address, out);
}

bool bind_kernel_has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 || errno != EAFNOSUPPORT;    /* else it may lack descriptors or memory now */

	fd_close(&fd);
	return has;
}
