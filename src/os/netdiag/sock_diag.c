/* Requests to NETLINK_SOCK_DIAG and their answers, without a library. The kernel answers within send(2), so a read
 * that would block means that there is no answer. */
#include "os/netdiag/netdiag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#define ANSWERS_MOST 65536              /* reads of one answer: a bound of millions of sockets */

size_t sock_diag_attribute(const struct nlmsghdr *message, size_t head, unsigned short type, void *out, size_t size)
{
	const char *at = (const char *)message + NLMSG_LENGTH(NLMSG_ALIGN(head));
	const char *end = (const char *)message + message->nlmsg_len;
	struct rtattr attribute;

	memset(out, 0, size);
	for (; at + sizeof(attribute) <= end; at += RTA_ALIGN(attribute.rta_len)) {
		size_t length;

		memcpy(&attribute, at, sizeof(attribute));
		if (attribute.rta_len < sizeof(attribute) || at + attribute.rta_len > end)
			break;
		if (attribute.rta_type != type)
			continue;
		length = attribute.rta_len - RTA_LENGTH(0);
		memcpy(out, at + RTA_LENGTH(0), length < size ? length : size);
		return length;
	}
	return 0;
}

size_t sock_diag_unix_attribute(const struct nlmsghdr *message, unsigned short type, void *out, size_t size)
{
	return sock_diag_attribute(message, sizeof(struct unix_diag_msg), type, out, size);
}

static bool ask(const void *request, size_t size, void (*each)(struct nlmsghdr *message, void *context), void *context)
{
	int diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	bool done = false, failed;
	UNINITIALIZED union {
		struct nlmsghdr header;
		char bytes[32768];
	} answer;

	/* Without an address it goes to the kernel, and the filter of a worker allows it. */
	failed = diag < 0 || send(diag, request, size, MSG_DONTWAIT) < 0;
	for (int n = 0; n < ANSWERS_MOST && !done && !failed; n++) {
		ssize_t got = recv(diag, &answer, sizeof(answer), MSG_DONTWAIT);
		size_t left = got > 0 ? (size_t)got : 0;

		if (got <= 0)
			break;
		for (struct nlmsghdr *message = &answer.header; NLMSG_OK(message, left);
		     message = NLMSG_NEXT(message, left)) {
			failed = failed || message->nlmsg_type == NLMSG_ERROR;
			done = message->nlmsg_type == NLMSG_DONE || failed;
			if (message->nlmsg_type == SOCK_DIAG_BY_FAMILY)
				each(message, context);
			done = done || !(message->nlmsg_flags & NLM_F_MULTI);
		}
	}
	fd_close(&diag);
	return done && !failed;
}

static void read_unix_message(struct nlmsghdr *message, void *context)
{
	struct sock_diag_unix *out = context;
	struct unix_diag_rqlen queue;
	struct unix_diag_vfs vfs;

	sock_diag_unix_attribute(message, UNIX_DIAG_VFS, &vfs, sizeof(vfs));
	sock_diag_unix_attribute(message, UNIX_DIAG_RQLEN, &queue, sizeof(queue));
	sock_diag_unix_attribute(message, UNIX_DIAG_ICONS, &out->first, sizeof(out->first));
	out->node = vfs.udiag_vfs_ino;
	out->queue = queue.udiag_rqueue;
}

/* flags: NLM_F_DUMP for all sockets; 0 for that of the inode. */
static bool ask_unix(struct unix_diag_req question, unsigned short flags,
		     void (*each)(struct nlmsghdr *message, void *context), void *context)
{
	struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST | flags },
		.request = question,
	};

	request.request.sdiag_family = AF_UNIX;
	memset(request.request.udiag_cookie, 0xff, sizeof(request.request.udiag_cookie));
	return ask(&request, sizeof(request), each, context);
}

bool sock_diag_unix(int fd, struct sock_diag_unix *out)
{
	struct unix_diag_req question = { .udiag_states = ~0u,
					  .udiag_show = UDIAG_SHOW_VFS | UDIAG_SHOW_RQLEN | UDIAG_SHOW_ICONS };
	struct stat status;

	*out = (struct sock_diag_unix){ 0 };
	if (fstat(fd, &status) < 0)
		return false;
	question.udiag_ino = (uint32_t)status.st_ino;
	return ask_unix(question, 0, read_unix_message, out);
}

bool sock_diag_list_unix(unsigned states, unsigned show, void (*each)(struct nlmsghdr *message, void *context),
			 void *context)
{
	const struct unix_diag_req question = { .udiag_states = states, .udiag_show = show };

	return ask_unix(question, NLM_F_DUMP, each, context);
}

struct node_search {
	uint32_t node, device;
	bool found;
};

/* A socket after shutdown(2) is in the state of one that listens, but takes no client. */
static void compare_node(struct nlmsghdr *message, void *context)
{
	struct node_search *search = context;
	struct unix_diag_vfs vfs;
	unsigned char shut;

	sock_diag_unix_attribute(message, UNIX_DIAG_SHUTDOWN, &shut, 1);
	if (!shut && sock_diag_unix_attribute(message, UNIX_DIAG_VFS, &vfs, sizeof(vfs)))
		search->found |= vfs.udiag_vfs_ino == search->node && vfs.udiag_vfs_dev == search->device;
}

bool sock_diag_unix_listens(const struct stat *node)
{
	struct node_search search = {
		.node = (uint32_t)node->st_ino,
		.device = major(node->st_dev) << 20 | minor(node->st_dev),      /* as the kernel stores it */
	};

	sock_diag_list_unix(1u << TCP_LISTEN, UDIAG_SHOW_VFS, compare_node, &search);
	return search.found;
}

bool sock_diag_inet(const struct sock_diag_filter *filter, void (*each)(struct nlmsghdr *message, void *context),
		    void *context)
{
	/* Who is not of the group leaps four bytes behind the end, which is how such a program says no. */
	struct by_group {
		struct rtattr head;
		struct inet_diag_bc_op op;
		uint32_t cgroup[2];
	};
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
		struct by_group by_group;
	} request = {
		.header = { .nlmsg_len = (uint32_t)(sizeof(request) - (filter->cgroup ? 0 : sizeof(struct by_group))),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .sdiag_family = (unsigned char)filter->family,
			     .sdiag_protocol = (unsigned char)filter->protocol, .idiag_ext = filter->extensions,
			     .idiag_states = filter->states,
			     .id.idiag_sport = htons(filter->port) },
		.by_group.head = { sizeof(struct by_group), INET_DIAG_REQ_BYTECODE },
		.by_group.op = { INET_DIAG_BC_CGROUP_COND, sizeof(struct inet_diag_bc_op) + sizeof(filter->cgroup),
				 sizeof(struct inet_diag_bc_op) + sizeof(filter->cgroup) + 4 },
	};

	memcpy(request.by_group.cgroup, &filter->cgroup, sizeof(filter->cgroup));
	return ask(&request, request.header.nlmsg_len, each, context);
}

int socket_int(int fd, int level, int option)
{
	int value = -1;
	socklen_t length = sizeof(value);

	return getsockopt(fd, level, option, &value, &length) == 0 ? value : -1;
}

uint64_t socket_id(int fd)
{
	uint64_t id = 0;
	socklen_t size = sizeof(id);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &id, &size) == 0 ? id : 0;
}

/* The time of the last received datagram: ioctl(SIOCGSTAMPNS), socket(7).
 *
 * If the service requests a time with each datagram (SO_TIMESTAMP and the like), the kernel no longer updates the
 * socket's own. The time is then reported as unknown, so that the socket is not taken for a quiet one. */

void datagram_stamp_read(int fd, struct datagram_stamp *last)
{
	static const int told[] = { SO_TIMESTAMP, SO_TIMESTAMPNS, SO_TIMESTAMPING };
	struct pollfd state = { fd, POLLIN, 0 };
	struct timespec time = { 0 };

	last->known = true;
	for (size_t n = 0; n < sizeof(told) / sizeof(*told); n++)
		last->known &= socket_int(fd, SOL_SOCKET, told[n]) <= 0;
	if (last->known && ioctl(fd, SIOCGSTAMPNS, &time) < 0)
		last->known = errno == ENOENT;  /* none yet */
	last->stamp = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
	last->waits = poll(&state, 1, 0) > 0;
}
