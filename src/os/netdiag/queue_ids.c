/* The head of a queue of datagrams, to see whether a service receives any.
 *
 * The queue's length does not tell "received none" from "received one, and another came", so the first datagram is
 * compared. For a FIFO only the number of bytes is known. A helper process asks for it: FIONREAD takes the pipe's lock,
 * which any process that has the FIFO open can hold for ever. */
#include "os/netdiag/queue_ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "lib/hash.h"
#include "os/foreign/fork_with_timeout.h"
#include "os/netdiag/foreign_socket.h"

#define FIFO_TIMEOUT 100                /* timeout of the helper process in milliseconds */
#define FIFO_PAUSE 20                   /* seconds without a new attempt after a timeout */

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

static int send_fifo_bytes(const void *with, struct buf *text, struct buf *unused)
{
	int bytes;

	(void)unused;
	if (ioctl(*(const int *)with, FIONREAD, &bytes) == 0)
		buf_add(text, (const char *)&bytes, sizeof(bytes));
	errno = 0;
	return -1;
}

/* The loop waits for the helper, so after a timeout none is started for a while. */
static bool count_fifo_bytes(int fd, uint64_t *id, bool *any)
{
	static double paused_until;
	struct buf text = { 0 }, unused = { 0 };
	double now = clock_now();
	int bytes = 0;
	bool good;

	if (now < paused_until)
		return false;
	if (fork_with_timeout(send_fifo_bytes, &fd, fd, FIFO_TIMEOUT, &text, &unused) < 0 && errno == ETIMEDOUT)
		paused_until = now + FIFO_PAUSE;
	good = text.length == sizeof(bytes);
	if (good)
		memcpy(&bytes, text.data, sizeof(bytes));
	buf_free(&text);
	buf_free(&unused);
	*id = (uint64_t)bytes;
	*any = bytes > 0;
	return good;
}

static bool has_datagrams(int fd, const struct listen *listen)
{
	enum endpoint_kind kind = (enum endpoint_kind)listen->address->kind;

	if (kind == ENDPOINT_UNIX_DGRAM && foreign_socket_is(fd))
		return false;           /* MSG_PEEK takes the lock of the receiving socket */
	return fd >= 0 && (kind == ENDPOINT_UDP || kind == ENDPOINT_UNIX_DGRAM || kind == ENDPOINT_NETLINK ||
			   kind == ENDPOINT_FIFO);
}

static bool read_head(int fd, const struct listen *listen, uint64_t *id, bool *any)
{
	return listen->address->kind == ENDPOINT_FIFO ? count_fifo_bytes(fd, id, any)
						      : hash_first_datagram(fd, id, any);
}

bool queue_ids_read(int fd, const struct listen *listen, struct queue_ids *ids)
{
	uint64_t id;
	bool any;

	ids->count = 0;
	if (!has_datagrams(fd, listen) || !read_head(fd, listen, &id, &any))
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

	return !before->count || !has_datagrams(fd, listen) || !read_head(fd, listen, &id, &any) || !any ||
	       id != before->id[0];
}
