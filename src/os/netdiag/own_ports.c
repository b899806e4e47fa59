/* The kernel tells the inode of each socket, and /proc which process has it. A connection within a backend shows two
 * sockets of it: each with the other's addresses (TCP), or with the other's inode (unix). */
#include "os/netdiag/own_ports.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>

#include "lib/array.h"
#include "os/netdiag/conn_count_internal.h"
#include "os/netdiag/sock_diag.h"

/* One end of a TCP connection. */
struct tcp_end {
	unsigned char local[16], peer[16];
	uint16_t port, peer_port;
	uint64_t cookie;
};

struct port_search {
	const uint32_t *nodes;
	size_t node_count;
	struct conn_count *own;         /* of own_ports_find */
	size_t count, most;
	struct tcp_end *ends;           /* of own_ports_note_internal */
	size_t end_count, end_room;
	struct cookie_set *cookies;
};

static int compare_nodes(const void *a, const void *b)
{
	const uint32_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

static bool is_held(const struct port_search *search, uint32_t node)
{
	return node && search->node_count &&
	       bsearch(&node, search->nodes, search->node_count, sizeof(node), compare_nodes);
}

bool own_port_read_tcp(struct nlmsghdr *message, struct conn_count *own)
{
	static const unsigned char none[sizeof(own->address)];
	const struct inet_diag_msg *socket = NLMSG_DATA(message);

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || socket->idiag_state != TCP_LISTEN)
		return false;
	*own = (struct conn_count){ .kind = CONN_TCP, .family = socket->idiag_family,
				    .port = ntohs(socket->id.idiag_sport), .interface = socket->id.idiag_if };
	memcpy(own->address, socket->id.idiag_src, own->family == AF_INET ? 4 : 16);
	own->is_wildcard = !memcmp(own->address, none, sizeof(none));
	return true;
}

/* A listener without a name has no clients but those within the backend. */
bool own_port_read_unix(struct nlmsghdr *message, struct conn_count *own)
{
	const struct unix_diag_msg *socket = NLMSG_DATA(message);
	const struct rtattr *name = sock_diag_unix_attribute(message, UNIX_DIAG_NAME, 1);
	size_t length;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || socket->udiag_state != TCP_LISTEN || !name)
		return false;
	*own = (struct conn_count){ .kind = CONN_UNIX, .inode = socket->udiag_ino };
	length = RTA_PAYLOAD(name) < sizeof(own->name) ? RTA_PAYLOAD(name) : sizeof(own->name);
	memcpy(own->name, sock_diag_attribute(name), length);
	own->length = (unsigned char)(own->name[0] ? strnlen(own->name, length) : length);
	return true;
}

static void find_tcp(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct port_search *search = context;

	if (search->count < search->most && message->nlmsg_len >= NLMSG_LENGTH(sizeof(*socket)) &&
	    is_held(search, socket->idiag_inode) && own_port_read_tcp(message, &search->own[search->count]))
		search->count++;
}

static void find_unix(struct nlmsghdr *message, void *context)
{
	const struct unix_diag_msg *socket = NLMSG_DATA(message);
	struct port_search *search = context;

	if (search->count < search->most && message->nlmsg_len >= NLMSG_LENGTH(sizeof(*socket)) &&
	    is_held(search, socket->udiag_ino) && own_port_read_unix(message, &search->own[search->count]))
		search->count++;
}

static void list_tcp(unsigned states, void (*each)(struct nlmsghdr *message, void *context), struct port_search *search)
{
	sock_diag_inet(&(struct sock_diag_filter){ AF_INET, IPPROTO_TCP, states, 0 }, each, search);
	sock_diag_inet(&(struct sock_diag_filter){ AF_INET6, IPPROTO_TCP, states, 0 }, each, search);
}

size_t own_ports_find(const uint32_t *nodes, size_t count, struct conn_count *own, size_t most)
{
	struct port_search search = { .nodes = nodes, .node_count = count, .own = own, .most = most };

	list_tcp(1u << TCP_LISTEN, find_tcp, &search);
	sock_diag_list_unix(1u << TCP_LISTEN, UDIAG_SHOW_NAME, find_unix, &search);
	return search.count;
}

static void note_cookie(struct cookie_set *cookies, uint64_t cookie)
{
	uint64_t *list = array_grow(cookies->list, &cookies->room, cookies->count, sizeof(*list));

	cookies->failed |= !list;
	if (!list)
		return;
	cookies->list = list;
	cookies->list[cookies->count++] = cookie | COOKIE_HELD;
}

static void note_end(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct port_search *search = context;
	struct tcp_end *ends, *end;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || !is_held(search, socket->idiag_inode))
		return;
	ends = array_grow(search->ends, &search->end_room, search->end_count, sizeof(*ends));
	if (!ends)
		return;
	search->ends = ends;
	end = &ends[search->end_count++];
	*end = (struct tcp_end){ .port = socket->id.idiag_sport, .peer_port = socket->id.idiag_dport,
				 .cookie = (uint64_t)socket->id.idiag_cookie[1] << 32 | socket->id.idiag_cookie[0] };
	memcpy(end->local, socket->id.idiag_src, sizeof(end->local));
	memcpy(end->peer, socket->id.idiag_dst, sizeof(end->peer));
}

static void note_unix(struct nlmsghdr *message, void *context)
{
	const struct unix_diag_msg *socket = NLMSG_DATA(message);
	const struct rtattr *attribute = sock_diag_unix_attribute(message, UNIX_DIAG_PEER, sizeof(uint32_t));
	struct port_search *search = context;
	uint32_t peer;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || !attribute)
		return;
	memcpy(&peer, sock_diag_attribute(attribute), sizeof(peer));
	if (is_held(search, socket->udiag_ino) && is_held(search, peer))
		note_cookie(search->cookies, (uint64_t)socket->udiag_cookie[1] << 32 | socket->udiag_cookie[0]);
}

/* By addresses and ports alone. */
static int compare_ends(const void *a, const void *b)
{
	const struct tcp_end *first = a, *second = b;

	return memcmp(first, second, offsetof(struct tcp_end, peer_port) + sizeof(first->peer_port));
}

static bool has_other_end(const struct port_search *search, const struct tcp_end *end)
{
	struct tcp_end other = { .port = end->peer_port, .peer_port = end->port };

	memcpy(other.local, end->peer, sizeof(other.local));
	memcpy(other.peer, end->local, sizeof(other.peer));
	return bsearch(&other, search->ends, search->end_count, sizeof(other), compare_ends);
}

void own_ports_note_internal(const uint32_t *nodes, size_t count, struct cookie_set *cookies)
{
	struct port_search search = { .nodes = nodes, .node_count = count, .cookies = cookies };

	list_tcp(1u << TCP_ESTABLISHED | 1u << TCP_CLOSE_WAIT, note_end, &search);
	if (search.end_count)
		qsort(search.ends, search.end_count, sizeof(*search.ends), compare_ends);
	for (size_t n = 0; n < search.end_count; n++) {
		if (has_other_end(&search, &search.ends[n]))
			note_cookie(cookies, search.ends[n].cookie);
	}
	free(search.ends);
	sock_diag_list_unix(1u << TCP_ESTABLISHED, UDIAG_SHOW_PEER, note_unix, &search);
	cookie_set_sort(cookies);
}
