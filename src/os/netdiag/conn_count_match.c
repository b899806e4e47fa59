/* Decides which listener a socket of the kernel's lists belongs to, and whether it counts. An established connection
 * needs its backend, accepted or not, even if its client has shut down its side (CLOSE_WAIT). A connection that the
 * backend has closed counts only as long as a process holds it; after that only the kernel does. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/array.h"
#include "os/netdiag/conn_count_internal.h"
#include "os/netdiag/sock_diag.h"
#include "table/access/access.h"

#define CLOSED_BY_SERVER (1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2 | 1u << TCP_CLOSING | 1u << TCP_LAST_ACK)

static int compare_cookies(const void *a, const void *b)
{
	const uint64_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

void cookie_set_sort(struct cookie_set *cookies)
{
	if (cookies->count)
		qsort(cookies->list, cookies->count, sizeof(*cookies->list), compare_cookies);
}

void cookie_set_free(struct cookie_set *cookies)
{
	free(cookies->list);
	free(cookies->silent);
	*cookies = (struct cookie_set){ 0 };
}

static bool cookie_set_has(const struct cookie_set *cookies, uint64_t id)
{
	return cookies->count && bsearch(&id, cookies->list, cookies->count, sizeof(id), compare_cookies);
}

/* Whether `cookies` leaves the connection out. */
static bool is_left_out(const struct conn_count *conn, uint64_t id)
{
	bool was_held = conn->cookies && (conn->only_known || conn->skips_known) &&
			cookie_set_has(conn->cookies, id | COOKIE_HELD);

	if (conn->cookies && conn->only_known)
		return !was_held && !cookie_set_has(conn->cookies, id);
	return was_held;
}

static void count_connection(struct conn_count *conn, uint64_t id, bool held)
{
	struct cookie_set *cookies = conn->cookies;
	uint64_t *list;

	if (is_left_out(conn, id))
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
	cookies->list[cookies->count++] = held ? id | COOKIE_HELD : id;
}

static void note_silent(struct cookie_set *cookies, const struct seen_inet *seen)
{
	struct silent_conn *conn;

	if (!cookies->silent)
		cookies->silent = calloc(SILENT_MOST, sizeof(*cookies->silent));
	cookies->failed |= !cookies->silent || !seen->socket_id;
	if (cookies->failed || cookies->silent_count == SILENT_MOST)
		return;
	conn = &cookies->silent[cookies->silent_count++];
	conn->family = seen->family;
	memcpy(conn->id, seen->socket_id, sizeof(conn->id));
}

static enum silence silence_of(unsigned state, uint32_t unread)
{
	if (state == TCP_CLOSE_WAIT)
		return unread > 1 ? SILENT_SPOKE : SILENT_LEFT; /* the kernel counts the FIN as an unread byte */
	return unread || state != TCP_ESTABLISHED ? SILENT_SPOKE : SILENT_STILL;
}

enum silence silent_conn_look(const struct silent_conn *conn)
{
	unsigned state;
	uint32_t unread;

	if (!sock_diag_find(conn->family, conn->id, &state, &unread))
		return SILENT_LEFT;
	return state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT ? silence_of(state, unread) : SILENT_LEFT;
}

/* Counts a connection of the queue by what it has brought. A handshake is no client yet: what becomes of it stands
 * behind all that are in the queue now. */
static void count_words(struct conn_count *conn, const struct seen_inet *seen)
{
	enum silence silence = silence_of(seen->state, seen->unread);

	if (seen->state == TCP_SYN_RECV || silence == SILENT_LEFT)
		return;
	conn->count += silence == SILENT_SPOKE;
	conn->silent += silence == SILENT_STILL;
	if (silence == SILENT_STILL && conn->cookies)
		note_silent(conn->cookies, seen);
}

static bool is_client(const struct seen_inet *seen)
{
	if (seen->state == TCP_ESTABLISHED || seen->state == TCP_CLOSE_WAIT)
		return true;
	return seen->held && seen->state < 32 && (CLOSED_BY_SERVER & 1u << seen->state);
}

static bool is_counted_state(enum conn_which which, const struct seen_inet *seen)
{
	bool in_handshake = seen->state == TCP_SYN_RECV;

	switch (which) {
	case CONN_WHICH_QUEUED:
		return in_handshake || (!seen->held && is_client(seen));
	case CONN_WHICH_ALL:
		return in_handshake || is_client(seen);
	case CONN_WHICH_ACCEPTED:
		return in_handshake || (seen->held && is_client(seen));
	default:
		return is_client(seen);
	}
}

static bool has_left(const struct seen_inet *seen)
{
	return !seen->held && seen->state == TCP_CLOSE_WAIT && silence_of(seen->state, seen->unread) == SILENT_LEFT;
}

static bool is_counted(const struct conn_count *conn, const struct seen_inet *seen)
{
	if (!is_counted_state((enum conn_which)conn->which, seen) || (conn->skips_left && has_left(seen)) ||
	    is_left_out(conn, seen->id))
		return false;
	return !conn->probes || !access_lists(conn->probes, seen->family, seen->peer);
}

/* Milliseconds since anything moved. 0 as long as the backend or the kernel has something to do: an unread byte, an
 * unacknowledged one, a client that waits to be accepted, one that has closed its side; by_turn: a client that may wait
 * for an answer. */
static uint32_t quiet_for(const struct conn_count *conn, const struct seen_inet *seen)
{
	if (!seen->held || seen->state != TCP_ESTABLISHED || !seen->knows_age || seen->unread || seen->unsent ||
	    (conn->by_turn && !seen->awaits_client))
		return 0;
	return seen->age;
}

/* true: the connection is quiet, and was counted as such. */
static bool count_if_quiet(struct conn_count *conn, const struct seen_inet *seen)
{
	uint32_t quiet = quiet_for(conn, seen);

	if (!conn->quiet_after)
		return false;
	if (quiet < conn->moved)
		conn->moved = quiet;
	if (quiet < conn->quiet_after)
		return false;
	conn->quiet++;
	return true;
}

bool conn_count_has_family(const struct conn_count *conn, int family)
{
	return conn->family == family || (conn->takes_ipv4 && family == AF_INET);
}

/* An IPv4 address is noted as the listener's family writes it. */
static void note_peer(struct conn_count *conn, const struct seen_inet *seen)
{
	unsigned char peer[16] = { [10] = 0xff, [11] = 0xff };

	if (conn->family != seen->family)
		memcpy(peer + 12, seen->peer, 4);
	else if (seen->family == AF_INET)
		memcpy(memset(peer, 0, sizeof(peer)), seen->peer, 4);
	else
		memcpy(peer, seen->peer, 16);
	for (unsigned n = 0; n < conn->peer_count; n++) {
		if (!memcmp(conn->peers[n], peer, sizeof(peer)))
			return;
	}
	if (conn->peer_count < CONN_PEERS_MOST)
		memcpy(conn->peers[conn->peer_count++], peer, sizeof(peer));
}

void conn_counts_see_inet(struct conn_count *conns, size_t count, enum conn_kind kind, const struct seen_inet *seen)
{
	size_t size = seen->family == AF_INET ? 4 : 16;

	for (size_t n = 0; n < count; n++) {
		struct conn_count *conn = &conns[n];

		if (conn->kind != kind || !conn_count_has_family(conn, seen->family) || conn->port != seen->port)
			continue;
		if (!conn->is_wildcard && memcmp(conn->address, seen->address, size) != 0)
			continue;
		if (conn->interface && seen->knows_interface && conn->interface != seen->interface)
			continue;
		if (!is_counted(conn, seen) || (kind == CONN_TCP && count_if_quiet(conn, seen)))
			continue;
		if (conn->wants_words)
			count_words(conn, seen);
		else
			count_connection(conn, seen->id, seen->held);
		note_peer(conn, seen);
	}
}

/* The id of a connection in the queue. Bit 63 keeps it apart from the kernel's cookies, which count up from 1. */
static uint64_t queued_id(uint32_t peer)
{
	return (uint64_t)1 << 63 | peer;
}

void conn_count_see_queued(struct conn_count *conn, uint32_t peer)
{
	if (peer)                       /* else the client has gone already */
		count_connection(conn, queued_id(peer), false);
}

/* Returns the id under which the connection may be in the set: it may have been in the queue then, and be accepted
 * now. */
static uint64_t connection_id(const struct conn_count *conn, const struct seen_unix *seen)
{
	bool was_queued = conn->cookies && conn->only_known && seen->peer &&
			  cookie_set_has(conn->cookies, queued_id(seen->peer));

	return was_queued ? queued_id(seen->peer) : seen->id;
}

void conn_counts_see_unix(struct conn_count *conns, size_t count, const struct seen_unix *seen)
{
	for (size_t n = 0; n < count; n++) {
		struct conn_count *conn = &conns[n];

		if (conn->kind != CONN_UNIX || conn->which == CONN_WHICH_QUEUED)
			continue;
		if (seen->listens && seen->inode == conn->inode)
			/* Else the queue was counted one by one. */
			conn->count += conn->cookies ? 0 : seen->queue;
		else if (!seen->listens && seen->length == conn->length &&
			 !memcmp(seen->name, conn->name, conn->length) &&
			 (seen->inode || conn->which != CONN_WHICH_ACCEPTED))
			count_connection(conn, connection_id(conn, seen), seen->inode);
	}
}
