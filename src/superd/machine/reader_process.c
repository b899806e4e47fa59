/* superd-read is superd's own user, as others may not read the tables, and keeps of its rights those to read any file.
 * SECURITY.md says why it is no wall: what it prints is what root runs. */
#include "superd/machine/reader_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define NUMBERS 1024                    /* descriptors that a source may name */
#define PATIENCE 300                    /* seconds; it may wait for a file system, and for the names of many ports */

/* Whether superd was started with this descriptor for a table to be read from, as of a here-document. superd's own are
 * close-on-exec. */
static bool is_for_reading(int fd)
{
	int flags = fcntl(fd, F_GETFD), access = fcntl(fd, F_GETFL);
	struct stat status;

	return flags >= 0 && !(flags & FD_CLOEXEC) && access >= 0 && (access & O_ACCMODE) == O_RDONLY &&
	       !(access & O_PATH) && fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode));
}

/* The kernel does not count the time in which the machine stands still. */
static bool limit_waiting(int channel, struct buf *why)
{
	const struct timeval limit = { .tv_sec = PATIENCE };

	if (setsockopt(channel, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
	    setsockopt(channel, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0)
		return true;
	buf_addf(why, "cannot limit the time of superd-read: %s", strerror(errno));
	return false;
}

bool reader_process_start(void *with, int *channel, pid_t *pid, struct buf *why)
{
	struct reader_process *reader = with;
	int wanted[NUMBERS];
	struct helper_start start = {
		.option = "--marks", .type = SOCK_STREAM, .number = STDOUT_FILENO, .wanted = wanted, .wanted_count = 3,
		.capabilities = UINT64_C(1) << CAP_DAC_READ_SEARCH,
	};
	bool good;

	for (int n = 0; n < NUMBERS; n++)
		wanted[n] = -1;
	if (reader->reads_input && fcntl(STDIN_FILENO, F_GETFD) >= 0)
		wanted[STDIN_FILENO] = STDIN_FILENO;
	for (int fd = STDERR_FILENO + 1; fd < NUMBERS; fd++) {
		if (!is_for_reading(fd))
			continue;
		wanted[fd] = fd;
		start.wanted_count = fd + 1;
	}
	good = helper_process_start(&reader->helper, &start, why) && limit_waiting(reader->helper.channel, why);
	*channel = reader->helper.channel;
	*pid = reader->helper.pid;
	reader->helper.channel = -1;
	return good;
}

void reader_process_describe_end(void *with, struct buf *why)
{
	const struct reader_process *reader = with;

	helper_process_describe_end(&reader->helper, why);
}
