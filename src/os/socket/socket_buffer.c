/* receive_buffer and send_buffer: socket(7), SO_RCVBUF and SO_SNDBUF.
 *
 * A size that was set also locks the buffer: TCP no longer tunes it, and connections inherit the lock from their
 * listener. Only SO_BUF_LOCK (Linux 5.14) unlocks it. */
#include "os/socket/socket_buffer.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/size_text.h"
#include "os/socket/socket_default.h"

static const struct {
	const char *name, *limit;
	int option, force;
	int lock;                       /* bit in SO_BUF_LOCK; <linux/socket.h> and <sys/socket.h> may clash */
} buffers[] = {
	[BUFFER_RECEIVE] = { "receive_buffer", "rmem_max", SO_RCVBUF, SO_RCVBUFFORCE, 2 },
	[BUFFER_SEND] = { "send_buffer", "wmem_max", SO_SNDBUF, SO_SNDBUFFORCE, 1 },
};

/* SO_RCVBUFFORCE exceeds net.core.[rw]mem_max, which needs CAP_NET_ADMIN. Without it the kernel silently cuts the size,
 * so it is read back. The kernel doubles a requested size for its own bookkeeping. */
void socket_buffer_set(int fd, enum socket_buffer buffer, int64_t bytes, struct buf *warnings)
{
	int wanted = bytes < INT_MAX / 2 ? (int)bytes : INT_MAX / 2, got = 0;
	char allowed[SIZE_TEXT_MOST], all[SIZE_TEXT_MOST];
	const char *name = buffers[buffer].name;
	socklen_t length = sizeof(got);

	if (bytes <= 0 || !setsockopt(fd, SOL_SOCKET, buffers[buffer].force, &wanted, sizeof(wanted)))
		return;
	if (setsockopt(fd, SOL_SOCKET, buffers[buffer].option, &wanted, sizeof(wanted)) < 0) {
		if (warnings)
			buf_addf(warnings, "%s: %s\n", name, strerror(errno));
		return;
	}
	if (warnings && !getsockopt(fd, SOL_SOCKET, buffers[buffer].option, &got, &length) && got / 2 < wanted)
		buf_addf(warnings, "%s: the kernel allows %s of %s; net.core.%s raises the limit\n", name,
			 size_write(allowed, got / 2.), size_write(all, wanted), buffers[buffer].limit);
}

#ifdef SO_BUF_LOCK
static bool buffer_unlock(int fd, int lock)
{
	int locks = 0;
	socklen_t length = sizeof(locks);

	if (getsockopt(fd, SOL_SOCKET, SO_BUF_LOCK, &locks, &length) < 0)
		return false;
	locks &= ~lock;
	return setsockopt(fd, SOL_SOCKET, SO_BUF_LOCK, &locks, sizeof(locks)) == 0;
}
#else
static bool buffer_unlock(int fd, int lock)
{
	(void)fd, (void)lock;
	errno = ENOPROTOOPT;
	return false;
}
#endif

void socket_buffer_restore(int fd, enum socket_buffer buffer, struct buf *warnings)
{
	int own;

	if (!socket_default_int(fd, SOL_SOCKET, buffers[buffer].option, &own)) {
		buf_addf(warnings, "%s: unchanged until the socket is opened again: %s\n", buffers[buffer].name,
			 strerror(errno));
		return;
	}
	socket_buffer_set(fd, buffer, own / 2, warnings);
	if (!buffer_unlock(fd, buffers[buffer].lock))
		buf_addf(warnings, "%s: has the kernel's size again, but the kernel does not tune it until the socket "
				   "is opened again: %s\n", buffers[buffer].name, strerror(errno));
}
