/* The pair of sockets between superd and a held program: a channel of packets whose other end may send anything, and
 * shall send nothing. */
#include "superd/process/hold.h"

#include <assert.h>
#include <errno.h>

#include "lib/fd.h"
#include "os/socket/fd_channel.h"

bool hold_make_pair(int *ours, int *theirs)
{
	int ends[2];

	if (fd_channel_pair(ends) < 0)
		return false;
	*ours = fd_raise(ends[0], FD_HIGH);
	*theirs = fd_raise(ends[1], FD_HIGH);
	return true;
}

bool hold_give(int channel, int connection)
{
	return fd_channel_send(channel, connection);
}

/* If a socket with unread messages is closed, its peer gets ECONNRESET, once (unix_release_sock of the kernel). The
 * byte stays in the queue, for the next superd should this one die now. */
enum hold_taken hold_taken(int channel)
{
	char byte;
	ssize_t got = fd_channel_peek(channel, &byte, 1);

	if (got > 0)
		return byte == HOLD_TAKEN_BYTE ? HOLD_TAKEN : HOLD_WROTE;
	if (got == 0)
		return HOLD_NOT_TAKEN;
	switch (errno) {
	case EAGAIN:
	case EINTR:
		return HOLD_WAITS;
	case EPERM:             /* it sent descriptors, which stay in the queue */
	case EMSGSIZE:
		return HOLD_WROTE;
	default:
		return HOLD_NOT_TAKEN;
	}
}

static const char *const obstacle_texts[] = {
	[HOLD_NONE] = "it is held",
	[HOLD_UNTRACEABLE] = "it cannot be traced",
	[HOLD_GAINS_PRIVILEGE] = "it is setuid or setgid, or its file has capabilities",
	[HOLD_OWN_FILTER] = "it filters its own system calls, or traces",
	[HOLD_32_BIT] = "it is a 32-bit program",
	[HOLD_THREADS] = "it starts a thread before it uses its connection",
	[HOLD_CALLS_REFUSED] = "system calls that the hand-over needs are forbidden to it",
	[HOLD_ENDED] = "it ended before it used its connection",
	[HOLD_TOO_LATE] = "it did not use its connection in time",
	[HOLD_UNSUPPORTED] = "superd has no superd-hold",
};
static_assert(sizeof(obstacle_texts) / sizeof(*obstacle_texts) == HOLD_OBSTACLES, "every obstacle has a text");

const char *hold_obstacle_text(enum hold_obstacle obstacle)
{
	return obstacle_texts[obstacle];
}
