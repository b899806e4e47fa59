/* The destination of the log: stderr, a file or syslog. A sink never waits.
 *
 * Other processes share stderr's open file description (open(2)), so superd must not set O_NONBLOCK on it, and between
 * poll(2) and write(2) another writer can fill the pipe. superd therefore opens /proc/self/fd/2 again, for a
 * description of its own. If that fails (a pipe of another user, no /proc), it polls before each write. */
#include "lib/log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/unix_socket.h"

#define LINE_MOST_SHARED 4000   /* below PIPE_BUF: taken whole by a pipe that has room at all */
#define LINE_MOST_FILE (64 << 10)
#define FLUSH_MOST 256          /* lines that one log_sink_flush writes, so that a long queue does not delay the loop */

static const char destination_wrong[] = "a log goes to stderr, syslog, syslog:FACILITY or file:PATH";
static const char facility_wrong[] =
	"there is no such facility; it is daemon, auth, user, mail, cron or local0 to local7";

/* Opens stderr's file again, for a non-blocking open file description of superd's own. -1: not possible. */
static int reopen_stderr(const struct stat *now)
{
	int fd = open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd >= 0 && (fstat(fd, &status) < 0 || status.st_dev != now->st_dev || status.st_ino != now->st_ino))
		fd_close(&fd);
	return fd_raise(fd, FD_HIGH);
}

/* Finds out how to write to stderr. A regular file is written through the shared description, so that superd and other
 * writers use one offset. */
static void open_stderr(struct log_sink *sink)
{
	struct stat status = { 0 };
	int again = -1;

	sink->fd = STDERR_FILENO;
	sink->mode = LOG_SINK_ASK;
	sink->is_regular = false;
	if (fstat(STDERR_FILENO, &status) < 0)
		return;
	sink->is_regular = S_ISREG(status.st_mode);
	if (sink->is_regular)
		sink->mode = LOG_SINK_WRITE;
	else if (S_ISSOCK(status.st_mode))
		sink->mode = LOG_SINK_SEND;
	else
		again = reopen_stderr(&status);
	if (again >= 0) {
		sink->fd = again;
		sink->mode = LOG_SINK_WRITE;
	}
}

/* Opens the file non-blocking, because it may be a fifo: then open(2) fails with ENXIO without a reader. */
static bool open_file(struct log_sink *sink)
{
	int fd = open(sink->path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, LOG_SINK_MODE);
	struct stat status;

	if (fd < 0)
		return false;
	if (fstat(fd, &status) < 0) {
		fd_close(&fd);
		return false;
	}
	sink->fd = fd_raise(fd, FD_HIGH);
	sink->mode = LOG_SINK_WRITE;
	sink->is_regular = S_ISREG(status.st_mode);
	return true;
}

const char *log_sink_refusal(const char *destination)
{
	if (!strcmp(destination, "stderr") || !strcmp(destination, "syslog"))
		return NULL;
	if (!strncmp(destination, "syslog:", 7))
		return syslog_facility(destination + 7) < 0 ? facility_wrong : NULL;
	return strncmp(destination, "file:", 5) || !destination[5] ? destination_wrong : NULL;
}

static const char *check_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	int result;

	if (access(path, F_OK) == 0)
		return access(path, W_OK) == 0 ? NULL : strerror(errno);
	folder = slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	if (!folder)
		return strerror(ENOMEM);
	result = access(folder, W_OK | X_OK);
	free(folder);
	return result == 0 ? NULL : strerror(errno);
}

const char *log_sink_check(const char *destination)
{
	const char *why = log_sink_refusal(destination);

	return why || strncmp(destination, "file:", 5) ? why : check_file(destination + 5);
}

const char *log_sink_open(struct log_sink *sink, const char *destination)
{
	const char *why = log_sink_refusal(destination);

	*sink = (struct log_sink){ .fd = -1, .facility = LOG_DAEMON, .ident = "superd", .syslog = SYSLOG_INIT };
	list_init(&sink->queue.lines);
	if (why)
		return why;
	if (!strcmp(destination, "stderr")) {
		sink->kind = LOG_SINK_STDERR;
		open_stderr(sink);
		return NULL;
	}
	if (!strncmp(destination, "syslog", 6)) {
		sink->kind = LOG_SINK_SYSLOG;
		if (destination[6])
			sink->facility = syslog_facility(destination + 7);
		return NULL;
	}
	sink->kind = LOG_SINK_FILE;
	sink->path = strdup(destination + 5);
	if (sink->path && open_file(sink))
		return NULL;
	free(sink->path);
	sink->path = NULL;
	return strerror(errno);
}

static enum write_outcome write_to_syslog(struct log_sink *sink, const char *text, size_t length, size_t *done)
{
	enum write_outcome outcome = syslog_put(&sink->syslog, text, length, done);

	sink->error = 0;
	return outcome;
}

/* Classifies a failure by errno. A full disk may get room and a fifo a reader; a pipe that is stderr gets none. */
static enum write_outcome classify_error(struct log_sink *sink)
{
	sink->error = errno;
	if (errno == EAGAIN)
		return WRITE_FULL;
	if (errno == ENOBUFS || errno == ENOMEM || sink->is_regular || (errno == EPIPE && sink->kind == LOG_SINK_FILE))
		return WRITE_AWAY;
	return WRITE_LOST;
}

static enum write_outcome write_to_file(struct log_sink *sink, const char *text, size_t length, size_t *done)
{
	struct pollfd ask = { .fd = sink->fd, .events = POLLOUT };
	ssize_t written;

	if (sink->mode == LOG_SINK_ASK && poll(&ask, 1, 0) == 0)
		return WRITE_FULL;
	if (sink->mode == LOG_SINK_ASK && ask.revents != POLLOUT)
		return WRITE_LOST;      /* POLLERR: the reader is gone */
	do
		written = sink->mode == LOG_SINK_SEND
			? send(sink->fd, text + *done, length - *done, MSG_DONTWAIT | MSG_NOSIGNAL)
			: write(sink->fd, text + *done, length - *done);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return classify_error(sink);
	*done += (size_t)written;
	if (*done == length)
		return WRITE_DONE;
	sink->error = ENOSPC;           /* of a regular file; write(2) returns the error only at the next call */
	return sink->is_regular ? WRITE_AWAY : WRITE_FULL;
}

/* Tries once to write a line from *done on, and advances *done. */
static enum write_outcome write_line(struct log_sink *sink, const char *text, size_t length, size_t *done)
{
	return sink->kind == LOG_SINK_SYSLOG ? write_to_syslog(sink, text, length, done)
					     : write_to_file(sink, text, length, done);
}

static void set_state(struct log_sink *sink, enum log_sink_state state)
{
	bool changes = sink->state != state;

	sink->state = state;
	if (changes && sink->wait)
		sink->wait(sink);
}

void log_sink_count_lost(struct log_sink *sink)
{
	sink->unreported++;
	if (sink->lost)
		++*sink->lost;
}

struct log_line {
	struct list link;               /* in log_queue.lines */
	size_t length;                  /* bytes of text without its NUL */
	char text[];
};

static size_t line_cost(size_t length)
{
	return sizeof(struct log_line) + length + 1;
}

static struct log_line *first_line(const struct log_sink *sink)
{
	return log_queue_is_empty(&sink->queue) ? NULL
						: container_of(sink->queue.lines.next, struct log_line, link);
}

static void free_line(struct log_sink *sink, struct log_line *line)
{
	sink->queue.bytes -= line_cost(line->length);
	list_remove(&line->link);
	free(line);
}

/* Drops the oldest lines that are not written in part, until there is room for so many bytes. */
static void make_room(struct log_sink *sink, size_t bytes)
{
	LIST_OF(struct log_line, line, link, &sink->queue.lines) {
		if (sink->queue.bytes + bytes <= LOG_SINK_QUEUE)
			return;
		if (sink->queue.done && line == first_line(sink))
			continue;
		free_line(sink, line);
		log_sink_count_lost(sink);
	}
}

/* Copies a line to the end of the queue, or to its front if a part is written already. false: it is dropped. */
static bool queue_line(struct log_sink *sink, const char *text, size_t length, size_t done)
{
	size_t cost = line_cost(length);
	struct log_line *line = NULL;

	make_room(sink, cost);
	if (sink->queue.bytes + cost <= LOG_SINK_QUEUE)
		line = malloc(cost);
	if (!line) {
		log_sink_count_lost(sink);
		return false;
	}
	line->length = length;
	memcpy(line->text, text, length);
	line->text[length] = '\0';
	sink->queue.bytes += cost;
	if (done) {
		sink->queue.done = done;
		list_add_first(&sink->queue.lines, &line->link);
	} else {
		list_add(&sink->queue.lines, &line->link);
	}
	return true;
}

static void write_or_queue(struct log_sink *sink, const char *text, size_t length)
{
	enum write_outcome outcome;
	size_t done = 0;

	if (!log_queue_is_empty(&sink->queue)) {
		queue_line(sink, text, length, 0);
		return;
	}
	outcome = write_line(sink, text, length, &done);
	if (outcome == WRITE_LOST)
		log_sink_count_lost(sink);
	else if (outcome != WRITE_DONE && queue_line(sink, text, length, done))
		set_state(sink, outcome == WRITE_FULL ? LOG_SINK_FULL : LOG_SINK_AWAY);
}

/* Writes what precedes the next line: the report of dropped lines, and, without an event loop, the queue. */
static void write_pending(struct log_sink *sink)
{
	bool waits = !log_queue_is_empty(&sink->queue);

	if (waits ? !sink->wait : sink->unreported && sink->report_dropped)
		log_sink_flush(sink);
}

void log_sink_take_as(struct log_sink *sink, const struct syslog_head *head, const char *line, size_t length)
{
	write_pending(sink);
	buf_clear(&sink->text);
	syslog_compose(&sink->text, head, line, length);
	if (sink->text.failed)
		log_sink_count_lost(sink);
	else
		write_or_queue(sink, sink->text.data, sink->text.length);
}

static struct syslog_head own_head(const struct log_sink *sink, int severity)
{
	return (struct syslog_head){ sink->facility | severity, sink->ident, sink->pid ? sink->pid : getpid() };
}

void log_sink_take(struct log_sink *sink, int severity, const char *line, size_t length)
{
	struct syslog_head head = own_head(sink, severity);

	if (sink->kind == LOG_SINK_SYSLOG) {
		log_sink_take_as(sink, &head, line, length - 1);
		return;
	}
	write_pending(sink);
	write_or_queue(sink, line, length);
}

/* If only a part of the line is written, the line becomes the first of the queue. */
bool log_sink_put_first(struct log_sink *sink, int severity, const char *line, size_t length)
{
	struct syslog_head head = own_head(sink, severity);
	enum write_outcome outcome;
	size_t done = 0;

	if (sink->kind == LOG_SINK_SYSLOG) {
		buf_clear(&sink->text);
		syslog_compose(&sink->text, &head, line, length - 1);
		if (sink->text.failed)
			return false;
		line = sink->text.data;
		length = sink->text.length;
	}
	outcome = write_line(sink, line, length, &done);
	if (outcome == WRITE_DONE)
		return true;
	if (!done || !queue_line(sink, line, length, done))
		return false;
	set_state(sink, outcome == WRITE_FULL ? LOG_SINK_FULL : LOG_SINK_AWAY);
	return true;
}

void log_sink_flush(struct log_sink *sink)
{
	enum write_outcome outcome = WRITE_DONE;
	struct log_line *line;

	if (sink->unreported && sink->report_dropped && !sink->queue.done)
		sink->report_dropped(sink);
	for (int n = 0; n < FLUSH_MOST && (line = first_line(sink)); n++) {
		size_t before = sink->queue.done;

		outcome = write_line(sink, line->text, line->length, &sink->queue.done);
		sink->queue.taken += outcome == WRITE_DONE || sink->queue.done > before;
		if (outcome == WRITE_FULL || outcome == WRITE_AWAY)
			break;
		if (outcome == WRITE_LOST)
			log_sink_count_lost(sink);
		free_line(sink, line);
		sink->queue.done = 0;
	}
	if (log_queue_is_empty(&sink->queue))
		set_state(sink, LOG_SINK_READY);
	else
		set_state(sink, outcome == WRITE_AWAY ? LOG_SINK_AWAY : LOG_SINK_FULL);
}

static void drop_queue(struct log_sink *sink)
{
	struct log_line *line;

	while ((line = first_line(sink))) {
		free_line(sink, line);
		log_sink_count_lost(sink);
	}
	sink->queue.done = 0;
}

/* If there is nothing to poll (no syslog daemon, disk full), tries once more and gives up. */
void log_sink_finish(struct log_sink *sink, int64_t until)
{
	sink->syslog.retry_at = 0;
	while (!log_queue_is_empty(&sink->queue)) {
		struct pollfd ask = { .events = POLLOUT };
		int64_t left = until - clock_ms();

		log_sink_flush(sink);
		if (sink->state != LOG_SINK_FULL || left <= 0)
			return;
		ask.fd = log_sink_fd(sink);
		poll(&ask, 1, (int)left);
	}
}

int log_sink_fd(const struct log_sink *sink)
{
	return sink->kind == LOG_SINK_SYSLOG ? sink->syslog.fd : sink->fd;
}

/* The 80 bytes are for the head of a syslog line: priority, time, name and pid. */
size_t log_sink_most(const struct log_sink *sink)
{
	if (sink->kind == LOG_SINK_SYSLOG)
		return SYSLOG_LINE - 80;
	return sink->is_regular ? LINE_MOST_FILE : LINE_MOST_SHARED;
}

bool log_sink_is_current(const struct log_sink *sink, int64_t *size)
{
	struct stat open, named;

	*size = 0;
	if (sink->kind != LOG_SINK_FILE || !sink->is_regular || fstat(sink->fd, &open) < 0)
		return true;
	*size = open.st_size;
	return stat(sink->path, &named) == 0 && named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

static bool is_same_file(int one, int other)
{
	struct stat first, second;

	return fstat(one, &first) == 0 && fstat(other, &second) == 0 && first.st_dev == second.st_dev &&
		first.st_ino == second.st_ino;
}

/* Closes the old file. If the new one is another, the line that the old one has in part starts over. */
static void replace_file(struct log_sink *sink, int *old)
{
	if (!is_same_file(*old, sink->fd))
		sink->queue.done = 0;
	if (*old != STDERR_FILENO)
		fd_close(old);
}

bool log_sink_reopen(struct log_sink *sink)
{
	int old = sink->fd;

	if (sink->path && !open_file(sink))
		return false;
	if (sink->path)
		sink->kind = LOG_SINK_FILE;
	set_state(sink, LOG_SINK_READY);        /* so that the loop stops polling the old descriptor */
	if (sink->kind == LOG_SINK_SYSLOG) {
		syslog_close(&sink->syslog);
		sink->syslog.retry_at = 0;
		sink->queue.done = 0;
	} else {
		if (sink->kind == LOG_SINK_STDERR)
			open_stderr(sink);
		replace_file(sink, &old);
	}
	if (!log_queue_is_empty(&sink->queue))
		log_sink_flush(sink);
	return true;
}

/* A line that the same file has in part is not written to it again. */
static void go_on_as(struct log_sink *sink, struct log_sink *next)
{
	bool was_syslog = sink->kind == LOG_SINK_SYSLOG;

	if (!log_queue_is_empty(&sink->queue))
		log_sink_flush(sink);
	set_state(sink, LOG_SINK_READY);        /* so that the loop stops polling the old descriptor */
	if (!is_same_file(sink->fd, next->fd))
		sink->queue.done = 0;
	if (sink->fd != STDERR_FILENO)
		fd_close(&sink->fd);
	syslog_close(&sink->syslog);
	free(sink->path);
	sink->kind = next->kind;
	sink->mode = next->mode;
	sink->fd = next->fd;
	sink->path = next->path;
	sink->is_regular = next->is_regular;
	sink->facility = next->facility;
	sink->syslog.retry_at = 0;
	if (was_syslog != (sink->kind == LOG_SINK_SYSLOG))
		drop_queue(sink);
	if (!log_queue_is_empty(&sink->queue))
		log_sink_flush(sink);
}

const char *log_sink_move(struct log_sink *sink, const char *destination)
{
	struct log_sink next;
	const char *why = log_sink_open(&next, destination);

	if (!why)
		go_on_as(sink, &next);
	return why;
}

void log_sink_adopt(struct log_sink *sink, const struct log_sink *other, int fd)
{
	struct log_sink next = { .kind = other->kind,
				 .mode = other->mode,
				 .is_regular = other->is_regular,
				 .facility = other->facility,
				 .fd = fd };

	go_on_as(sink, &next);
}

void log_sink_close(struct log_sink *sink)
{
	drop_queue(sink);
	set_state(sink, LOG_SINK_READY);
	if (sink->fd != STDERR_FILENO)
		fd_close(&sink->fd);
	syslog_close(&sink->syslog);
	free(sink->path);
	sink->path = NULL;
	buf_free(&sink->text);
}

/* A non-blocking client of /dev/log that sends lines in the form of RFC 3164.
 *
 * The syslog daemon may be slow, stopped, restarted, or listen on a stream socket. No call here waits for it: superd
 * connects again at most once a second, and the caller keeps a line that the daemon does not take now. */

static const struct {
	const char *name;
	int facility;
} facilities[] = {
	{ "kern", LOG_KERN }, { "user", LOG_USER }, { "mail", LOG_MAIL }, { "daemon", LOG_DAEMON },
	{ "auth", LOG_AUTH }, { "security", LOG_AUTH }, { "syslog", LOG_SYSLOG }, { "lpr", LOG_LPR },
	{ "news", LOG_NEWS }, { "uucp", LOG_UUCP }, { "cron", LOG_CRON }, { "authpriv", LOG_AUTHPRIV },
	{ "ftp", LOG_FTP }, { "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
};

int syslog_facility(const char *name)
{
	for (size_t i = 0; i < sizeof(facilities) / sizeof(facilities[0]); i++)
		if (!strcmp(facilities[i].name, name))
			return facilities[i].facility;
	return -1;
}

/* Connects if there is no connection and the last attempt is a second ago. false: not connected. */
static bool syslog_connect(struct syslog *syslog)
{
	const char *path = syslog->path ? syslog->path : "/dev/log";
	double now;

	if (syslog->fd >= 0)
		return true;
	now = clock_now();
	if (now < syslog->retry_at)
		return false;
	syslog->retry_at = now + 1;
	syslog->is_stream = false;
	syslog->fd = unix_connect(path, SOCK_DGRAM);
	if (syslog->fd < 0 && errno == EPROTOTYPE) {
		syslog->is_stream = true;
		syslog->fd = unix_connect(path, SOCK_STREAM);
	}
	syslog->fd = fd_raise(syslog->fd, FD_HIGH);
	return syslog->fd >= 0;
}

/* Adds "<PRI>Mmm dd hh:mm:ss IDENT[PID]: ". RFC 3164 has English months in every locale. */
static void add_header(struct buf *out, const struct syslog_head *head)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t now = time(NULL);
	struct tm tm = { 0 };

	localtime_r(&now, &tm);
	buf_addf(out, "<%d>%.3s %2d %02d:%02d:%02d ", head->priority, months + 3L * tm.tm_mon, tm.tm_mday, tm.tm_hour,
		 tm.tm_min, tm.tm_sec);
	buf_visible(out, head->ident, strlen(head->ident));
	if (head->pid)
		buf_addf(out, "[%ld]", head->pid);
	buf_text(out, ": ");
}

void syslog_compose(struct buf *out, const struct syslog_head *head, const char *line, size_t length)
{
	add_header(out, head);
	buf_visible(out, line, length < SYSLOG_LINE ? length : SYSLOG_LINE);
	buf_cut(out, SYSLOG_LINE);
}

static enum write_outcome send_line(struct syslog *syslog, const char *text, size_t length, size_t *done)
{
	size_t all = length + syslog->is_stream;        /* on a stream, a NUL ends a line */
	ssize_t sent;

	do
		sent = send(syslog->fd, text + *done, all - *done, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0) {
		*done += (size_t)sent;
		return *done == all ? WRITE_DONE : WRITE_FULL;
	}
	if (errno == EAGAIN)
		return WRITE_FULL;
	if (errno == EMSGSIZE)
		return WRITE_LOST;
	if (errno != ENOBUFS && errno != ENOMEM) {
		syslog_close(syslog);
		*done = 0;              /* the next daemon gets the whole line */
	}
	return WRITE_AWAY;
}

enum write_outcome syslog_put(struct syslog *syslog, const char *text, size_t length, size_t *done)
{
	bool was_open = syslog->fd >= 0;
	int saved = errno;
	enum write_outcome outcome = WRITE_AWAY;

	if (syslog_connect(syslog))
		outcome = send_line(syslog, text, length, done);
	/* The daemon was restarted since the last line: send this line to the new one. */
	if (outcome == WRITE_AWAY && was_open && syslog->fd < 0 && syslog_connect(syslog))
		outcome = send_line(syslog, text, length, done);
	errno = saved;
	return outcome;
}

void syslog_close(struct syslog *syslog)
{
	fd_close(&syslog->fd);
}
