/* A backend of one connection that has its closing linger for half a minute, sends what nobody reads, and ends. */
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 30 };
	static char bytes[65536];

	if (setsockopt(0, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0)
		return 1;
	for (int n = 0; n < 100 && send(0, bytes, sizeof(bytes), MSG_DONTWAIT) > 0; n++)
		;
	return 0;
}
