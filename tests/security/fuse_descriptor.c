/* A backend that sends descriptors of a file that nobody can close or poll, as its file system does not answer.
 *
 *   fuse_descriptor store         one, to be kept (FDSTORE=1)
 *   fuse_descriptor strange COUNT as many messages of one, to a notify socket that is another's
 *   fuse_descriptor flood COUNT   as many messages of 253, which nobody has asked for */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fuse_server.h"
#include "pass_descriptors.h"

#define MOST 253

static void store(int superd)
{
	int fd = fuse_open(O_RDONLY);

	if (pass_descriptors(superd, "FDSTORE=1\nFDNAME=x", &fd, 1))
		fprintf(stderr, "sent one descriptor with FDSTORE=1\n");
}

static void flood(int superd, long count, size_t most)
{
	int fds[MOST], fd = fuse_open(O_RDONLY);
	long sent = 0;

	for (int n = 0; n < MOST; n++)
		fds[n] = fd;
	fprintf(stderr, "the flood begins\n");
	while (sent < count) {
		if (pass_descriptors(superd, "STATUS=x", fds, most))
			sent++;
		else if (errno != EAGAIN && errno != ETOOMANYREFS && errno != EINTR)
			break;
		else
			nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
	fprintf(stderr, "sent %ld messages of %zu descriptors\n", sent, most);
}

int main(int argc, char **argv)
{
	const char *notify = getenv("NOTIFY_SOCKET");
	int superd;

	if (argc < 2 || !notify)
		return 2;
	superd = connect_to(SOCK_DGRAM, notify);
	if (strcmp(argv[1], "strange") && send(superd, "READY=1", 7, 0) < 0)
		return 1;
	fuse_mount(SILENT_ON_CLOSE);
	if (!strcmp(argv[1], "store"))
		store(superd);
	else if (argc > 2)
		flood(superd, atol(argv[2]), strcmp(argv[1], "strange") ? MOST : 1);
	for (;;)
		pause();
}
