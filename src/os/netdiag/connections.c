/* Whose a socket of the kernel's lists is.
 *
 * The hard thing is which of them still need their backend: one that was established, whether accepted yet or not;
 * one whose client has said all it wants to; one whose backend has, while it still holds it. What the backend has
 * closed is the kernel's alone. */
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

#define CLOSED_BY_SERVER (1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2 | 1u << TCP_CLOSING | 1u << TCP_LAST_ACK)

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

static int compare(const void *a, const void *b)
{
	const uint64_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

void guests_sort(struct guests *guests)
{
	if (guests->count)
		qsort(guests->list, guests->count, sizeof(*guests->list), compare);
}

static bool guests_have(const struct guests *guests, uint64_t id)
{
	return guests->count && bsearch(&id, guests->list, guests->count, sizeof(id), compare);
}

static void note(struct tally *tally, uint64_t id)
{
	struct guests *guests = tally->guests;

	if (guests && (tally->seeks || tally->spares) && guests_have(guests, id) != tally->seeks)
		return;
	tally->count++;
	if (!guests || tally->seeks || tally->spares)
		return;
	if (guests->count == guests->room) {
		size_t room = guests->room ? 2 * guests->room : 16;
		uint64_t *list = reallocarray(guests->list, room, sizeof(*list));

		if (!list) {
			guests->failed = true;
			return;
		}
		guests->list = list;
		guests->room = room;
	}
	guests->failed |= !id;
	guests->list[guests->count++] = id;
}

static bool is_client(const struct seen_inet *seen)
{
	if (seen->state == TCP_ESTABLISHED || seen->state == TCP_CLOSE_WAIT)
		return true;
	return seen->held && seen->state < 32 && (CLOSED_BY_SERVER & 1u << seen->state);
}

static bool is_of(enum tally_whom whom, const struct seen_inet *seen)
{
	bool arrives = seen->state == TCP_SYN_RECV;

	switch (whom) {
	case WHOM_QUEUED:
		return arrives || (!seen->held && is_client(seen));
	case WHOM_ARRIVING:
		return arrives;
	case WHOM_ALL:
		return arrives || is_client(seen);
	case WHOM_HELD:
		return seen->held && is_client(seen);
	case WHOM_TAKEN:
		return arrives || (seen->held && is_client(seen));
	default:
		return is_client(seen);
	}
}

static bool counts(const struct tally *tally, const struct seen_inet *seen)
{
	if (!is_of((enum tally_whom)tally->whom, seen))
		return false;
	return !tally->probes || !access_lists(tally->probes, seen->family, seen->peer);
}

void tallies_see_inet(struct tally *tallies, size_t count, enum tally_kind kind, const struct seen_inet *seen)
{
	size_t size = seen->family == AF_INET ? 4 : 16;

	for (size_t n = 0; n < count; n++) {
		struct tally *tally = &tallies[n];

		if (tally->kind != kind || tally->family != seen->family || tally->port != seen->port)
			continue;
		if (!tally->anywhere && memcmp(tally->address, seen->address, size) != 0)
			continue;
		if (tally->interface && seen->knows_interface && tally->interface != seen->interface)
			continue;
		if (!counts(tally, seen))
			continue;
		note(tally, seen->id);
		if (!tally->knows_peer)
			memcpy(tally->peer, seen->peer, size);
		tally->knows_peer = true;
	}
}

/* Beside the kernel's numbers for connections, which don't come as far. */
static uint64_t id_of_peer(uint32_t peer)
{
	return (uint64_t)1 << 63 | peer;
}

void tally_see_queued(struct tally *tally, uint32_t peer)
{
	if (peer && tally->whom != WHOM_HELD)   /* else he has gone already */
		note(tally, id_of_peer(peer));
}

/* Whoever was noted in a queue may have been taken since. */
static uint64_t id_among(const struct tally *tally, const struct seen_unix *seen)
{
	bool was_queued = tally->guests && tally->seeks && seen->peer &&
			  guests_have(tally->guests, id_of_peer(seen->peer));

	return was_queued ? id_of_peer(seen->peer) : seen->id;
}

void tallies_see_unix(struct tally *tallies, size_t count, const struct seen_unix *seen)
{
	for (size_t n = 0; n < count; n++) {
		struct tally *tally = &tallies[n];

		if (tally->kind != TALLY_UNIX || tally->whom == WHOM_QUEUED)
			continue;
		if (seen->listens && seen->inode == tally->inode)
			tally->count += tally->guests ? 0 : seen->queue;        /* else they were seen one by one */
		else if (!seen->listens && seen->length == tally->length &&
			 !memcmp(seen->name, tally->name, tally->length) &&
			 (seen->inode || (tally->whom != WHOM_TAKEN && tally->whom != WHOM_HELD)))
			note(tally, id_among(tally, seen));
	}
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
