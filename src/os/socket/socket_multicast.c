/* Joins and leaves multicast groups (ip(7), ipv6(7)).
 *
 * A group's interface may not exist yet; without a named interface the kernel needs a route to choose one. In both
 * cases the socket still receives what is sent to it directly, so a failure is a warning. */
#include "os/socket/socket_multicast.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static int change_ipv4(int fd, const char *address, unsigned interface, bool join)
{
	struct ip_mreqn group = { .imr_ifindex = (int)interface };

	inet_pton(AF_INET, address, &group.imr_multiaddr);
	return setsockopt(fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &group, sizeof(group));
}

static int change_ipv6(int fd, const char *address, unsigned interface, bool join)
{
	struct ipv6_mreq group = { .ipv6mr_interface = interface };

	inet_pton(AF_INET6, address, &group.ipv6mr_multiaddr);
	return setsockopt(fd, IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &group, sizeof(group));
}

/* Joins or leaves a group. A dual-stack socket can join groups of both families. 0, or -1 and errno. */
static int change_group(int fd, int domain, const char *text, bool join)
{
	size_t length = strcspn(text, "%");
	char address[INET6_ADDRSTRLEN] = "";
	unsigned interface = 0;

	memcpy(address, text, length < sizeof(address) ? length : sizeof(address) - 1);
	if (text[length]) {
		interface = if_nametoindex(text + length + 1);
		if (!interface)
			return -1;
	}
	if (!strchr(address, ':'))
		return change_ipv4(fd, address, interface, join);
	if (domain == AF_INET6)
		return change_ipv6(fd, address, interface, join);
	errno = EAFNOSUPPORT;
	return -1;
}

/* A socket that superd was given may be in the group already; one whose interface is gone may not be in it any more. */
static void change_membership(int fd, int domain, const char *group, bool join, struct buf *warnings)
{
	if (change_group(fd, domain, group, join) == 0 || errno == (join ? EADDRINUSE : EADDRNOTAVAIL))
		return;
	buf_addf(warnings, "multicast_group: %s: cannot %s: %s\n", group, join ? "join it" : "leave it",
		 strerror(errno));
}

static words groups_of(const struct listen *listen)
{
	return listen && listen->address->kind == ENDPOINT_UDP ? listen->options->multicast_group : NULL;
}

void socket_multicast_change(int fd, int domain, const struct listen *before, const struct listen *after,
			     struct buf *warnings)
{
	words old = groups_of(before), new = groups_of(after);

	for (words group = old; group && *group; group++) {
		if (!words_have(new, *group))
			change_membership(fd, domain, *group, false, warnings);
	}
	for (words group = new; group &&*group; group++) {
		if (!words_have(old, *group))
			change_membership(fd, domain, *group, true, warnings);
	}
}
