/* Where the log goes, without ever waiting.
 *
 * The one hard thing is stderr. Its file description is shared with whoever else has it, so O_NONBLOCK must not be set
 * there, and between a poll and the write another writer can fill the pipe. Opening it anew gives a description of our
 * own; where that is refused (another user's pipe, no /proc), poll is the best there is. */
#include "base/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/fd.h"

#define LINE_MOST_SHARED 4000   /* below PIPE_BUF: taken whole by a pipe that has room at all */
#define LINE_MOST_FILE (64 << 10)

static const char destination_wrong[] = "a log goes to stderr, syslog, syslog:FACILITY or file:PATH";
static const char facility_wrong[] =
	"there is no such facility; it is daemon, auth, user, mail, cron or local0 to local7";

/* A non-blocking description of our own of what stderr is; -1 where there can be none. */
static int stderr_again(const struct stat *now)
{
	int fd = open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd >= 0 && (fstat(fd, &status) < 0 || status.st_dev != now->st_dev || status.st_ino != now->st_ino))
		fd_close(&fd);
	return fd_raise(fd, FD_HIGH);
}

/* A regular file is written through the shared description, whose offset is the others' too. */
static void open_stderr(struct sink *sink)
{
	struct stat status = { 0 };
	int again = -1;

	sink->fd = STDERR_FILENO;
	sink->way = SINK_ASK;
	sink->is_regular = false;
	if (fstat(STDERR_FILENO, &status) < 0)
		return;
	sink->is_regular = S_ISREG(status.st_mode);
	if (sink->is_regular)
		sink->way = SINK_WRITE;
	else if (S_ISSOCK(status.st_mode))
		sink->way = SINK_SEND;
	else
		again = stderr_again(&status);
	if (again >= 0) {
		sink->fd = again;
		sink->way = SINK_WRITE;
	}
}

/* Non-blocking, as the path may be a fifo; a fifo without a reader is refused by the kernel. */
static bool open_file(struct sink *sink)
{
	int fd = open(sink->path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, SINK_MODE);
	struct stat status;

	if (fd < 0)
		return false;
	if (fstat(fd, &status) < 0) {
		fd_close(&fd);
		return false;
	}
	sink->fd = fd_raise(fd, FD_HIGH);
	sink->way = SINK_WRITE;
	sink->is_regular = S_ISREG(status.st_mode);
	return true;
}

const char *sink_open(struct sink *sink, const char *destination)
{
	*sink = (struct sink){ .fd = -1, .facility = LOG_DAEMON, .ident = "superd", .syslog = SYSLOG_INIT };
	if (!strcmp(destination, "stderr")) {
		sink->kind = SINK_STDERR;
		open_stderr(sink);
		return NULL;
	}
	if (!strncmp(destination, "syslog", 6) && (!destination[6] || destination[6] == ':')) {
		sink->kind = SINK_SYSLOG;
		if (destination[6])
			sink->facility = syslog_facility(destination + 7);
		return sink->facility < 0 ? facility_wrong : NULL;
	}
	if (strncmp(destination, "file:", 5) != 0 || !destination[5])
		return destination_wrong;
	sink->kind = SINK_FILE;
	sink->path = strdup(destination + 5);
	if (sink->path && open_file(sink))
		return NULL;
	free(sink->path);
	sink->path = NULL;
	return strerror(errno);
}

static bool has_room(int fd)
{
	struct pollfd ask = { .fd = fd, .events = POLLOUT };

	return poll(&ask, 1, 0) == 1 && ask.revents == POLLOUT;
}

/* One write for the whole of it. */
static bool put(struct sink *sink, const char *text, size_t length)
{
	ssize_t put;

	if (sink->way == SINK_ASK && !has_room(sink->fd))
		return false;
	do
		put = sink->way == SINK_SEND ? send(sink->fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL)
					     : write(sink->fd, text, length);
	while (put < 0 && errno == EINTR);
	if (put > 0)
		sink->is_torn = put != (ssize_t)length;
	return put == (ssize_t)length;
}

bool sink_take(struct sink *sink, int severity, const char *line, size_t length)
{
	if (sink->kind == SINK_SYSLOG)
		return syslog_send(&sink->syslog, sink->facility | severity, sink->ident, getpid(), line, length - 1);
	if (sink->is_torn && !put(sink, "\n", 1))
		return false;
	return put(sink, line, length);
}

/* The head of a syslog line, priority, time, name and pid, has its share of SYSLOG_LINE. */
size_t sink_most(const struct sink *sink)
{
	if (sink->kind == SINK_SYSLOG)
		return SYSLOG_LINE - 80;
	return sink->is_regular ? LINE_MOST_FILE : LINE_MOST_SHARED;
}

bool sink_is_current(const struct sink *sink, int64_t *size)
{
	struct stat open, named;

	*size = 0;
	if (sink->kind != SINK_FILE || !sink->is_regular || fstat(sink->fd, &open) < 0)
		return true;
	*size = open.st_size;
	return stat(sink->path, &named) == 0 && named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

bool sink_reopen(struct sink *sink)
{
	int old = sink->fd;

	if (sink->kind == SINK_SYSLOG) {
		syslog_close(&sink->syslog);
		sink->syslog.retry_at = 0;
		return true;
	}
	if (sink->kind == SINK_STDERR)
		open_stderr(sink);
	else if (!open_file(sink))
		return false;
	if (old != STDERR_FILENO)
		fd_close(&old);
	sink->is_torn = false;
	return true;
}

void sink_close(struct sink *sink)
{
	if (sink->fd != STDERR_FILENO)
		fd_close(&sink->fd);
	syslog_close(&sink->syslog);
	free(sink->path);
	sink->path = NULL;
}
