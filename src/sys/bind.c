/* The story of binding: which kind is opened by which opener, and what can be asked of, or changed
 * on, an open listener.
 *
 * The one hard thing is recognising a socket superd was given: an endpoint without a family may
 * be there as an IPv6 or as an IPv4 socket, so it is compared in the form the descriptor has,
 * never in the one superd would choose now. */
#include "sys/bind.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "sys/bind_kind.h"
#include "sys/socket_address.h"
#include "sys/socket_options.h"

int bind_fail(struct buf *why, const char *step, const char *detail, ...)
{
	int saved = errno;
	char text[512];
	va_list arguments;

	buf_addf(why, "%s: %s", step, strerror(saved));
	if (detail) {
		va_start(arguments, detail);
		vsnprintf(text, sizeof(text), detail, arguments);
		va_end(arguments);
		buf_addf(why, " (%s)", text);
	}
	errno = saved;
	return -1;
}

int bind_socket(const struct listen *listen, int domain, struct buf *why)
{
	struct socket_form form;
	int fd;

	if (!socket_form(listen->address, &form)) {
		errno = EPROTONOSUPPORT;
		return bind_fail(why, "opening a socket", NULL);
	}
	fd = socket(domain, form.type | SOCK_CLOEXEC | SOCK_NONBLOCK, form.protocol);
	if (fd >= 0)
		return fd;
	if (listen->address->kind == ENDPOINT_SCTP && (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT))
		return bind_fail(why, "opening a socket", "this kernel has no SCTP");
	if (listen->address->kind == ENDPOINT_VSOCK && errno == EAFNOSUPPORT)
		return bind_fail(why, "opening a socket", "this kernel has no vsock");
	return bind_fail(why, "opening a socket", NULL);
}

static int backlog_of(const struct socket_options *options)
{
	int64_t backlog = options->backlog;

	return backlog > INT_MAX ? INT_MAX : backlog < 0 ? 0 : (int)backlog;
}

int bind_queue_open(int fd, const struct listen *wanted, struct buf *why)
{
	if (!endpoint_accepts(wanted->address) || listen(fd, backlog_of(wanted->options)) == 0)
		return 0;
	return bind_fail(why, "listening", errno == EADDRINUSE ? "another socket listens there" : NULL);
}

static int refuse_kind(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	(void)warnings;
	errno = EPROTONOSUPPORT;
	return bind_fail(why, "binding", "superd does not serve %s endpoints",
			 listen->endpoint->kind == ENDPOINT_TCPMUX ? "tcpmux" : "rpc");
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
		[ENDPOINT_RPC_TCP] = refuse_kind,
		[ENDPOINT_RPC_UDP] = refuse_kind,
		[ENDPOINT_TCPMUX] = refuse_kind,
	};

	return openers[listen->address->kind](listen, why, warnings);
}

static int int_option(int fd, int level, int option)
{
	int value = -1;
	socklen_t length = sizeof(value);

	return getsockopt(fd, level, option, &value, &length) == 0 ? value : -1;
}

static bool address_of(int fd, struct socket_address *address)
{
	address->length = sizeof(address->storage);
	return getsockname(fd, &address->any, &address->length) == 0;
}

static void adjust_node(int fd, const struct listen *before, const struct listen *after, struct buf *warnings)
{
	const char *path = node_path(after);
	struct buf why = { 0 };

	if (!path || !node_is_ours(fd, after))
		return;
	if (node_dress(path, after, &why) < 0)
		buf_addf(warnings, "%s\n", buf_string(&why));
	buf_free(&why);
	if (before->options->symlinks != after->options->symlinks) {
		node_remove_symlinks(before);
		node_make_symlinks(after, warnings);
	}
}

void bind_adjust(int fd, const struct listen *before, const struct listen *after, struct buf *warnings)
{
	int domain = int_option(fd, SOL_SOCKET, SO_DOMAIN);

	if (domain >= 0)
		socket_options_adjust(fd, domain, before, after, warnings);
	if (domain >= 0 && before->options->backlog != after->options->backlog && endpoint_accepts(after->address) &&
	    listen(fd, backlog_of(after->options)) < 0)
		buf_addf(warnings, "backlog: %s\n", strerror(errno));
	adjust_node(fd, before, after, warnings);
}

void bind_remove(int fd, const struct listen *listen)
{
	if (!listen->options->remove_on_stop || !node_is_ours(fd, listen))
		return;
	node_remove_symlinks(listen);
	unlink(node_path(listen));
}

static bool file_matches(int fd, const struct listen *listen)
{
	struct stat open, named;

	if (listen->address->kind != ENDPOINT_FIFO && listen->address->kind != ENDPOINT_SPECIAL)
		return false;
	if (fstat(fd, &open) < 0 || lstat(listen->address->address, &named) < 0)
		return false;
	if (S_ISFIFO(open.st_mode) != (listen->address->kind == ENDPOINT_FIFO))
		return false;
	return open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

static bool same_inet(const struct socket_address *have, const struct socket_address *want)
{
	if (have->any.sa_family != want->any.sa_family)
		return false;
	if (socket_address_port(want) && socket_address_port(have) != socket_address_port(want))
		return false;
	if (have->any.sa_family == AF_INET)
		return have->in.sin_addr.s_addr == want->in.sin_addr.s_addr;
	return !memcmp(&have->in6.sin6_addr, &want->in6.sin6_addr, sizeof(have->in6.sin6_addr)) &&
	       have->in6.sin6_scope_id == want->in6.sin6_scope_id;
}

/* A wildcard that is to serve both families must, and one for IPv6 alone must leave IPv4 alone. */
static bool v6only_matches(int fd, const struct listen *listen, const struct socket_address *have)
{
	bool wanted = listen->options->ipv6_only == IPV6_ONLY_DEFAULT ? listen->address->family == FAMILY_IPV6
								      : listen->options->ipv6_only == IPV6_ONLY_YES;

	if (have->any.sa_family == AF_INET)
		return !(socket_address_family(listen->address) == AF_UNSPEC && wanted);
	if (!IN6_IS_ADDR_UNSPECIFIED(&have->in6.sin6_addr))
		return true;
	return (int_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) > 0) == wanted;
}

static bool device_matches(int fd, const struct listen *listen)
{
	const char *wanted = listen->options->bind_to_device;
	char device[IFNAMSIZ + 1] = "";
	socklen_t length = IFNAMSIZ;

	if (!wanted && !socket_address_is_scoped(listen->address))
		wanted = listen->address->interface;
	if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, &length) < 0)
		return !wanted;
	return !strcmp(device, wanted ? wanted : "");
}

static bool inet_matches(int fd, const struct listen *listen, const struct socket_address *have)
{
	int family = socket_address_family(listen->address);
	struct socket_address want;

	if (!socket_address_make(listen->address, family == AF_UNSPEC ? have->any.sa_family : family, &want))
		return false;
	return same_inet(have, &want) && v6only_matches(fd, listen, have) && device_matches(fd, listen);
}

/* A path whose node is gone or another's can't be reached, so it is no match whatever the
 * socket's name says. */
static bool unix_matches(int fd, const struct listen *listen, const struct socket_address *have)
{
	struct socket_address want;

	if (!socket_address_make(listen->address, AF_UNIX, &want) || have->any.sa_family != AF_UNIX)
		return false;
	if (node_path(listen))
		return node_is_ours(fd, listen);
	return have->length == want.length && !memcmp(&have->un, &want.un, want.length);
}

static bool other_matches(const struct listen *listen, const struct socket_address *have)
{
	struct socket_address want;

	if (!socket_address_make(listen->address, AF_UNSPEC, &want) || have->any.sa_family != want.any.sa_family)
		return false;
	if (listen->address->kind == ENDPOINT_NETLINK)
		return have->nl.nl_groups == want.nl.nl_groups;
	return have->length == want.length && !memcmp(&have->storage, &want.storage, want.length);
}

bool bind_matches(int fd, const struct listen *listen)
{
	struct socket_address have;
	struct socket_form form;
	int protocol;

	if (!socket_form(listen->address, &form))
		return file_matches(fd, listen);
	if (int_option(fd, SOL_SOCKET, SO_TYPE) != form.type || !address_of(fd, &have))
		return false;
	protocol = int_option(fd, SOL_SOCKET, SO_PROTOCOL);
	if (form.protocol && protocol != form.protocol)
		return false;
	if ((int_option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1) != endpoint_accepts(listen->address))
		return false;
	if (endpoint_is_inet(listen->address))
		return inet_matches(fd, listen, &have);
	if (form.domain == AF_UNIX)
		return unix_matches(fd, listen, &have);
	return other_matches(listen, &have);
}

/* The family is said where it is narrower than what the text alone would mean. */
static void describe_inet(int fd, const struct listen *listen, const struct socket_address *have, struct buf *out)
{
	bool v6 = have->any.sa_family == AF_INET6;
	bool any = v6 ? IN6_IS_ADDR_UNSPECIFIED(&have->in6.sin6_addr) : have->in.sin_addr.s_addr == 0;
	struct endpoint real = { .kind = listen->endpoint->kind, .port = (uint16_t)socket_address_port(have),
				 .family = listen->endpoint->family, .interface = listen->endpoint->interface };
	char host[INET6_ADDRSTRLEN];

	if (any) {
		real.family = FAMILY_IPV4;
		if (v6)
			real.family = int_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) > 0 ? FAMILY_IPV6 : FAMILY_ANY;
	} else {
		socket_address_host(have, host, sizeof(host));
		real.address = host;
		real.family = v6 ? FAMILY_IPV6 : FAMILY_IPV4;
	}
	endpoint_format(&real, out);
}

void bind_describe(int fd, const struct listen *listen, struct buf *out)
{
	struct socket_address have;

	if (endpoint_is_inet(listen->address) && address_of(fd, &have) &&
	    (have.any.sa_family == AF_INET || have.any.sa_family == AF_INET6))
		describe_inet(fd, listen, &have, out);
	else
		endpoint_format(listen->address, out);
}

bool bind_kernel_has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0;

	fd_close(&fd);
	return has;
}
