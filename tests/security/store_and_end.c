/* A backend that stores a descriptor as its last word. The first instance waits until a file is there, sends what it
 * has and ends; the next one, which is given it, answers its clients.
 *
 *   store_and_end FILE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pass_descriptors.h"

static void serve(const char *answer)
{
	for (;;) {
		int client = accept(3, NULL, NULL);

		dprintf(client, "%s\n", answer);
		close(client);
	}
}

int main(int argc, char **argv)
{
	const char *notify = getenv("NOTIFY_SOCKET"), *count = getenv("LISTEN_FDS");
	int superd, fd = eventfd(0, 0);

	if (argc < 2 || !notify || !count)
		return 2;
	superd = connect_to(SOCK_DGRAM, notify);
	if (send(superd, "READY=1", 7, 0) < 0)
		return 1;
	if (strcmp(count, "1") != 0)
		serve("stored");
	if (access(argv[1], F_OK) == 0)
		serve("lost");
	while (access(argv[1], F_OK) < 0)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	if (!pass_descriptors(superd, "FDSTORE=1\nFDPOLL=0\nFDNAME=x", &fd, 1))
		return 1;
	fprintf(stderr, "sent its last word\n");
	return 0;
}
