/* The destination of the log: stderr, a file or syslog. A sink never waits: what it cannot write now stands in its
 * queue, and what finds no room there is dropped, and counted. Lines for /dev/log have the form of RFC 3164; superd
 * sends them itself, as syslog(3) blocks.
 *
 * Other processes share stderr's open file description (open(2)), so superd must not set O_NONBLOCK on it, and between
 * poll(2) and write(2) another writer can fill the pipe. superd therefore opens /proc/self/fd/2 again, for a
 * description of its own. If that fails (a pipe of another user, no /proc), it polls before each write. */
#include "lib/lib.h"

#include <syslog.h>

#define LINE_MOST_SHARED 4000   /* below PIPE_BUF: taken whole by a pipe that has room at all */
#define LINE_MOST_FILE (64 << 10)
#define FULL_PAUSE 100000       /* microseconds until the next try, doubled up to: */
#define AWAY_PAUSE 1000000      /* /dev/log is connected to once a second at most */
#define PAUSE_MOST 64000000
#define FLUSH_MOST 256          /* lines that one log_sink_flush writes, so that a long queue does not delay the loop */

const char *const syslog_facilities[] = {
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"12", "13", "14", "15", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7", NULL
};

/* -1: there is none of this name. */
static int find_facility(const char *name)
{
	int number = 0;

	if (!strcmp(name, "security"))
		return LOG_AUTH;
	while (syslog_facilities[number] && strcmp(name, syslog_facilities[number]) != 0)
		number++;
	return syslog_facilities[number] ? number << 3 : -1;
}

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

const char *log_sink_refusal(const char *destination)
{
	if (!strcmp(destination, "stderr") || !strcmp(destination, "syslog"))
		return NULL;
	if (!strncmp(destination, "syslog:", 7))
		return find_facility(destination + 7) < 0 ? facility_wrong : NULL;
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

const char *log_sink_open(struct log_sink *sink, const char *destination, int file)
{
	const char *why = log_sink_refusal(destination);
	struct stat status;

	*sink = (struct log_sink){ .fd = -1, .facility = LOG_DAEMON, .ident = "superd" };
	if (why)
		return why;
	if (!strcmp(destination, "stderr")) {
		sink->kind = LOG_SINK_STDERR;
		open_stderr(sink);
		return NULL;
	}
	if (!strncmp(destination, "syslog", 6)) {
		sink->kind = LOG_SINK_SYSLOG;
		sink->mode = LOG_SINK_SEND;
		if (destination[6])
			sink->facility = find_facility(destination + 7);
		return NULL;
	}
	*sink = (struct log_sink){ .kind = LOG_SINK_FILE, .mode = LOG_SINK_WRITE, .fd = fd_raise(file, FD_HIGH) };
	sink->is_regular = fstat(sink->fd, &status) == 0 && S_ISREG(status.st_mode);
	return sink->fd < 0 ? strerror(errno) : NULL;
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

/* Connects if there is no connection and the last attempt is a second ago. false: not connected. */
static bool syslog_connect(struct log_sink *sink)
{
	const char *path = sink->daemon ? sink->daemon : "/dev/log";
	double now = clock_now();

	if (sink->fd >= 0)
		return true;
	if (now < sink->retry_at)
		return false;
	sink->retry_at = now + 1;
	sink->is_stream = false;
	sink->fd = unix_connect(path, SOCK_DGRAM);
	if (sink->fd < 0 && errno == EPROTOTYPE) {
		sink->is_stream = true;
		sink->fd = unix_connect(path, SOCK_STREAM);
	}
	sink->fd = fd_raise(sink->fd, FD_HIGH);
	return sink->fd >= 0;
}

/* Tries once to write a line from `done` on. Returns LOG_SINK_READY if all of it is written. */
static enum log_sink_state write_line(struct log_sink *sink, const char *text, size_t length)
{
	const bool is_syslog = sink->kind == LOG_SINK_SYSLOG, was_open = sink->fd >= 0;
	struct pollfd ask = { .events = POLLOUT };
	ssize_t written;

	if (is_syslog)
		sink->error = 0;
	if (is_syslog && !syslog_connect(sink))
		return LOG_SINK_AWAY;
	ask.fd = sink->fd;
	if (sink->mode == LOG_SINK_ASK && poll(&ask, 1, 0) == 0)
		return LOG_SINK_FULL;
	if (sink->mode == LOG_SINK_ASK && ask.revents != POLLOUT)
		return LOG_SINK_LOST; /* POLLERR: the reader is gone */
	length += is_syslog && sink->is_stream; /* a NUL ends a line there */
	written = sink->mode == LOG_SINK_SEND
		? send(sink->fd, text + sink->done, length - sink->done, MSG_DONTWAIT | MSG_NOSIGNAL)
		: write(sink->fd, text + sink->done, length - sink->done);
	if (written > 0)
		backoff_reset(&sink->tries);
	if (written >= 0) {
		sink->done += (size_t)written;
		if (sink->done == length)
			return LOG_SINK_READY;
		sink->error = ENOSPC; /* of a regular file; write(2) returns the error only at the next call */
		return sink->is_regular ? LOG_SINK_AWAY : LOG_SINK_FULL;
	}
	if (errno == EAGAIN || errno == EINTR)
		return LOG_SINK_FULL;
	if (is_syslog && errno != EMSGSIZE && errno != ENOBUFS && errno != ENOMEM) {
		fd_close(&sink->fd);
		sink->done = 0; /* the next daemon gets the whole line, at once if it was restarted meanwhile */
		return was_open ? write_line(sink, text, length - sink->is_stream) : LOG_SINK_AWAY;
	}
	if (!is_syslog)
		sink->error = errno;
	/* A full disk may get room and a fifo a reader; a pipe that is stderr gets none. */
	if (errno == ENOBUFS || errno == ENOMEM || sink->is_regular || (errno == EPIPE && sink->kind == LOG_SINK_FILE))
		return LOG_SINK_AWAY;
	return LOG_SINK_LOST;
}

static void set_state(struct log_sink *sink, enum log_sink_state state)
{
	bool changes = sink->state != state;

	sink->state = state;
	if (state == LOG_SINK_READY)
		backoff_reset(&sink->tries);
	if (changes)
		sink->away_since = state == LOG_SINK_AWAY ? clock_wall() : 0;
	if (changes && sink->wait)
		sink->wait(sink);
}

void log_sink_count_lost(struct log_sink *sink)
{
	sink->unreported++;
	if (sink->lost)
		++*sink->lost;
}

static void write_or_queue(struct log_sink *sink, const char *text, size_t length)
{
	enum log_sink_state state = sink->state;

	if (!sink->queue.length) {
		sink->done = 0;
		state = write_line(sink, text, length);
		if (state == LOG_SINK_READY)
			return;
	}
	if (state != LOG_SINK_LOST && sink->queue.length + length < LOG_SINK_QUEUE)
		buf_add(&sink->queue, text, length + 1);
	else
		log_sink_count_lost(sink);
	if (sink->queue.failed) {
		sink->queue.failed = false;
		log_sink_count_lost(sink);
	}
	if (sink->queue.length)
		set_state(sink, state);
}

void log_sink_take_as(struct log_sink *sink, const struct syslog_head *head, const char *line, size_t length)
{
	buf_clear(&sink->text);
	add_header(&sink->text, head);
	buf_visible(&sink->text, line, length < SYSLOG_LINE ? length : SYSLOG_LINE);
	buf_cut(&sink->text, SYSLOG_LINE);
	if (sink->text.failed)
		log_sink_count_lost(sink);
	else
		write_or_queue(sink, sink->text.data, sink->text.length);
}

void log_sink_take(struct log_sink *sink, int severity, const char *line, size_t length)
{
	struct syslog_head head = { sink->facility | severity, sink->ident, sink->pid };

	if (sink->kind != LOG_SINK_SYSLOG) {
		write_or_queue(sink, line, length);
		return;
	}
	if (!head.pid)
		head.pid = getpid();
	log_sink_take_as(sink, &head, line, length - 1);
}

void log_sink_flush(struct log_sink *sink)
{
	enum log_sink_state state = LOG_SINK_READY;
	size_t at = 0;

	for (int n = 0; n < FLUSH_MOST && at < sink->queue.length; n++) {
		const char *line = sink->queue.data + at;
		size_t length = strlen(line);

		state = write_line(sink, line, length);
		if (state == LOG_SINK_FULL || state == LOG_SINK_AWAY)
			break;
		if (state == LOG_SINK_LOST)
			log_sink_count_lost(sink);
		at += length + 1;
		sink->done = 0;
	}
	if (at < sink->queue.length) {
		sink->queue.length -= at;
		memmove(sink->queue.data, sink->queue.data + at, sink->queue.length);
		set_state(sink, state == LOG_SINK_AWAY ? LOG_SINK_AWAY : LOG_SINK_FULL);
		return;
	}
	buf_free(&sink->queue);
	set_state(sink, LOG_SINK_READY);
	if (sink->unreported && sink->report_dropped)
		sink->report_dropped(sink);
}

double log_sink_pause(struct log_sink *sink)
{
	return backoff_next(&sink->tries, sink->state == LOG_SINK_FULL ? FULL_PAUSE : AWAY_PAUSE, PAUSE_MOST, 0);
}

int log_sink_error(const struct log_sink *sink)
{
	return sink->state != LOG_SINK_AWAY ? 0 : sink->error ? sink->error : ENOENT;
}

/* If there is nothing to poll (no syslog daemon, disk full), tries once more and gives up. */
void log_sink_finish(struct log_sink *sink, int64_t until)
{
	sink->retry_at = 0;
	while (sink->queue.length) {
		struct pollfd ask = { .events = POLLOUT };
		int64_t left = until - clock_ms();

		log_sink_flush(sink);
		if (sink->state != LOG_SINK_FULL || left <= 0)
			return;
		ask.fd = sink->fd;
		poll(&ask, 1, (int)left);
	}
}

/* The 80 bytes are for the head of a syslog line: priority, time, name and pid. */
size_t log_sink_most(const struct log_sink *sink)
{
	if (sink->kind == LOG_SINK_SYSLOG)
		return SYSLOG_LINE - 80;
	return sink->is_regular ? LINE_MOST_FILE : LINE_MOST_SHARED;
}

static void drop_queue(struct log_sink *sink)
{
	for (size_t at = 0; at < sink->queue.length; at += strlen(sink->queue.data + at) + 1)
		log_sink_count_lost(sink);
	buf_free(&sink->queue);
}

void log_sink_go_on(struct log_sink *sink, const struct log_sink *next)
{
	log_sink_flush(sink);
	set_state(sink, LOG_SINK_READY); /* so that the loop stops polling the old descriptor */
	if ((sink->kind == LOG_SINK_SYSLOG) != (next->kind == LOG_SINK_SYSLOG))
		drop_queue(sink); /* its lines have another form */
	if (sink->fd != STDERR_FILENO)
		fd_close(&sink->fd);
	sink->kind = next->kind;
	sink->mode = next->mode;
	sink->fd = next->fd;
	sink->is_regular = next->is_regular;
	sink->facility = next->facility;
	sink->retry_at = 0;
	sink->done = 0; /* a line that the old one has in part starts over */
	log_sink_flush(sink);
}

void log_sink_close(struct log_sink *sink)
{
	drop_queue(sink);
	set_state(sink, LOG_SINK_READY);
	if (sink->fd != STDERR_FILENO)
		fd_close(&sink->fd);
	buf_free(&sink->text);
}
