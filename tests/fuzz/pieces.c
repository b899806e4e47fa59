/* The wrapped calls: see the linker's --wrap in Makefile.am. */
#include "pieces.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "fuzzer.h"

struct peer peer;

ssize_t __wrap_recv_deadline(int fd, void *to, size_t size, int flags, int64_t until);
ssize_t __wrap_recv(int fd, void *to, size_t size, int flags);
bool __wrap_send_deadline(int fd, const void *bytes, size_t length, int64_t until);
void __wrap_shutdown_and_drain(int fd);

void peer_begin(const uint8_t *bytes, size_t size, size_t piece)
{
	struct buf heard = peer.heard;

	buf_clear(&heard);
	peer = (struct peer){ .bytes = bytes, .size = size, .piece = piece, .heard = heard };
}

ssize_t __wrap_recv(int fd, void *to, size_t size, int flags)
{
	/* The rest of the present segment: a look at the bytes does not bring more of them. */
	size_t left = peer.piece - peer.at % peer.piece;

	(void)fd;
	left = left < peer.size - peer.at ? left : peer.size - peer.at;
	left = left < size ? left : size;
	if (left)
		memcpy(to, peer.bytes + peer.at, left);
	if (!(flags & MSG_PEEK))
		peer.at += left;
	return (ssize_t)left;
}

ssize_t __wrap_recv_deadline(int fd, void *to, size_t size, int flags, int64_t until)
{
	(void)until;
	return __wrap_recv(fd, to, size, flags);
}

bool __wrap_send_deadline(int fd, const void *bytes, size_t length, int64_t until)
{
	(void)fd, (void)until;
	buf_add(&peer.heard, bytes, length);
	require(!peer.heard.failed);
	return true;
}

void __wrap_shutdown_and_drain(int fd)
{
	(void)fd;
}
