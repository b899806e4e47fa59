/* A backend that stays: it has the listener as descriptor 3, answers each line of each client with one byte, and never
 * ends by itself. `stay MEGABYTES` takes so much memory first, and writes to all of it, as a server reads its data. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 32 };

static struct pollfd watched[1 + CLIENTS] = { { .fd = 3, .events = POLLIN } };

static void admit(void)
{
	int client = accept(3, NULL, NULL);

	for (int n = 1; client >= 0 && n <= CLIENTS; n++) {
		if (watched[n].fd >= 0)
			continue;
		watched[n] = (struct pollfd){ .fd = client, .events = POLLIN };
		return;
	}
	close(client);
}

static void answer(struct pollfd *client)
{
	char line[512];

	if (read(client->fd, line, sizeof(line)) > 0 && write(client->fd, "y", 1) == 1)
		return;
	close(client->fd);
	client->fd = -1;
}

int main(int argc, char **argv)
{
	size_t bytes = argc > 1 ? strtoul(argv[1], NULL, 10) << 20 : 0;
	char *volatile memory = malloc(bytes + 1);      /* volatile: or the compiler leaves it out */

	if (!memory)
		return 2;
	memset(memory, 1, bytes + 1);
	signal(SIGPIPE, SIG_IGN);
	for (int n = 1; n <= CLIENTS; n++)
		watched[n].fd = -1;
	while (poll(watched, 1 + CLIENTS, -1) > 0) {
		for (int n = 1; n <= CLIENTS; n++) {
			if (watched[n].fd >= 0 && watched[n].revents)
				answer(&watched[n]);
		}
		if (watched[0].revents)
			admit();
	}
	return 1;
}
