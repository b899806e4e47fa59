/* clear_nonblock [leave]: a backend of accept = no that makes the listener that it still shares with superd one that
 * waits, again and again. It outlives a reload to accept = yes; or (leave) it takes a client and ends, and a process
 * that it leaves goes on for some seconds. */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int count, char **words)
{
	int ends[2];
	char byte;

	(void)words;
	signal(SIGTERM, SIG_IGN);
	if (count > 1) {
		if (pipe(ends) < 0)
			return 1;
		if (fork()) {
			close(ends[1]);
			return read(ends[0], &byte, 1) || accept(3, NULL, NULL) < 0;
		}
		setsid();
		close(ends[0]);
		close(ends[1]);
		alarm(2);
	}
	for (;;)
		fcntl(3, F_SETFL, 0);
}
