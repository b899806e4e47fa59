/* The head of a queue of datagrams, to see whether a service receives any.
 *
 * The queue's length does not tell "received none" from "received one, and another came", so the first datagram is
 * compared. A FIFO cannot be asked: FIONREAD takes the pipe's lock, which any process that has it open can hold for
 * ever. */
#include "os/netdiag/queue_ids.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/hash.h"
#include "os/netdiag/foreign_socket.h"

static size_t at_most(size_t size, size_t most)
{
	return size < most ? size : most;
}

/* Hashes the sender and the first bytes of the first datagram (FNV-1a). true: *any tells whether there is one, and *id
 * is its hash. */
static bool hash_first_datagram(int fd, uint64_t *id, bool *any)
{
	struct sockaddr_storage sender = { 0 };
	struct iovec bytes = { (char[512]){ 0 }, 512 };
	struct msghdr message = {
		.msg_name = &sender, .msg_namelen = sizeof(sender), .msg_iov = &bytes, .msg_iovlen = 1
	};
	ssize_t got = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);

	*id = HASH_START;
	*any = got >= 0;
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK;
	*id = hash_bytes(*id, &sender, at_most(message.msg_namelen, sizeof(sender)));
	*id = hash_bytes(*id, bytes.iov_base, at_most((size_t)got, bytes.iov_len)) ^ (uint64_t)got;
	return true;
}

static bool has_datagrams(int fd, const struct listen *listen)
{
	enum endpoint_kind kind = (enum endpoint_kind)listen->address->kind;

	if (kind == ENDPOINT_UNIX_DGRAM && foreign_socket_is(fd))
		return false;           /* MSG_PEEK takes the lock of the receiving socket */
	return fd >= 0 && (kind == ENDPOINT_UDP || kind == ENDPOINT_UNIX_DGRAM || kind == ENDPOINT_NETLINK);
}

bool queue_ids_read(int fd, const struct listen *listen, struct queue_ids *ids)
{
	uint64_t id;
	bool any;

	ids->count = 0;
	if (!has_datagrams(fd, listen) || !hash_first_datagram(fd, &id, &any))
		return false;
	if (!any)
		return true;
	if (!ids->room) {
		ids->id = malloc(sizeof(*ids->id));
		if (!ids->id)
			return false;
		ids->room = 1;
	}
	ids->id[ids->count++] = id;
	return true;
}

void queue_ids_free(struct queue_ids *ids)
{
	free(ids->id);
	*ids = (struct queue_ids){ 0 };
}

bool queue_ids_have_moved(int fd, const struct listen *listen, const struct queue_ids *before)
{
	uint64_t id;
	bool any;

	return !before->count || !has_datagrams(fd, listen) || !hash_first_datagram(fd, &id, &any) || !any ||
	       id != before->id[0];
}
