/* A non-blocking client of /dev/log that sends lines in the form of RFC 3164.
 *
 * The syslog daemon may be slow, stopped, restarted, or listen on a stream socket. No call here waits for it: superd
 * connects again at most once a second, and the caller keeps a line that the daemon does not take now. */
#include "lib/log/log_syslog.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/unix_connect.h"

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
