/* Counts connections by sock_diag(7).
 *
 * The kernel goes through every connection of the machine. A small program in the question makes it report only those
 * at the ports asked for. That program runs for each connection, so one question names a limited number of ports. */
#include "os/netdiag/conn_count_internal.h"

#if defined(HAVE_LINUX_INET_DIAG_H) && defined(HAVE_LINUX_UNIX_DIAG_H)
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "os/netdiag/sock_diag.h"

#define PORTS_MOST 64                   /* of one question */
#define OPS_A_PORT 5                    /* of the program: two of two words, and a jump */

/* The counts of one question, all of one kind and family. */
struct survey {
	struct conn_count *conns;
	size_t count;
	enum conn_kind kind;
};

struct inet_question {
	struct nlmsghdr header;
	struct inet_diag_req_v2 request;
	struct rtattr program;
	struct inet_diag_bc_op code[PORTS_MOST * OPS_A_PORT];
};

static void see_inet(struct nlmsghdr *message, const struct survey *survey)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct seen_inet seen;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
		return;
	seen = (struct seen_inet){
		.family = socket->idiag_family, .state = socket->idiag_state, .port = ntohs(socket->id.idiag_sport),
		.interface = socket->id.idiag_if, .knows_interface = true,
		.held = socket->idiag_inode != 0, .address = socket->id.idiag_src,
		.peer = socket->id.idiag_dst,
		.id = (uint64_t)socket->id.idiag_cookie[1] << 32 | socket->id.idiag_cookie[0],
	};
	conn_counts_see_inet(survey->conns, survey->count, survey->kind, &seen);
}

static void see_attribute(struct rtattr *attribute, struct seen_unix *seen)
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

static void see_unix(struct nlmsghdr *message, const struct survey *survey)
{
	const struct unix_diag_msg *socket = NLMSG_DATA(message);
	size_t header = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(*socket)));
	int left = (int)message->nlmsg_len - (int)header;
	struct seen_unix seen = { 0 };

	if (left < 0)
		return;
	for (struct rtattr *at = (void *)((char *)message + header); RTA_OK(at, left); at = RTA_NEXT(at, left))
		see_attribute(at, &seen);
	seen.inode = socket->udiag_ino;
	seen.id = (uint64_t)socket->udiag_cookie[1] << 32 | socket->udiag_cookie[0];
	seen.listens = socket->udiag_state == TCP_LISTEN;
	conn_counts_see_unix(survey->conns, survey->count, &seen);
}

static void see(struct nlmsghdr *message, void *context)
{
	const struct survey *survey = context;

	if (survey->kind == CONN_UNIX)
		see_unix(message, survey);
	else
		see_inet(message, survey);
}

static bool ask(const void *question, size_t size, const struct survey *survey)
{
	struct survey own = *survey;

	return sock_diag_ask(question, size, see, &own);
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

static uint32_t handshakes(const struct survey *survey)
{
	for (size_t n = 0; n < survey->count; n++) {
		if (survey->conns[n].which != CONN_WHICH_CLIENTS)
			return 1u << TCP_SYN_RECV;
	}
	return 0;
}

static bool ask_ports(const struct survey *survey, int family, const uint16_t *ports, unsigned count)
{
	uint32_t words = count * OPS_A_PORT;
	uint32_t operations = words * (uint32_t)sizeof(struct inet_diag_bc_op);
	uint32_t program = RTA_LENGTH(operations);
	struct inet_question question = {
		.header = { .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .sdiag_family = (uint8_t)family,
			     .sdiag_protocol = survey->kind == CONN_TCP ? IPPROTO_TCP : IPPROTO_UDP,
			     .idiag_states = 1u << TCP_ESTABLISHED },
		.program = { .rta_type = INET_DIAG_REQ_BYTECODE, .rta_len = (unsigned short)program },
	};

	if (survey->kind == CONN_TCP)
		question.request.idiag_states |= 1u << TCP_CLOSE_WAIT | 1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2 |
						 1u << TCP_CLOSING | 1u << TCP_LAST_ACK | handshakes(survey);
	if (count == 1)
		question.request.id.idiag_sport = htons(ports[0]);      /* the kernel compares it without a program */
	for (unsigned n = 0; n < count; n++)
		add_port(&question.code[(size_t)n * OPS_A_PORT], ports[n], count - n - 1);
	question.header.nlmsg_len = (uint32_t)offsetof(struct inet_question, program) + (count == 1 ? 0 : program);
	return ask(&question, question.header.nlmsg_len, survey);
}

static bool is_new(const uint16_t *ports, unsigned count, uint16_t port)
{
	for (unsigned n = 0; n < count; n++) {
		if (ports[n] == port)
			return false;
	}
	return true;
}

/* A batch of counts, which has no more ports than that. */
static bool ask_family(const struct survey *batch, int family)
{
	uint16_t ports[PORTS_MOST];
	unsigned count = 0;

	for (size_t n = 0; n < batch->count; n++) {
		const struct conn_count *conn = &batch->conns[n];

		if (conn->kind == batch->kind && conn->family == family && is_new(ports, count, conn->port))
			ports[count++] = conn->port;
	}
	return !count || ask_ports(batch, family, ports, count);
}

static bool ask_inet(struct conn_count *conns, size_t count, enum conn_kind kind)
{
	for (size_t n = 0; n < count; n += PORTS_MOST) {
		struct survey batch = { conns + n, count - n < PORTS_MOST ? count - n : PORTS_MOST, kind };

		if (!ask_family(&batch, AF_INET) || !ask_family(&batch, AF_INET6))
			return false;
	}
	return true;
}

static void see_queue(struct nlmsghdr *message, void *context)
{
	size_t header = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(struct unix_diag_msg)));
	int left = (int)message->nlmsg_len - (int)header;

	for (struct rtattr *at = (void *)((char *)message + header); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		const uint32_t *peers = RTA_DATA(at);

		for (size_t n = 0; at->rta_type == UNIX_DIAG_ICONS && n < RTA_PAYLOAD(at) / sizeof(*peers); n++)
			conn_count_see_queued(context, peers[n]);
	}
}

static struct unix_question {
	struct nlmsghdr header;
	struct unix_diag_req request;
} unix_question(unsigned flags, unsigned show)
{
	return (struct unix_question){
		.header = { .nlmsg_len = sizeof(struct unix_question), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) },
		.request = { .sdiag_family = AF_UNIX, .udiag_states = 1u << TCP_ESTABLISHED | 1u << TCP_LISTEN,
			     .udiag_show = show, .udiag_cookie = { ~0u, ~0u } },
	};
}

/* Those in its queue, of whom the kernel's list says nothing. That is told of one socket, and only of as many as a
 * page has room for. */
static void ask_queue(struct conn_count *conn)
{
	struct unix_question question = unix_question(0, UDIAG_SHOW_ICONS);

	question.request.udiag_ino = conn->inode;
	if (!sock_diag_ask(&question, sizeof(question), see_queue, conn))
		conn->cookies->failed = true;
}

/* The queues come first: who is taken meanwhile is seen twice, which is better than not. */
static bool ask_unix(struct conn_count *conns, size_t count)
{
	struct unix_question question = unix_question(NLM_F_DUMP, UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN | UDIAG_SHOW_PEER);
	struct survey all = { conns, count, CONN_UNIX };
	bool queues_alone = true;

	for (size_t n = 0; n < count; n++) {
		if (conns[n].kind == CONN_UNIX && conns[n].cookies && !conns[n].only_known)
			ask_queue(&conns[n]);
		queues_alone = queues_alone && (conns[n].kind != CONN_UNIX || conns[n].which == CONN_WHICH_QUEUED);
	}
	return queues_alone || ask(&question, sizeof(question), &all);
}

bool conn_counts_ask_diag(struct conn_count *conns, size_t count, enum conn_kind kind)
{
	return kind == CONN_UNIX ? ask_unix(conns, count) : ask_inet(conns, count, kind);
}
#else
bool conn_counts_ask_diag(struct conn_count *conns, size_t count, enum conn_kind kind)
{
	(void)conns, (void)count, (void)kind;
	return false;
}
#endif
