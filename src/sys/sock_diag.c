/* One question to NETLINK_SOCK_DIAG and its answer, without a library. The kernel answers within
 * sendto(2), so a read that would wait means there is no answer. */
#include "sys/sock_diag.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct question {
	struct nlmsghdr header;
	struct unix_diag_req request;
};

static bool question_send(int diag, ino_t socket)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct question question = {
		.header = { .nlmsg_len = sizeof(question), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST },
		.request = { .sdiag_family = AF_UNIX, .udiag_states = ~0u, .udiag_ino = (uint32_t)socket,
			     .udiag_show = UDIAG_SHOW_VFS | UDIAG_SHOW_RQLEN, .udiag_cookie = { ~0u, ~0u } },
	};

	return sendto(diag, &question, sizeof(question), MSG_DONTWAIT, (struct sockaddr *)&kernel, sizeof(kernel)) ==
	       (ssize_t)sizeof(question);
}

static void attribute_read(struct rtattr *attribute, struct sock_diag_unix *out)
{
	struct unix_diag_vfs vfs;
	struct unix_diag_rqlen length;

	if (attribute->rta_type == UNIX_DIAG_VFS && RTA_PAYLOAD(attribute) >= sizeof(vfs)) {
		memcpy(&vfs, RTA_DATA(attribute), sizeof(vfs));
		out->has_node = true;
		out->node = vfs.udiag_vfs_ino;
	} else if (attribute->rta_type == UNIX_DIAG_RQLEN && RTA_PAYLOAD(attribute) >= sizeof(length)) {
		memcpy(&length, RTA_DATA(attribute), sizeof(length));
		out->has_queue = true;
		out->queue = length.udiag_rqueue;
	}
}

static bool answer_read(int diag, struct sock_diag_unix *out)
{
	union {
		struct nlmsghdr header;
		char bytes[1024];
	} answer;
	ssize_t got = recv(diag, &answer, sizeof(answer), MSG_DONTWAIT);
	struct rtattr *attribute;
	size_t left;

	if (got < (ssize_t)NLMSG_LENGTH(sizeof(struct unix_diag_msg)) || !NLMSG_OK(&answer.header, (size_t)got) ||
	    answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return false;
	left = answer.header.nlmsg_len - NLMSG_LENGTH(sizeof(struct unix_diag_msg));
	attribute = (void *)(answer.bytes + NLMSG_LENGTH(NLMSG_ALIGN(sizeof(struct unix_diag_msg))));
	while (RTA_OK(attribute, left)) {
		attribute_read(attribute, out);
		attribute = RTA_NEXT(attribute, left);
	}
	return true;
}

bool sock_diag_unix(int fd, struct sock_diag_unix *out)
{
	struct stat status;
	bool answered;
	int diag;

	*out = (struct sock_diag_unix){ 0 };
	if (fstat(fd, &status) < 0)
		return false;
	diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (diag < 0)
		return false;
	answered = question_send(diag, status.st_ino) && answer_read(diag, out);
	close(diag);
	return answered;
}
