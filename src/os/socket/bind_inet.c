/* Binds TCP, UDP, SCTP and raw sockets.
 *
 * An address without a family is one socket for IPv6 and IPv4. On a machine without IPv6 it becomes an IPv4 socket. The
 * kernel reports such a machine in two ways: EAFNOSUPPORT from socket(2), or EADDRNOTAVAIL from bind(2) if a sysctl
 * removed the addresses. */
#include "os/socket/bind_internal.h"

#include <errno.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/netdiag/socket_address.h"
#include "os/proc/port_owner.h"
#include "os/rights/capability.h"
#include "os/socket/socket_options.h"

static void explain_in_use(const struct listen *listen, struct buf *why)
{
	const struct endpoint wanted = endpoint_with_options(listen->address, listen->options);
	struct buf holder = { 0 };
	unsigned found = wanted.kind == ENDPOINT_TCP || wanted.kind == ENDPOINT_UDP ? port_owner(&wanted, &holder) : 0;

	errno = EADDRINUSE;
	bind_fail(why, "binding", "%s %s it", found ? buf_string(&holder) : "another socket",
		  found > 1 ? "have" : "has");
	buf_free(&holder);
}

/* Explains the kernel's error, with a remedy. The caller names the address. */
static int explain_bind(const struct listen *listen, struct buf *why)
{
	int saved = errno, least = saved == EACCES ? capability_port_start() : 0;

	errno = saved;
	if (saved == EADDRINUSE)
		explain_in_use(listen, why);
	else if (saved == EADDRNOTAVAIL)
		bind_fail(why, "binding",
			  "no interface here has this address; free_bind = yes (FreeBind=yes in a unit) "
			  "binds it all the same");
	else if (saved == EACCES && listen->address->port < least)
		bind_fail(why, "binding", "ports below %d need root, CAP_NET_BIND_SERVICE or "
			  "net.ipv4.ip_unprivileged_port_start", least);
	else
		bind_fail(why, "binding", NULL);
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

static bool error_means_no_ipv6(void)
{
	return errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL;
}

int bind_inet(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	int family = socket_address_family(listen->address);
	int fd;

	if (family != AF_UNSPEC)
		return bind_family(listen, family, why, warnings);
	fd = bind_family(listen, AF_INET6, why, warnings);
	if (fd >= 0 || listen->options->ipv6_only == IPV6_ONLY_YES || !error_means_no_ipv6())
		return fd;
	buf_clear(why);
	return bind_family(listen, AF_INET, why, warnings);
}
