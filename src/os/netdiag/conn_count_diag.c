/* Counts connections by sock_diag(7).
 *
 * The kernel walks through every connection of the machine. A small bytecode program in the request
 * (INET_DIAG_REQ_BYTECODE) makes it report only those at the requested ports. That program runs for each connection, so
 * one request names a limited number of ports. */
#include "os/netdiag/conn_count_internal.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "os/netdiag/sock_diag.h"

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
	uint32_t words = count * OPS_A_PORT;
	uint32_t operations = words * (uint32_t)sizeof(struct inet_diag_bc_op);
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
