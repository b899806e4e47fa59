/* Counts the clients of listeners: what is asked, which socket is whose client, and the two lists that tell. */
#include "os/netdiag/conn_count.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lib/array.h"
#include "os/netdiag/conn_count_internal.h"
#include "os/netdiag/foreign_socket.h"
#include "os/netdiag/sock_diag.h"
#include "os/netdiag/socket_address.h"
#include "table/access/access.h"

bool conn_count_is_same(const struct conn_count *a, const struct conn_count *b)
{
	if (a->kind == CONN_NONE || a->kind != b->kind)
		return false;
	if (a->kind == CONN_UNIX)
		return a->length == b->length && !memcmp(a->name, b->name, a->length);
	return a->family == b->family && a->port == b->port && a->interface == b->interface &&
	       !memcmp(a->address, b->address, sizeof(a->address));
}

static uint32_t bound_interface(int fd)
{
	char name[IFNAMSIZ] = "";
	socklen_t length = sizeof(name);        /* the kernel refuses a shorter buffer */

	if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &length) < 0 || !*name)
		return 0;
	return if_nametoindex(name);
}

static void init_inet(struct conn_count *conn, int fd, const struct socket_address *address, int type)
{
	static const unsigned char none[sizeof(conn->address)];

	conn->kind = type == SOCK_STREAM ? CONN_TCP : CONN_UDP;
	conn->family = (unsigned char)address->any.sa_family;
	if (conn->family == AF_INET)
		memcpy(conn->address, &address->in.sin_addr, sizeof(address->in.sin_addr));
	else
		memcpy(conn->address, &address->in6.sin6_addr, sizeof(address->in6.sin6_addr));
	conn->is_wildcard = !memcmp(conn->address, none, sizeof(none));
	conn->port = ntohs(conn->family == AF_INET ? address->in.sin_port : address->in6.sin6_port);
	conn->interface = bound_interface(fd);
}

static void init_unix(struct conn_count *conn, int fd, const struct socket_address *address)
{
	size_t length = address->length - offsetof(struct sockaddr_un, sun_path);
	struct stat status;

	if (address->length <= offsetof(struct sockaddr_un, sun_path) || fstat(fd, &status) < 0)
		return;                 /* an unnamed socket has no clients */
	if (address->un.sun_path[0])
		length = strnlen(address->un.sun_path, length);
	conn->kind = CONN_UNIX;
	conn->inode = (uint32_t)status.st_ino;
	conn->length = (unsigned char)length;
	memcpy(conn->name, address->un.sun_path, length);
}

void conn_count_init(struct conn_count *conn, int fd)
{
	struct socket_address address = { .length = sizeof(address.storage) };
	socklen_t size = sizeof(int);
	int type = 0, protocol = 0;

	*conn = (struct conn_count){ 0 };
	if (!foreign_socket_name(fd, &address) || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return;
	if (address.any.sa_family == AF_UNIX && type != SOCK_DGRAM)
		init_unix(conn, fd, &address);
	if (address.any.sa_family != AF_INET && address.any.sa_family != AF_INET6)
		return;
	size = sizeof(protocol);
	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) < 0)
		return;
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return;
	init_inet(conn, fd, &address, type);
}

void conn_count_take_ipv4(struct conn_count *conn, int fd)
{
	socklen_t size = sizeof(int);
	int only = 1;

	conn->takes_ipv4 = conn->kind == CONN_TCP && conn->family == AF_INET6 && conn->is_wildcard &&
			   getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &size) == 0 && !only;
}

/* Whether sockets of this family can be the count's own. */
static bool conn_count_has_family(const struct conn_count *conn, int family)
{
	return conn->family == family || (conn->takes_ipv4 && family == AF_INET);
}

static bool is_tcp(int fd)
{
	int type = 0, protocol = IPPROTO_TCP;
	socklen_t size = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return false;
	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size);
	return type == SOCK_STREAM && protocol == IPPROTO_TCP;
}

bool conn_counts_own(const struct conn_count *conns, size_t count, int fd, bool *is_probe)
{
	struct socket_address own = { .length = sizeof(own.storage) }, peer = { .length = sizeof(peer.storage) };
	bool is_own = false, has_peer = getpeername(fd, &peer.any, &peer.length) == 0;
	const void *address = &peer.in.sin_addr;

	if (!count || getsockname(fd, &own.any, &own.length) < 0)
		return false;
	if ((own.any.sa_family != AF_INET && own.any.sa_family != AF_INET6) || !is_tcp(fd))
		return false;
	if (own.any.sa_family == AF_INET6)
		address = &peer.in6.sin6_addr;
	for (size_t n = 0; n < count; n++) {
		if (conns[n].kind != CONN_TCP || !conn_count_has_family(&conns[n], own.any.sa_family) ||
		    conns[n].port != socket_address_port(&own))
			continue;
		is_own = true;
		*is_probe = *is_probe || (has_peer && access_lists(conns[n].probes, own.any.sa_family, address));
	}
	return is_own;
}

/* An inet socket as one of the kernel's lists shows it. */
struct seen_inet {
	unsigned char family, state;    /* state: TCP_ESTABLISHED and so on of netinet/tcp.h */
	uint16_t port;
	uint32_t interface;             /* index of the interface it is bound to; 0: none */
	bool held;                      /* a process has it open */
	bool knows_interface;           /* `interface` is valid */
	const void *address, *peer;     /* local and remote address, 4 or 16 bytes, borrowed */
	uint64_t id;                    /* socket cookie; 0: unknown */
	const void *socket_id;          /* struct inet_diag_sockid, borrowed; NULL: unknown */
	uint32_t unread, unsent;        /* bytes that the process has not read, that the peer has not acknowledged */
	bool knows_age;                 /* `age` is valid */
	uint32_t age;                   /* milliseconds since data was last sent or received */
	bool awaits_client;             /* with `age`: the last data was sent, not received */
};

/* A unix socket as one of the kernel's lists shows it. */
struct seen_unix {
	bool listens;
	uint32_t inode;
	uint32_t queue;                 /* connections in its accept queue, if it listens */
	uint64_t id;                    /* socket cookie; 0: unknown */
	uint32_t peer;                  /* inode of the other end; 0: closed, or unknown */
	const char *name;               /* its path or abstract name, borrowed, not NUL-terminated */
	size_t length;
};

/* Which listener a socket of the kernel's lists belongs to, and whether it counts. An established connection needs its
 * backend, accepted or not, even if its client has shut down its side (CLOSE_WAIT). A connection that the backend has
 * closed counts only as long as a process holds it; after that only the kernel does. */

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

/* Counts a socket for each count that it belongs to. */
static void conn_counts_see_inet(struct conn_count *conns, size_t count, enum conn_kind kind,
				 const struct seen_inet *seen)
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

/* Counts a client in the accept queue of a unix socket, by the inode of the client's end: the server's end has no inode
 * before accept(2). */
static void conn_count_see_queued(struct conn_count *conn, uint32_t peer)
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

static void conn_counts_see_unix(struct conn_count *conns, size_t count, const struct seen_unix *seen)
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

/* Counts connections by sock_diag(7).
 *
 * The kernel walks through every connection of the machine. A small bytecode program in the request
 * (INET_DIAG_REQ_BYTECODE) makes it report only those at the requested ports. That program runs for each connection, so
 * one request names a limited number of ports. */

#define PORTS_MOST 64                   /* of one request */
#define OPS_A_PORT 5                    /* bytecode operations for each port: two of two words, and a jump */

static_assert(sizeof(struct inet_diag_sockid) == sizeof(((struct silent_conn *)0)->id), "the kernel's identity fits");

/* The counts of one request, all of one kind and family. */
struct count_request {
	struct conn_count *conns;
	size_t count;
	enum conn_kind kind;
};

struct inet_request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 request;
	struct rtattr program;
	struct inet_diag_bc_op code[PORTS_MOST * OPS_A_PORT];
};

#ifndef TCPI_OPT_SYN_DATA
#define TCPI_OPT_SYN_DATA 32
#endif

/* Whether the last data went to the client. The kernel measures in ticks of 1 to 10 ms, so a fast answer has the age of
 * its request. It came after the request if the client has acknowledged something since: data of the client would have
 * carried that acknowledgement. (With data in the SYN the client acknowledges the handshake later.) Otherwise nobody
 * can tell, and the server may have a request. In a new connection both ages are that of the connection. */
static bool awaits_client(const struct tcp_info *info)
{
	if (info->tcpi_last_data_sent != info->tcpi_last_data_recv)
		return info->tcpi_last_data_sent < info->tcpi_last_data_recv;
	return info->tcpi_last_ack_recv < info->tcpi_last_data_recv && !(info->tcpi_options & TCPI_OPT_SYN_DATA);
}

/* The kernel may report less of struct tcp_info than this libc knows, or more. */
static void read_age(const struct rtattr *attribute, struct seen_inet *seen)
{
	struct tcp_info info;

	if (attribute->rta_type != INET_DIAG_INFO ||
	    RTA_PAYLOAD(attribute) < offsetof(struct tcp_info, tcpi_pmtu))
		return;
	memcpy(&info, sock_diag_attribute(attribute), offsetof(struct tcp_info, tcpi_pmtu));
	seen->knows_age = true;
	seen->age = info.tcpi_last_data_sent < info.tcpi_last_data_recv ? info.tcpi_last_data_sent
									: info.tcpi_last_data_recv;
	seen->awaits_client = awaits_client(&info);
}

static void count_inet(struct nlmsghdr *message, const struct count_request *request)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	size_t header = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(*socket)));
	int left = (int)message->nlmsg_len - (int)header;
	struct seen_inet seen;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
		return;
	seen = (struct seen_inet){
		.family = socket->idiag_family, .state = socket->idiag_state, .port = ntohs(socket->id.idiag_sport),
		.interface = socket->id.idiag_if, .knows_interface = true,
		.held = socket->idiag_inode != 0, .address = socket->id.idiag_src,
		.peer = socket->id.idiag_dst,
		.id = (uint64_t)socket->id.idiag_cookie[1] << 32 | socket->id.idiag_cookie[0],
		.socket_id = &socket->id, .unread = socket->idiag_rqueue, .unsent = socket->idiag_wqueue,
	};
	for (struct rtattr *at = (void *)((char *)message + header); RTA_OK(at, left); at = RTA_NEXT(at, left))
		read_age(at, &seen);
	conn_counts_see_inet(request->conns, request->count, request->kind, &seen);
}

static void read_unix_attribute(struct rtattr *attribute, struct seen_unix *seen)
{
	struct unix_diag_rqlen queue;

	if (attribute->rta_type == UNIX_DIAG_NAME) {
		seen->name = RTA_DATA(attribute);
		seen->length = RTA_PAYLOAD(attribute);
		if (seen->length && seen->name[0])
			seen->length = strnlen(seen->name, seen->length);
	} else if (attribute->rta_type == UNIX_DIAG_RQLEN && RTA_PAYLOAD(attribute) >= sizeof(queue)) {
		memcpy(&queue, RTA_DATA(attribute), sizeof(queue));
		seen->queue = queue.udiag_rqueue;
	} else if (attribute->rta_type == UNIX_DIAG_PEER && RTA_PAYLOAD(attribute) >= sizeof(seen->peer)) {
		memcpy(&seen->peer, RTA_DATA(attribute), sizeof(seen->peer));
	}
}

static void count_unix(struct nlmsghdr *message, const struct count_request *request)
{
	const struct unix_diag_msg *socket = NLMSG_DATA(message);
	size_t header = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(*socket)));
	int left = (int)message->nlmsg_len - (int)header;
	struct seen_unix seen = { 0 };

	if (left < 0)
		return;
	for (struct rtattr *at = (void *)((char *)message + header); RTA_OK(at, left); at = RTA_NEXT(at, left))
		read_unix_attribute(at, &seen);
	seen.inode = socket->udiag_ino;
	seen.id = (uint64_t)socket->udiag_cookie[1] << 32 | socket->udiag_cookie[0];
	seen.listens = socket->udiag_state == TCP_LISTEN;
	conn_counts_see_unix(request->conns, request->count, &seen);
}

static void count_message(struct nlmsghdr *message, void *context)
{
	const struct count_request *request = context;

	if (request->kind == CONN_UNIX)
		count_unix(message, request);
	else
		count_inet(message, request);
}

void conn_counts_see_message(struct conn_count *conns, size_t count, enum conn_kind kind, struct nlmsghdr *message)
{
	struct count_request request = { conns, count, kind };

	count_message(message, &request);
}

static bool send_request(const void *message, size_t size, const struct count_request *request)
{
	struct count_request own = *request;

	return sock_diag_ask(message, size, count_message, &own);
}

/* The operations for a port: if it matches, jump to the end (accept); else go on with the next, or, behind the last,
 * jump beyond the end (reject). */
static void add_port(struct inet_diag_bc_op *op, uint16_t port, unsigned left)
{
	op[0] = (struct inet_diag_bc_op){ .code = INET_DIAG_BC_S_GE, .yes = 8, .no = left ? 20 : 24 };
	op[1] = (struct inet_diag_bc_op){ .no = port };
	op[2] = (struct inet_diag_bc_op){ .code = INET_DIAG_BC_S_LE, .yes = 8, .no = left ? 12 : 16 };
	op[3] = (struct inet_diag_bc_op){ .no = port };
	op[4] = (struct inet_diag_bc_op){ .code = INET_DIAG_BC_JMP, .yes = 4, .no = (uint16_t)(4 + left * 20) };
}

static uint32_t handshake_state(const struct count_request *request)
{
	for (size_t n = 0; n < request->count; n++) {
		if (request->conns[n].which != CONN_WHICH_CLIENTS)
			return 1u << TCP_SYN_RECV;
	}
	return 0;
}

static bool wants_ages(const struct count_request *request)
{
	for (size_t n = 0; n < request->count; n++) {
		if (request->conns[n].quiet_after)
			return true;
	}
	return false;
}

static bool request_ports(const struct count_request *request, int family, const uint16_t *ports, unsigned count)
{
	uint32_t entries = count * OPS_A_PORT;
	uint32_t operations = entries * (uint32_t)sizeof(struct inet_diag_bc_op);
	uint32_t program = RTA_LENGTH(operations);
	struct inet_request message = {
		.header = { .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .sdiag_family = (uint8_t)family,
			     .sdiag_protocol = request->kind == CONN_TCP ? IPPROTO_TCP : IPPROTO_UDP,
			     .idiag_states = 1u << TCP_ESTABLISHED },
		.program = { .rta_type = INET_DIAG_REQ_BYTECODE, .rta_len = (unsigned short)program },
	};

	if (request->kind == CONN_TCP && wants_ages(request))
		message.request.idiag_ext = 1 << (INET_DIAG_INFO - 1);
	if (request->kind == CONN_TCP)
		message.request.idiag_states |= 1u << TCP_CLOSE_WAIT | 1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2 |
						 1u << TCP_CLOSING | 1u << TCP_LAST_ACK | handshake_state(request);
	if (count == 1)
		/* The kernel compares a single port without a program. */
		message.request.id.idiag_sport = htons(ports[0]);
	for (unsigned n = 0; n < count; n++)
		add_port(&message.code[(size_t)n * OPS_A_PORT], ports[n], count - n - 1);
	message.header.nlmsg_len = (uint32_t)offsetof(struct inet_request, program) + (count == 1 ? 0 : program);
	return send_request(&message, message.header.nlmsg_len, request);
}

static bool is_new_port(const uint16_t *ports, unsigned count, uint16_t port)
{
	for (unsigned n = 0; n < count; n++) {
		if (ports[n] == port)
			return false;
	}
	return true;
}

/* Asks for a batch of counts, which has at most PORTS_MOST ports. */
static bool request_family(const struct count_request *request, int family)
{
	uint16_t ports[PORTS_MOST];
	unsigned count = 0;

	for (size_t n = 0; n < request->count; n++) {
		const struct conn_count *conn = &request->conns[n];

		if (conn->kind == request->kind && conn_count_has_family(conn, family) &&
		    is_new_port(ports, count, conn->port))
			ports[count++] = conn->port;
	}
	return !count || request_ports(request, family, ports, count);
}

/* Asks for IPv6 first: a connection that becomes one of AF_INET in between is counted twice, which is better than not
 * at all. */
static bool request_inet(struct conn_count *conns, size_t count, enum conn_kind kind)
{
	for (size_t n = 0; n < count; n += PORTS_MOST) {
		struct count_request request = { conns + n, count - n < PORTS_MOST ? count - n : PORTS_MOST, kind };

		if (!request_family(&request, AF_INET6) || !request_family(&request, AF_INET))
			return false;
	}
	return true;
}

static void count_queued(struct nlmsghdr *message, void *context)
{
	size_t header = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(struct unix_diag_msg)));
	int left = (int)message->nlmsg_len - (int)header;

	for (struct rtattr *at = (void *)((char *)message + header); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		const uint32_t *peers = RTA_DATA(at);

		for (size_t n = 0; at->rta_type == UNIX_DIAG_ICONS && n < RTA_PAYLOAD(at) / sizeof(*peers); n++)
			conn_count_see_queued(context, peers[n]);
	}
}

static struct unix_request {
	struct nlmsghdr header;
	struct unix_diag_req request;
} make_unix_request(unsigned flags, unsigned show)
{
	return (struct unix_request){
		.header = { .nlmsg_len = sizeof(struct unix_request), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) },
		.request = { .sdiag_family = AF_UNIX, .udiag_states = 1u << TCP_ESTABLISHED | 1u << TCP_LISTEN,
			     .udiag_show = show, .udiag_cookie = { ~0u, ~0u } },
	};
}

/* Asks for the connections in a listener's accept queue, which the dump does not show. The kernel reports them for one
 * socket at a time, and at most as many as fit into a page. */
static void request_queue(struct conn_count *conn)
{
	struct unix_request message = make_unix_request(0, UDIAG_SHOW_ICONS);

	message.request.udiag_ino = conn->inode;
	if (!sock_diag_ask(&message, sizeof(message), count_queued, conn))
		conn->cookies->failed = true;
}

/* Asks for the queues first: a client that is accepted in between is counted twice, which is better than not at all. */
static bool request_unix(struct conn_count *conns, size_t count)
{
	struct unix_request message =
		make_unix_request(NLM_F_DUMP, UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN | UDIAG_SHOW_PEER);
	struct count_request all = { conns, count, CONN_UNIX };
	bool only_queues = true;

	for (size_t n = 0; n < count; n++) {
		if (conns[n].kind == CONN_UNIX && conns[n].cookies && !conns[n].only_known)
			request_queue(&conns[n]);
		only_queues = only_queues && (conns[n].kind != CONN_UNIX || conns[n].which == CONN_WHICH_QUEUED);
	}
	return only_queues || send_request(&message, sizeof(message), &all);
}

bool conn_counts_ask_diag(struct conn_count *conns, size_t count, enum conn_kind kind)
{
	return kind == CONN_UNIX ? request_unix(conns, count) : request_inet(conns, count, kind);
}

/* Counts connections by /proc/net (proc_pid_net(5)), where sock_diag(7) is missing or forbidden. The lists are text:
 * columns separated by blanks, addresses as hexadecimal words in the machine's byte order. */

#define CONNECTING 2                    /* SS_CONNECTING of linux/net.h: in a queue, not yet accepted */
#define CONNECTED 3
#define ACCEPTS 0x10000u                /* __SO_ACCEPTCON */

/* A list while it is read: the counts to update, all of one kind and family. */
struct proc_net_table {
	struct conn_count *conns;
	size_t count;
	enum conn_kind kind;
	int family;
};

/* Parses an address and port such as "0100007F:1F90". */
static bool read_address(const char *text, int family, uint32_t *parts, unsigned *port)
{
	if (family == AF_INET)
		return sscanf(text, "%8" SCNx32 ":%4x", &parts[0], port) == 2;
	return sscanf(text, "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 ":%4x", &parts[0], &parts[1], &parts[2],
		      &parts[3], port) == 5;
}

static void read_inet_line(const char *line, const struct proc_net_table *table)
{
	unsigned state, port, peer_port;
	uint32_t parts[4], peer_words[4];
	char local[48], peer[48];
	struct seen_inet seen = { .family = (unsigned char)table->family, .address = parts, .peer = peer_words };
	uint64_t inode;

	if (sscanf(line, " %*[0-9]: %47s %47s %x %*s %*s %*s %*s %*s %" SCNu64, local, peer, &state, &inode) != 4 ||
	    !read_address(local, table->family, parts, &port) ||
	    !read_address(peer, table->family, peer_words, &peer_port) || state > UINT8_MAX)
		return;
	seen.state = (unsigned char)state;
	seen.port = (uint16_t)port;
	seen.held = inode != 0;
	conn_counts_see_inet(table->conns, table->count, table->kind, &seen);
}

static void read_unix_line(const char *line, const struct proc_net_table *table)
{
	struct seen_unix seen = { 0 };
	unsigned flags, state;
	int at = 0;

	if (sscanf(line, "%*[0-9a-fA-F]: %*s %*s %x %*s %x %*s %n", &flags, &state, &at) != 2 || !at || !line[at])
		return;
	if ((flags & ACCEPTS) || (state != CONNECTED && state != CONNECTING))
		return;                 /* connections in the queue have lines of their own */
	seen.name = line + at;
	seen.length = strcspn(seen.name, "\n");
	conn_counts_see_unix(table->conns, table->count, &seen);
}

static bool read_lines(const char *path, const struct proc_net_table *table,
		       void (*read_line)(const char *line, const struct proc_net_table *table))
{
	FILE *file = fopen(path, "re");
	size_t size = 0;
	char *line = NULL;
	bool good;

	if (!file)
		return false;
	while (getline(&line, &size, file) >= 0)
		read_line(line, table);
	good = feof(file) && !ferror(file);
	free(line);
	fclose(file);
	return good;
}

/* Without IPv6 there is no list of it, so a list is read only if a count needs it. */
static bool has_family(const struct proc_net_table *table)
{
	for (size_t n = 0; n < table->count; n++) {
		if (table->conns[n].kind == table->kind && conn_count_has_family(&table->conns[n], table->family))
			return true;
	}
	return false;
}

static bool read_family(struct conn_count *conns, size_t count, enum conn_kind kind, int family)
{
	static const char *const paths[CONN_KINDS][2] = {
		[CONN_TCP] = { "/proc/net/tcp", "/proc/net/tcp6" },
		[CONN_UDP] = { "/proc/net/udp", "/proc/net/udp6" },
	};
	struct proc_net_table table = { conns, count, kind, family };

	return !has_family(&table) || read_lines(paths[kind][family == AF_INET6], &table, read_inet_line);
}

/* Abstract names begin with a NUL, which the list writes as "@"; superd's paths begin with a slash. */
static void swap_abstract_prefix(struct conn_count *conns, size_t count, char from, char to)
{
	for (size_t n = 0; n < count; n++) {
		if (conns[n].kind == CONN_UNIX && conns[n].name[0] == from)
			conns[n].name[0] = to;
	}
}

static bool read_unix(struct conn_count *conns, size_t count)
{
	struct proc_net_table table = { conns, count, CONN_UNIX, AF_UNIX };
	bool good;

	swap_abstract_prefix(conns, count, '\0', '@');
	good = read_lines("/proc/net/unix", &table, read_unix_line);
	swap_abstract_prefix(conns, count, '@', '\0');
	return good;
}

bool conn_counts_read_proc(struct conn_count *conns, size_t count, enum conn_kind kind)
{
	if (kind == CONN_UNIX)
		return read_unix(conns, count);
	return read_family(conns, count, kind, AF_INET6) && read_family(conns, count, kind, AF_INET);
}

static bool has_kind(const struct conn_count *conns, size_t count, enum conn_kind kind)
{
	for (size_t n = 0; n < count; n++) {
		if (conns[n].kind == kind)
			return true;
	}
	return false;
}

/* Resets the counts of one kind: a count that failed half-way is not valid. */
static void reset_counts(struct conn_count *conns, size_t count, enum conn_kind kind, bool known)
{
	for (size_t n = 0; n < count; n++) {
		if (conns[n].kind != kind)
			continue;
		conns[n].count = conns[n].quiet = 0;
		conns[n].moved = UINT32_MAX;
		conns[n].peer_count = 0;
		conns[n].known = known;
	}
}

static bool count_kind(struct conn_count *conns, size_t count, enum conn_kind kind,
		       bool (*count_connections)(struct conn_count *conns, size_t count, enum conn_kind kind))
{
	reset_counts(conns, count, kind, true);
	return count_connections(conns, count, kind);
}

/* Marks queue counts as unknown. A list of /proc that changes while it is read may miss connections, which is too
 * unreliable to refuse clients by. */
static void forget_queue_counts(struct conn_count *conns, size_t count, enum conn_kind kind)
{
	for (size_t n = 0; n < count; n++)
		conns[n].known = conns[n].known && !(conns[n].kind == kind && conns[n].which == CONN_WHICH_QUEUED);
}

void conn_counts_run(struct conn_count *conns, size_t count)
{
	reset_counts(conns, count, CONN_NONE, false);
	for (unsigned kind = CONN_TCP; kind < CONN_KINDS; kind++) {
		if (!has_kind(conns, count, kind))
			continue;
		if (count_kind(conns, count, kind, conn_counts_ask_diag))
			continue;
		if (!count_kind(conns, count, kind, conn_counts_read_proc))
			reset_counts(conns, count, kind, false);
		forget_queue_counts(conns, count, kind);
	}
}
