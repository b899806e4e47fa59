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
#include "os/netdiag/conn_count_internal.h"

#define CLOSED_BY_SERVER (1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2 | 1u << TCP_CLOSING | 1u << TCP_LAST_ACK)

static int compare(const void *a, const void *b)
{
	const uint64_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

void cookie_set_sort(struct cookie_set *cookies)
{
	if (cookies->count)
		qsort(cookies->list, cookies->count, sizeof(*cookies->list), compare);
}

static bool cookie_set_has(const struct cookie_set *cookies, uint64_t id)
{
	return cookies->count && bsearch(&id, cookies->list, cookies->count, sizeof(id), compare);
}

static void note(struct conn_count *conn, uint64_t id)
{
	struct cookie_set *cookies = conn->cookies;
	uint64_t *list;

	if (cookies && (conn->only_known || conn->skips_known) && cookie_set_has(cookies, id) != conn->only_known)
		return;
	conn->count++;
	if (!cookies || conn->only_known || conn->skips_known)
		return;
	list = array_grow(cookies->list, &cookies->room, cookies->count, sizeof(*list));
	if (!list) {
		cookies->failed = true;
		return;
	}
	cookies->list = list;
	cookies->failed |= !id;
	cookies->list[cookies->count++] = id;
}

static bool is_client(const struct seen_inet *seen)
{
	if (seen->state == TCP_ESTABLISHED || seen->state == TCP_CLOSE_WAIT)
		return true;
	return seen->held && seen->state < 32 && (CLOSED_BY_SERVER & 1u << seen->state);
}

static bool is_of(enum conn_which whom, const struct seen_inet *seen)
{
	bool arrives = seen->state == TCP_SYN_RECV;

	switch (whom) {
	case CONN_WHICH_QUEUED:
		return arrives || (!seen->held && is_client(seen));
	case CONN_WHICH_HANDSHAKE:
		return arrives;
	case CONN_WHICH_ALL:
		return arrives || is_client(seen);
	case CONN_WHICH_HELD:
		return seen->held && is_client(seen);
	case CONN_WHICH_ACCEPTED:
		return arrives || (seen->held && is_client(seen));
	default:
		return is_client(seen);
	}
}

static bool counts(const struct conn_count *conn, const struct seen_inet *seen)
{
	if (!is_of((enum conn_which)conn->which, seen))
		return false;
	return !conn->probes || !access_lists(conn->probes, seen->family, seen->peer);
}

void conn_counts_see_inet(struct conn_count *conns, size_t count, enum conn_kind kind, const struct seen_inet *seen)
{
	size_t size = seen->family == AF_INET ? 4 : 16;

	for (size_t n = 0; n < count; n++) {
		struct conn_count *conn = &conns[n];

		if (conn->kind != kind || conn->family != seen->family || conn->port != seen->port)
			continue;
		if (!conn->anywhere && memcmp(conn->address, seen->address, size) != 0)
			continue;
		if (conn->interface && seen->knows_interface && conn->interface != seen->interface)
			continue;
		if (!counts(conn, seen))
			continue;
		note(conn, seen->id);
		if (!conn->knows_peer)
			memcpy(conn->peer, seen->peer, size);
		conn->knows_peer = true;
	}
}

/* Beside the kernel's numbers for connections, which don't come as far. */
static uint64_t id_of_peer(uint32_t peer)
{
	return (uint64_t)1 << 63 | peer;
}

void conn_count_see_queued(struct conn_count *conn, uint32_t peer)
{
	if (peer && conn->which != CONN_WHICH_HELD) /* else he has gone already */
		note(conn, id_of_peer(peer));
}

/* Whoever was noted in a queue may have been taken since. */
static uint64_t id_among(const struct conn_count *conn, const struct seen_unix *seen)
{
	bool was_queued = conn->cookies && conn->only_known && seen->peer &&
			  cookie_set_has(conn->cookies, id_of_peer(seen->peer));

	return was_queued ? id_of_peer(seen->peer) : seen->id;
}

void conn_counts_see_unix(struct conn_count *conns, size_t count, const struct seen_unix *seen)
{
	for (size_t n = 0; n < count; n++) {
		struct conn_count *conn = &conns[n];

		if (conn->kind != CONN_UNIX || conn->which == CONN_WHICH_QUEUED)
			continue;
		if (seen->listens && seen->inode == conn->inode)
			conn->count += conn->cookies ? 0 : seen->queue;         /* else they were seen one by one */
		else if (!seen->listens && seen->length == conn->length &&
			 !memcmp(seen->name, conn->name, conn->length) &&
			 (seen->inode || (conn->which != CONN_WHICH_ACCEPTED && conn->which != CONN_WHICH_HELD)))
			note(conn, id_among(conn, seen));
	}
}
