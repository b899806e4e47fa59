/* What is at the head of a queue of datagrams. The hard thing is that its length can't tell "took none" from "took one,
 * and another came": what it consists of can. */
#include "sys/backlog.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "sys/foreign_socket.h"

/* A datagram is known by its sender and its first bytes. true: there is one, with its id, or none. */
static bool look(int fd, uint64_t *id, bool *any)
{
	struct sockaddr_storage sender = { 0 };
	struct iovec bytes = { (char[512]){ 0 }, 512 };
	struct msghdr message = {
		.msg_name = &sender, .msg_namelen = sizeof(sender), .msg_iov = &bytes, .msg_iovlen = 1
	};
	ssize_t got = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);

	*id = 14695981039346656037u;
	*any = got >= 0;
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK;
	for (size_t n = 0; n < message.msg_namelen && n < sizeof(sender); n++)
		*id = (*id ^ ((unsigned char *)&sender)[n]) * 1099511628211u;
	for (size_t n = 0; n < (size_t)got && n < bytes.iov_len; n++)
		*id = (*id ^ ((unsigned char *)bytes.iov_base)[n]) * 1099511628211u;
	*id ^= (uint64_t)got;
	return true;
}

static bool has_datagrams(int fd, const struct listen *listen)
{
	enum endpoint_kind kind = (enum endpoint_kind)listen->address->kind;

	if (kind == ENDPOINT_UNIX_DGRAM && foreign_socket_is(fd))
		return false;           /* a look takes the lock of who receives there */
	return fd >= 0 && (kind == ENDPOINT_UDP || kind == ENDPOINT_UNIX_DGRAM || kind == ENDPOINT_NETLINK);
}

bool backlog_take(int fd, const struct listen *listen, struct backlog *backlog)
{
	uint64_t id;
	bool any;

	backlog->count = 0;
	if (!has_datagrams(fd, listen) || !look(fd, &id, &any))
		return false;
	if (!any)
		return true;
	if (!backlog->room) {
		backlog->id = malloc(sizeof(*backlog->id));
		if (!backlog->id)
			return false;
		backlog->room = 1;
	}
	backlog->id[backlog->count++] = id;
	return true;
}

void backlog_free(struct backlog *backlog)
{
	free(backlog->id);
	*backlog = (struct backlog){ 0 };
}

bool backlog_moved(int fd, const struct listen *listen, const struct backlog *before)
{
	uint64_t id;
	bool any;

	return !before->count || !has_datagrams(fd, listen) || !look(fd, &id, &any) || !any || id != before->id[0];
}
