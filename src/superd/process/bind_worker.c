/* superd's part of pass = bind: starting the process that answers calls, and what both know of its progress. */
#include "superd/process/bind_worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/proc/user_notif.h"

void bind_worker_init(struct bind_worker *worker)
{
	*worker = (struct bind_worker){ .process.channel = -1 };
}

void bind_worker_free(struct bind_worker *worker)
{
	worker_memory_free(worker->progress, sizeof(*worker->progress));
	bind_worker_init(worker);
}

void bind_worker_note(const struct bind_worker *worker, pid_t program, bool is_complete)
{
	if (!worker->progress)
		return;
	atomic_store(&worker->progress->program, program);
	atomic_store(&worker->progress->complete, is_complete);
}

/* Passes on the sockets that are open. */
static bool pass_offers(const struct bind_worker *worker, const struct bind_request *request)
{
	int *fds = calloc(request->count + 1, sizeof(*fds));
	size_t open = 0;
	bool good;

	for (size_t n = 0; fds && n < request->count; n++) {
		if (request->offers[n].fd >= 0)
			fds[open++] = request->offers[n].fd;
	}
	good = fds && worker_process_pass(&worker->process, fds, open);
	free(fds);
	return good;
}

bool bind_worker_start(struct bind_worker *worker, uint64_t owner, int notif, struct bind_request *request)
{
	struct record record = { 0 };
	int fds[] = { notif, -1 }, error;

	worker_memory_free(worker->progress, sizeof(*worker->progress));
	worker->progress = worker_memory_open(sizeof(*worker->progress), &fds[1]);
	if (!worker->progress)
		return false;
	atomic_store(&worker->progress->since, clock_ms());
	bind_worker_note(worker, request->rule.program, request->rule.is_complete);
	bind_request_record(&record, request);
	worker->process = worker_process_begin(WORKER_BIND, owner, &record, fds, 2);
	error = errno;
	fd_close(&fds[1]);
	if (worker->process.channel >= 0 && pass_offers(worker, request))
		return true;
	if (worker->process.channel >= 0)
		error = errno;
	worker_process_end(&worker->process);
	errno = error;
	return false;
}

bool bind_worker_hear(struct bind_worker *worker, struct bind_report *report)
{
	static const struct answer_field fields[] = {
		ANSWER_NUMBER(bind_report, event, BIND_GIVEN, BIND_FAILED),
		ANSWER_ERROR(bind_report, error),
		ANSWER_FLAG(bind_report, elsewhere),
		ANSWER_FLAG(bind_report, other_address),
		ANSWER_FLAG(bind_report, as_ipv4),
		ANSWER_FLAG(bind_report, other_family),
		ANSWER_FLAG(bind_report, has_copies),
		ANSWER_TEXT(bind_report, text),
		ANSWER_TEXT(bind_report, left.text),
		ANSWER_FLAG(bind_report, left.is_full),
		ANSWER_FLAG(bind_report, left.unconfined),
	};
	static const struct answer_form form = ANSWER_FORM("superd-bind", struct bind_report, fields);
	ssize_t got = worker_process_hear(&worker->process, &form, report, NULL, NULL);

	errno = got < 0 ? EAGAIN : EPIPE;
	return got > 0;
}

int64_t bind_worker_busy(const struct bind_worker *worker)
{
	int64_t since = worker->process.channel >= 0 ? atomic_load(&worker->progress->since) : 0, now = clock_ms();

	if (!since)
		return 0;
	return since > 0 && since <= now ? now - since + 1 : INT64_MAX;
}

void bind_worker_dismiss(struct bind_worker *worker)
{
	if (worker->process.channel >= 0)
		shutdown(worker->process.channel, SHUT_WR);
}

bool bind_worker_kill(struct bind_worker *worker, int notif)
{
	uint64_t id = bind_worker_call(worker);

	if (worker->process.channel < 0)
		return false;
	worker_process_end(&worker->process);
	return id && user_notif_let_go(notif, id);
}

uint64_t bind_worker_call(const struct bind_worker *worker)
{
	return worker->process.channel >= 0 ? atomic_load(&worker->progress->id) : 0;
}

struct worker_process bind_left_start(const int *notifs, size_t count)
{
	struct bind_left_request request = { .count = (uint32_t)count };
	struct record record = { 0 };
	struct worker_process process;
	int error;

	bind_left_request_record(&record, &request);
	process = worker_process_begin(WORKER_BIND_LEFT, 0, &record, NULL, 0);
	if (process.channel < 0 || worker_process_pass(&process, notifs, count))
		return process;
	error = errno;
	worker_process_end(&process);
	errno = error;
	return process;
}

void bind_left_leave(struct worker_process *process)
{
	if (process->channel >= 0)
		(void)send(process->channel, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	fd_close(&process->channel);
}
