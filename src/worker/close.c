/* Closes descriptors of others, one after the other: so superd knows which one hangs.
 *
 * Each comes in a message. The next message says that superd has no copy of it: only then is it closed here. When
 * superd ends, or becomes another program, it has no copy any more, and the exit closes what is left. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd_message.h"
#include "worker/work.h"

void work_close(int channel)
{
	const struct close_answer answer = { .closed = 1 };
	int fd = -1;

	for (;;) {
		char word = 0;
		size_t count = 1;
		ssize_t got = fd_message_receive(channel, &word, 1, &fd, &count, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return;
		if (count)
			continue;       /* superd has a copy of it still */
		close(fd);
		(void)send(channel, &answer, sizeof(answer), MSG_NOSIGNAL);
	}
}
