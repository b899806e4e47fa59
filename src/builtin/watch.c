/* What all parts of superd-builtin use: the log, what the loop watches, superd's channel. */
#include "builtin/builtin.h"

#include <sys/epoll.h>

void builtin_log(const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	fprintf(stderr, "%s\n", line);
}

bool loop_watch_set(int epoll, int operation, struct loop_watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	return epoll_ctl(epoll, operation, watch->fd, &event) == 0;
}

void loop_watch_close(int epoll, struct loop_watch *watch)
{
	if (watch->fd < 0)
		return;
	loop_watch_set(epoll, EPOLL_CTL_DEL, watch, 0);
	fd_close(&watch->fd);
}

void loop_sooner(int64_t *timeout, int64_t other)
{
	if (other >= 0 && (*timeout < 0 || other < *timeout))
		*timeout = other;
}

bool channel_send(int channel, const char *text, size_t length)
{
	ssize_t sent;

	do
		sent = send(channel, text, length, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}
