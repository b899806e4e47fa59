/* A backend that is handed a listener: takes one connection from its queue, answers it and ends, so that every
 * connection is an activation of its own.
 *
 * The listener is descriptor 3 where LISTEN_FDS says so, else standard input as an inetd gives it. It waits at most a
 * few seconds, so that a start for nobody leaves no process behind. */
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE 2000                   /* milliseconds */

int main(void)
{
	int listener = getenv("LISTEN_FDS") ? 3 : STDIN_FILENO;
	struct pollfd wait = { .fd = listener, .events = POLLIN };
	int connection;

	if (poll(&wait, 1, PATIENCE) != 1)
		return 1;
	connection = accept(listener, NULL, NULL);
	if (connection < 0)
		return 1;
	if (write(connection, "hi\n", 3) != 3)
		return 1;
	return close(connection) != 0;
}
