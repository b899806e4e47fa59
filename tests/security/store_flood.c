/* A backend that stores one descriptor after the other.
 *
 *   store_flood COUNT */
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pass_descriptors.h"

int main(int argc, char **argv)
{
	const char *notify = getenv("NOTIFY_SOCKET");
	long count = argc > 1 ? atol(argv[1]) : 0;
	int superd;

	if (!notify)
		return 2;
	superd = connect_to(SOCK_DGRAM, notify);
	if (send(superd, "READY=1", 7, 0) < 0)
		return 1;
	for (long n = 0; n < count; n++) {
		int fd = eventfd(0, 0);

		if (!pass_descriptors(superd, "FDSTORE=1\nFDPOLL=0", &fd, 1))
			perror("send");
		close(fd);
	}
	fprintf(stderr, "stored all\n");
	for (;;)
		pause();
}
