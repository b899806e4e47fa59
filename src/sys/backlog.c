/* Identities of those who wait. The hard thing is that a queue's length can't tell "took none" from "took one, and
 * another came": cookies of sockets can. Asked only of services that look as if they took nobody, so its cost is
 * on no usual path. */
#include "sys/backlog.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/bind.h"

struct visit {
	void (*see)(struct visit *visit, uint64_t id);
	struct backlog *taken;          /* backlog_take: where they go */
	const struct backlog *before;   /* backlog_moved: whom to look for, */
	unsigned seen;                  /* and, as bits, who was there */
	bool everywhere;                /* TCP: the listener's address is the wildcard; */
	unsigned char address[16];      /* else another may listen at the same port of another address */
};

#if defined(HAVE_LINUX_INET_DIAG_H) && defined(HAVE_LINUX_UNIX_DIAG_H)
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>

#define ANSWERS_MOST 256                /* reads of one answer: a bound, thousands of sockets long */

/* Calls each with every message of the answer to a question. false: the kernel does not say. */
static bool ask(const void *question, size_t size, void (*each)(struct nlmsghdr *message, struct visit *visit),
		struct visit *visit)
{
	int diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	bool done = false, failed = false;
	union {
		struct nlmsghdr header;
		char bytes[16384];
	} answer;

	if (diag < 0 || sendto(diag, question, size, MSG_DONTWAIT, (struct sockaddr *)&kernel, sizeof(kernel)) < 0) {
		if (diag >= 0)
			close(diag);
		return false;
	}
	for (int n = 0; n < ANSWERS_MOST && !done; n++) {
		ssize_t got = recv(diag, &answer, sizeof(answer), MSG_DONTWAIT);
		size_t left = got > 0 ? (size_t)got : 0;

		if (got <= 0)
			break;
		for (struct nlmsghdr *message = &answer.header; NLMSG_OK(message, left);
		     message = NLMSG_NEXT(message, left)) {
			failed = failed || message->nlmsg_type == NLMSG_ERROR;
			done = message->nlmsg_type == NLMSG_DONE || failed;
			if (message->nlmsg_type == SOCK_DIAG_BY_FAMILY)
				each(message, visit);
			done = done || !(message->nlmsg_flags & NLM_F_MULTI);
		}
	}
	close(diag);
	return done && !failed;
}

static void see_tcp(struct nlmsghdr *message, struct visit *visit)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || socket->idiag_inode != 0)
		return;
	if (visit->everywhere || !memcmp(socket->id.idiag_src, visit->address, sizeof(visit->address)))
		visit->see(visit, (uint64_t)socket->id.idiag_cookie[1] << 32 | socket->id.idiag_cookie[0]);
}

static void note_address(const struct sockaddr_in6 *name, struct visit *visit)
{
	static const unsigned char none[sizeof(visit->address)];

	if (name->sin6_family == AF_INET)
		memcpy(visit->address, &((const struct sockaddr_in *)(const void *)name)->sin_addr, 4);
	else
		memcpy(visit->address, &name->sin6_addr, sizeof(visit->address));
	visit->everywhere = !memcmp(visit->address, none, sizeof(none));
}

static bool visit_tcp(int fd, struct visit *visit)
{
	struct sockaddr_in6 name = { 0 };
	socklen_t length = sizeof(name);
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} question = {
		.header = { .nlmsg_len = sizeof(question),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .sdiag_protocol = IPPROTO_TCP,
			     .idiag_states = 1u << TCP_ESTABLISHED | 1u << TCP_CLOSE_WAIT },
	};

	if (getsockname(fd, (struct sockaddr *)&name, &length) < 0)
		return false;
	note_address(&name, visit);
	question.request.sdiag_family = (uint8_t)name.sin6_family;
	question.request.id.idiag_sport = name.sin6_port;       /* at the same place in sockaddr_in */
	return ask(&question, sizeof(question), see_tcp, visit);
}

static void see_unix(struct nlmsghdr *message, struct visit *visit)
{
	size_t header = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(struct unix_diag_msg)));
	int left = (int)message->nlmsg_len - (int)header;

	for (struct rtattr *at = (void *)((char *)message + header); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		const uint32_t *inodes = RTA_DATA(at);

		for (size_t n = 0; at->rta_type == UNIX_DIAG_ICONS && n < RTA_PAYLOAD(at) / sizeof(*inodes); n++)
			visit->see(visit, inodes[n]);
	}
}

static bool visit_unix(int fd, struct visit *visit)
{
	struct stat status;
	struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} question = {
		.header = { .nlmsg_len = sizeof(question),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST },
		.request = { .sdiag_family = AF_UNIX,
			     .udiag_states = ~0u,
			     .udiag_show = UDIAG_SHOW_ICONS,
			     .udiag_cookie = { ~0u, ~0u } },
	};

	if (fstat(fd, &status) < 0)
		return false;
	question.request.udiag_ino = (uint32_t)status.st_ino;
	return ask(&question, sizeof(question), see_unix, visit);
}
#else
static bool visit_tcp(int fd, struct visit *visit)
{
	(void)fd, (void)visit;
	return false;
}

static bool visit_unix(int fd, struct visit *visit)
{
	(void)fd, (void)visit;
	return false;
}
#endif

/* A datagram is known by its sender and its first bytes. */
static bool visit_datagram(int fd, struct visit *visit)
{
	struct sockaddr_storage sender = { 0 };
	struct iovec bytes = { (char[512]){ 0 }, 512 };
	struct msghdr message = {
		.msg_name = &sender, .msg_namelen = sizeof(sender), .msg_iov = &bytes, .msg_iovlen = 1
	};
	ssize_t got = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);
	uint64_t id = 14695981039346656037u;

	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK;
	for (size_t n = 0; n < message.msg_namelen && n < sizeof(sender); n++)
		id = (id ^ ((unsigned char *)&sender)[n]) * 1099511628211u;
	for (size_t n = 0; n < (size_t)got && n < bytes.iov_len; n++)
		id = (id ^ ((unsigned char *)bytes.iov_base)[n]) * 1099511628211u;
	visit->see(visit, id ^ (uint64_t)got);
	return true;
}

static bool visit_waiting(int fd, const struct listen *listen, struct visit *visit)
{
	switch ((enum endpoint_kind)listen->address->kind) {
	case ENDPOINT_TCP:
		return visit_tcp(fd, visit);
	case ENDPOINT_UNIX:
	case ENDPOINT_SEQPACKET:
		return visit_unix(fd, visit);
	case ENDPOINT_UDP:
	case ENDPOINT_UNIX_DGRAM:
	case ENDPOINT_NETLINK:
		return visit_datagram(fd, visit);
	default:
		return false;
	}
}

static void take(struct visit *visit, uint64_t id)
{
	if (visit->taken->count < BACKLOG_MOST)
		visit->taken->id[visit->taken->count++] = id;
}

bool backlog_take(int fd, const struct listen *listen, struct backlog *backlog)
{
	struct visit visit = { .see = take, .taken = backlog };

	backlog->count = 0;
	return fd >= 0 && visit_waiting(fd, listen, &visit);
}

static void look(struct visit *visit, uint64_t id)
{
	for (unsigned n = 0; n < visit->before->count; n++) {
		if (visit->before->id[n] == id)
			visit->seen |= 1u << n;
	}
}

bool backlog_moved(int fd, const struct listen *listen, const struct backlog *before)
{
	struct visit visit = { .see = look, .before = before };

	if (fd < 0 || !before->count || !visit_waiting(fd, listen, &visit))
		return true;
	return visit.seen != (1u << before->count) - 1;
}
