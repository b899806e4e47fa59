/* The set, and the process that fills it. */
#include "superd/process/socket_watch.h"

#include <sys/epoll.h>

#include "lib/fd.h"

int socket_watch_open(void)
{
	return fd_raise(epoll_create1(EPOLL_CLOEXEC), FD_HIGH);
}

struct worker_process socket_watch_begin(const struct socket_watch_request *request, uint64_t owner, int epoll)
{
	struct socket_watch_request written = *request;
	struct record record = { 0 };

	socket_watch_request_record(&record, &written);
	return worker_process_begin(WORKER_COPY, owner, &record, &epoll, 1);
}

enum socket_watching socket_watch_hear(const struct worker_process *process, struct socket_watch_result *result)
{
	static const struct answer_field fields[] = {
		ANSWER_FLAG(socket_watch_result, forbidden),
		ANSWER_FLAG(socket_watch_result, relay_unseen),
	};
	static const struct answer_form form = ANSWER_FORM("superd-copy", struct socket_watch_result, fields);
	ssize_t got = worker_process_hear(process, &form, result, NULL, NULL);

	return got > 0 ? SOCKET_WATCHING_DONE : got < 0 ? SOCKET_WATCHING_WAITS : SOCKET_WATCHING_FAILED;
}
