/* Whether an open descriptor is what the table asks for: an inherited socket, or a listener whose node may be gone.
 *
 * An endpoint without a family may be an IPv6 or an IPv4 socket. It is compared in the form that the descriptor has,
 * not in the form that superd would choose now. */
#include "os/socket/bind.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "os/netdiag/socket_address.h"
#include "os/socket/bind_internal.h"

/* What a socket says of itself. All of it is read before any of it is compared: a look that fails must not pass for a
 * socket that differs, which is closed with the clients in its queue. */
struct socket_look {
	int type, protocol, accepts, v6only;    /* v6only: of an IPv6 socket only */
	char device[IFNAMSIZ + 1];
	struct socket_address name;
};

static bool read_option(int fd, int level, int option, int *value)
{
	socklen_t length = sizeof(*value);

	return getsockopt(fd, level, option, value, &length) == 0;
}

/* "": it is tied to none, or to one that is gone (ENODEV), or the kernel has no such option. */
static bool read_device(int fd, char device[IFNAMSIZ + 1])
{
	socklen_t length = IFNAMSIZ;

	return getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, &length) == 0 || errno == ENODEV ||
	       errno == ENOPROTOOPT;
}

/* false: errno tells why. */
static bool look_at_socket(int fd, struct socket_look *look)
{
	if (!read_option(fd, SOL_SOCKET, SO_TYPE, &look->type) || !bind_address(fd, &look->name) ||
	    !read_option(fd, SOL_SOCKET, SO_PROTOCOL, &look->protocol) ||
	    !read_option(fd, SOL_SOCKET, SO_ACCEPTCONN, &look->accepts) || !read_device(fd, look->device))
		return false;
	return look->name.any.sa_family != AF_INET6 || read_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, &look->v6only);
}

static enum bind_match compare_file(int fd, const struct listen *listen)
{
	struct stat open, named;

	if (listen->address->kind != ENDPOINT_FIFO && listen->address->kind != ENDPOINT_SPECIAL)
		return BIND_DIFFERS;
	if (fstat(fd, &open) < 0 || lstat(listen->address->address, &named) < 0)
		return errno == EBADF || errno == ENOENT || errno == ENOTDIR ? BIND_DIFFERS : BIND_UNKNOWN;
	return S_ISFIFO(open.st_mode) == (listen->address->kind == ENDPOINT_FIFO) && open.st_dev == named.st_dev &&
	       open.st_ino == named.st_ino ? BIND_MATCHES : BIND_DIFFERS;
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

/* A wildcard for both IP versions must serve both, and one for IPv6 alone must leave IPv4 alone. */
static bool v6only_matches(const struct listen *listen, const struct socket_look *look)
{
	bool wanted = listen->options->ipv6_only == IPV6_ONLY_DEFAULT ? listen->address->family == FAMILY_IPV6
								      : listen->options->ipv6_only == IPV6_ONLY_YES;

	if (look->name.any.sa_family == AF_INET)
		return !(socket_address_family(listen->address) == AF_UNSPEC && wanted);
	if (!IN6_IS_ADDR_UNSPECIFIED(&look->name.in6.sin6_addr) || listen->address->kind == ENDPOINT_RAW)
		return true;
	return (look->v6only > 0) == wanted;
}

/* bind(2) itself binds the socket to the interface of a link-local address. */
static bool device_matches(const struct listen *listen, const struct socket_look *look)
{
	const char *wanted = listen->options->bind_to_device;

	if (!wanted)
		wanted = listen->address->interface;
	return !strcmp(look->device, wanted ? wanted : "");
}

static bool inet_matches(const struct listen *listen, const struct socket_look *look)
{
	int family = socket_address_family(listen->address);
	struct socket_address want;

	if (!socket_address_make(listen->address, family == AF_UNSPEC ? look->name.any.sa_family : family, &want))
		return false;
	return same_inet(&look->name, &want) && v6only_matches(listen, look) && device_matches(listen, look);
}

/* A socket whose node is gone or replaced cannot be reached, so it does not match, whatever its name says. */
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

static bool socket_matches(int fd, const struct listen *listen, const struct socket_form *form,
			   const struct socket_look *look)
{
	if (look->type != form->type || (form->protocol && look->protocol != form->protocol))
		return false;
	if ((look->accepts == 1) != endpoint_accepts(listen->address))
		return false;
	if (endpoint_is_inet(listen->address))
		return inet_matches(listen, look);
	if (form->domain == AF_UNIX)
		return unix_matches(fd, listen, &look->name);
	return other_matches(listen, &look->name);
}

enum bind_match bind_compare(int fd, const struct listen *listen)
{
	struct socket_look look = { 0 };
	struct socket_form form;

	if (!socket_form(listen->address, &form))
		return compare_file(fd, listen);
	if (!look_at_socket(fd, &look))
		return errno == EBADF || errno == ENOTSOCK ? BIND_DIFFERS : BIND_UNKNOWN;
	return socket_matches(fd, listen, &form, &look) ? BIND_MATCHES : BIND_DIFFERS;
}

bool bind_matches(int fd, const struct listen *listen)
{
	return bind_compare(fd, listen) == BIND_MATCHES;
}

bool bind_is_reachable(int fd, const struct listen *listen)
{
	if (listen->address->kind == ENDPOINT_SPECIAL)
		return compare_file(fd, listen) != BIND_DIFFERS;
	return !node_path(listen) || node_is_ours(fd, listen);
}
