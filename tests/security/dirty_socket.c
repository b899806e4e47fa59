/* A client, or a backend, that sends a socket in whose queue a file is in flight whose written pages nobody takes.
 * Whoever drops that socket last drops the file, writes the pages back and waits.
 *
 *   dirty_socket PATH     along a second connection to the unix socket there; the first takes the place of this user
 *   dirty_socket notify   with a notification that does not say what for
 *   dirty_socket strange  to a notify socket that is another's
 *   dirty_socket accept @NAME     to whoever connects to that name and stays */
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "fuse_server.h"
#include "pass_descriptors.h"

/* Its last reference is in the queue of what is given back; the writing end is closed. */
static int make_dirty_socket(void)
{
	int in_flight = fuse_open(O_RDWR), writer = fuse_open(O_RDWR), ends[2];
	char page[4096];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || !pass_descriptors(ends[1], "x", &in_flight, 1))
		exit(1);
	close(in_flight);
	memset(page, 'x', sizeof(page));
	if (pwrite(writer, page, sizeof(page), 0) != (ssize_t)sizeof(page))
		exit(1);
	return ends[0];
}

/* Whoever only looks whether somebody is there has gone soon. */
static int accept_one(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd;

	if (strlen(name) >= sizeof(address.sun_path))
		exit(2);
	memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
	if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 8) < 0) {
		perror(name);
		exit(1);
	}
	fprintf(stderr, "listening\n");
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		struct pollfd gone = { fd, 0, 0 };

		if (poll(&gone, 1, 300) == 0)
			return fd;
		close(fd);
	}
	exit(1);
}

int main(int argc, char **argv)
{
	const char *notify = getenv("NOTIFY_SOCKET");
	int superd = -1, sent;

	if (argc < 2 || (!notify && (!strcmp(argv[1], "notify") || !strcmp(argv[1], "strange"))))
		return 2;
	if (!strcmp(argv[1], "notify") || !strcmp(argv[1], "strange"))
		superd = connect_to(SOCK_DGRAM, notify);
	else if (argc > 2 && !strcmp(argv[1], "accept"))
		superd = accept_one(argv[2]);
	else
		connect_to(SOCK_STREAM, argv[1]);
	if (!strcmp(argv[1], "notify") && send(superd, "READY=1", 7, 0) < 0)
		return 1;
	nanosleep(&(struct timespec){ .tv_nsec = 300000000 }, NULL);
	fuse_mount(SILENT_ON_WRITE);
	sent = make_dirty_socket();
	if (superd < 0)
		superd = connect_to(SOCK_STREAM, argv[1]);
	if (!pass_descriptors(superd, "STATUS=said along with it", &sent, 1)) {
		perror("it is not let send a descriptor");
		sleep(2);               /* the end of its connections is not what is asked here */
		return 3;
	}
	close(sent);
	fprintf(stderr, "sent a socket\n");
	for (;;)
		pause();
}
