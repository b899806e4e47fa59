/* Counting the clients of listeners: what is asked for, and which of two ways the kernel tells by. */
#include "os/netdiag/connections.h"

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "config/access/access.h"
#include "os/netdiag/connections_parts.h"
#include "os/netdiag/foreign_socket.h"
#include "os/netdiag/socket_address.h"

bool tally_is_same(const struct tally *a, const struct tally *b)
{
	if (a->kind == TALLY_NONE || a->kind != b->kind)
		return false;
	if (a->kind == TALLY_UNIX)
		return a->length == b->length && !memcmp(a->name, b->name, a->length);
	return a->family == b->family && a->port == b->port && a->interface == b->interface &&
	       !memcmp(a->address, b->address, sizeof(a->address));
}

static uint32_t interface_of(int fd)
{
	char name[IFNAMSIZ] = "";
	socklen_t length = sizeof(name);        /* the kernel answers no shorter one */

	if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &length) < 0 || !*name)
		return 0;
	return if_nametoindex(name);
}

static void take_inet(struct tally *tally, int fd, const struct socket_address *address, int type)
{
	static const unsigned char none[sizeof(tally->address)];

	tally->kind = type == SOCK_STREAM ? TALLY_TCP : TALLY_UDP;
	tally->family = (unsigned char)address->any.sa_family;
	if (tally->family == AF_INET)
		memcpy(tally->address, &address->in.sin_addr, sizeof(address->in.sin_addr));
	else
		memcpy(tally->address, &address->in6.sin6_addr, sizeof(address->in6.sin6_addr));
	tally->anywhere = !memcmp(tally->address, none, sizeof(none));
	tally->port = ntohs(tally->family == AF_INET ? address->in.sin_port : address->in6.sin6_port);
	tally->interface = interface_of(fd);
}

static void take_unix(struct tally *tally, int fd, const struct socket_address *address)
{
	size_t length = address->length - offsetof(struct sockaddr_un, sun_path);
	struct stat status;

	if (address->length <= offsetof(struct sockaddr_un, sun_path) || fstat(fd, &status) < 0)
		return;                 /* without a name nobody comes */
	if (address->un.sun_path[0])
		length = strnlen(address->un.sun_path, length);
	tally->kind = TALLY_UNIX;
	tally->inode = (uint32_t)status.st_ino;
	tally->length = (unsigned char)length;
	memcpy(tally->name, address->un.sun_path, length);
}

void tally_take(struct tally *tally, int fd)
{
	struct socket_address address = { .length = sizeof(address.storage) };
	socklen_t size = sizeof(int);
	int type = 0, protocol = 0;

	*tally = (struct tally){ 0 };
	if (!foreign_socket_name(fd, &address) || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return;
	if (address.any.sa_family == AF_UNIX && type != SOCK_DGRAM)
		take_unix(tally, fd, &address);
	if (address.any.sa_family != AF_INET && address.any.sa_family != AF_INET6)
		return;
#ifdef SO_PROTOCOL
	size = sizeof(protocol);
	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) < 0)
		return;
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return;
#endif
	take_inet(tally, fd, &address, type);
}

static bool has_kind(const struct tally *tallies, size_t count, enum tally_kind kind)
{
	for (size_t n = 0; n < count; n++) {
		if (tallies[n].kind == kind)
			return true;
	}
	return false;
}

/* What was counted half-way is worth nothing. */
static void begin(struct tally *tallies, size_t count, enum tally_kind kind, bool known)
{
	for (size_t n = 0; n < count; n++) {
		if (tallies[n].kind != kind)
			continue;
		tallies[n].count = 0;
		tallies[n].known = known;
	}
}

static bool count_kind(struct tally *tallies, size_t count, enum tally_kind kind,
		       bool (*way)(struct tally *tallies, size_t count, enum tally_kind kind))
{
	begin(tallies, count, kind, true);
	return way(tallies, count, kind);
}

/* A list of /proc that is read while it changes may leave somebody out: too little to send the others away by. */
static void doubt_queues(struct tally *tallies, size_t count, enum tally_kind kind)
{
	for (size_t n = 0; n < count; n++)
		tallies[n].known = tallies[n].known && !(tallies[n].kind == kind && tallies[n].whom == WHOM_QUEUED);
}

void tallies_count(struct tally *tallies, size_t count)
{
	begin(tallies, count, TALLY_NONE, false);
	for (unsigned kind = TALLY_TCP; kind < TALLY_KINDS; kind++) {
		if (!has_kind(tallies, count, kind))
			continue;
		if (count_kind(tallies, count, kind, tallies_ask))
			continue;
		if (!count_kind(tallies, count, kind, tallies_read))
			begin(tallies, count, kind, false);
		doubt_queues(tallies, count, kind);
	}
}
