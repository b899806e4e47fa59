/* Whether an open descriptor is what the table asks for: an inherited socket, or a listener whose node may be gone.
 *
 * An endpoint without a family may be an IPv6 or an IPv4 socket. It is compared in the form that the descriptor has,
 * not in the form that superd would choose now. */
#include "os/socket/bind.h"

#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "os/netdiag/socket_address.h"
#include "os/socket/bind_internal.h"

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

/* A wildcard for both IP versions must serve both, and one for IPv6 alone must leave IPv4 alone. */
static bool v6only_matches(int fd, const struct listen *listen, const struct socket_address *have)
{
	bool wanted = listen->options->ipv6_only == IPV6_ONLY_DEFAULT ? listen->address->family == FAMILY_IPV6
								      : listen->options->ipv6_only == IPV6_ONLY_YES;

	if (have->any.sa_family == AF_INET)
		return !(socket_address_family(listen->address) == AF_UNSPEC && wanted);
	if (!IN6_IS_ADDR_UNSPECIFIED(&have->in6.sin6_addr) || listen->address->kind == ENDPOINT_RAW)
		return true;
	return (bind_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) > 0) == wanted;
}

/* bind(2) itself binds the socket to the interface of a link-local address. */
static bool device_matches(int fd, const struct listen *listen)
{
	const char *wanted = listen->options->bind_to_device;
	char device[IFNAMSIZ + 1] = "";
	socklen_t length = IFNAMSIZ;

	if (!wanted)
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

bool bind_matches(int fd, const struct listen *listen)
{
	struct socket_address have;
	struct socket_form form;
	int protocol;

	if (!socket_form(listen->address, &form))
		return file_matches(fd, listen);
	if (bind_option(fd, SOL_SOCKET, SO_TYPE) != form.type || !bind_address(fd, &have))
		return false;
	protocol = bind_option(fd, SOL_SOCKET, SO_PROTOCOL);
	if (form.protocol && protocol != socket_protocol(listen, &form))
		return false;
	if ((bind_option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1) != endpoint_accepts(listen->address))
		return false;
	if (endpoint_is_inet(listen->address))
		return inet_matches(fd, listen, &have);
	if (form.domain == AF_UNIX)
		return unix_matches(fd, listen, &have);
	return other_matches(listen, &have);
}

bool bind_is_reachable(int fd, const struct listen *listen)
{
	if (listen->address->kind == ENDPOINT_SPECIAL)
		return file_matches(fd, listen);
	return !node_path(listen) || node_is_ours(fd, listen);
}
