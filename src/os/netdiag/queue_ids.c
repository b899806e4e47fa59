/* The head of a queue of datagrams, to see whether a service takes any.
 *
 * The queue's length does not tell "took none" from "took one, and another came", so the first datagram is compared. Of
 * a fifo only the number of bytes is known. A separate process asks for it: FIONREAD takes the pipe's lock, which any
 * process that has the fifo open can hold for ever. */
#include "os/netdiag/queue_ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/hash.h"
#include "os/foreign/fork_with_timeout.h"
#include "os/netdiag/foreign_socket.h"

#define FIFO_PATIENCE 100               /* milliseconds */
#define FIFO_REST 20                    /* seconds */

static size_t at_most(size_t size, size_t most)
{
	return size < most ? size : most;
}

/* A datagram is known by its sender and its first bytes. true: there is one, with its id, or none. */
static bool look(int fd, uint64_t *id, bool *any)
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

static int count_bytes(const void *with, struct buf *text, struct buf *unused)
{
	int bytes;

	(void)unused;
	if (ioctl(*(const int *)with, FIONREAD, &bytes) == 0)
		buf_add(text, (const char *)&bytes, sizeof(bytes));
	errno = 0;
	return -1;
}

/* The loop waits meanwhile: after one that does not answer, none is asked for a while. */
static bool look_into_fifo(int fd, uint64_t *id, bool *any)
{
	static double silent_until;
	struct buf text = { 0 }, unused = { 0 };
	double now = clock_now();
	int bytes = 0;
	bool good;

	if (now < silent_until)
		return false;
	if (fork_with_timeout(count_bytes, &fd, fd, FIFO_PATIENCE, &text, &unused) < 0 && errno == ETIMEDOUT)
		silent_until = now + FIFO_REST;
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
		return false;           /* a look takes the lock of who receives there */
	return fd >= 0 && (kind == ENDPOINT_UDP || kind == ENDPOINT_UNIX_DGRAM || kind == ENDPOINT_NETLINK ||
			   kind == ENDPOINT_FIFO);
}

static bool look_at(int fd, const struct listen *listen, uint64_t *id, bool *any)
{
	return listen->address->kind == ENDPOINT_FIFO ? look_into_fifo(fd, id, any) : look(fd, id, any);
}

bool queue_ids_read(int fd, const struct listen *listen, struct queue_ids *backlog)
{
	uint64_t id;
	bool any;

	backlog->count = 0;
	if (!has_datagrams(fd, listen) || !look_at(fd, listen, &id, &any))
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

void queue_ids_free(struct queue_ids *backlog)
{
	free(backlog->id);
	*backlog = (struct queue_ids){ 0 };
}

bool queue_ids_have_moved(int fd, const struct listen *listen, const struct queue_ids *before)
{
	uint64_t id;
	bool any;

	return !before->count || !has_datagrams(fd, listen) || !look_at(fd, listen, &id, &any) || !any ||
	       id != before->id[0];
}
