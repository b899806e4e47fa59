/* clear_nonblock: a backend of accept = no that outlives a reload to accept = yes, and makes the listener that it
 * still shares with superd one that waits, again and again. */
#include <fcntl.h>
#include <signal.h>

int main(void)
{
	signal(SIGTERM, SIG_IGN);
	for (;;)
		fcntl(3, F_SETFL, 0);
}
