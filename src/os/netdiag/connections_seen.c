/* Whose a socket of the kernel's lists is, and whether it counts: one that was established still needs its backend,
 * whether accepted yet or not, and so does one whose client has said all it wants to. One that its backend has closed
 * does only while a process holds it; after that it is the kernel's alone. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "config/access/access.h"
#include "os/netdiag/connections_parts.h"

#define CLOSED_BY_SERVER (1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2 | 1u << TCP_CLOSING | 1u << TCP_LAST_ACK)

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
	uint64_t *list;

	if (guests && (tally->seeks || tally->spares) && guests_have(guests, id) != tally->seeks)
		return;
	tally->count++;
	if (!guests || tally->seeks || tally->spares)
		return;
	list = array_grow(guests->list, &guests->room, guests->count, sizeof(*list));
	if (!list) {
		guests->failed = true;
		return;
	}
	guests->list = list;
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
