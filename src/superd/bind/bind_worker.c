/* The process takes one call after the other. It takes only a share of a processor, and has only so much to report,
 * so a backend that calls in a storm waits for its answers. */
#include "superd/bind/bind_worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "superd/bind/bind_answer.h"
#include "superd/bind/user_notif.h"

#define QUIET_MS 2000                   /* without a call the process ends */
#define BURST .5                        /* seconds of processor time that may be used at once */
#define SHARE .2                        /* seconds of it that come back in a second */

/* ---- the process's own part ---- */

/* Waits until another call may be answered. */
static void keep_to_share(struct bind_server *server)
{
	double now = clock_now(), used = clock_thread_cpu();

	server->left += (now - server->looked) * SHARE;
	if (server->left > BURST)
		server->left = BURST;
	server->left -= used - server->used;
	server->looked = now;
	server->used = used;
	if (server->left < 0)
		poll(NULL, 0, 1 + (int)(-server->left / SHARE * 1000));
}

/* Nobody watches a process whose superd was killed, or has become another program. */
static void make_timer(struct bind_server *server)
{
	const struct sigaction deadly = { .sa_handler = SIG_DFL };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	sigset_t only;

	sigemptyset(&only);
	sigaddset(&only, SIGALRM);
	sigaction(SIGALRM, &deadly, NULL);
	pthread_sigmask(SIG_UNBLOCK, &only, NULL);
	server->has_timer = timer_create(CLOCK_MONOTONIC, &event, &server->timer) == 0;
}

static void set_timer(struct bind_server *server, int milliseconds)
{
	const struct itimerspec time = { .it_value.tv_sec = milliseconds / 1000 };

	if (server->has_timer)
		timer_settime(server->timer, 0, &time, NULL);
}

static void begin_call(struct bind_server *server, uint64_t id)
{
	set_timer(server, BIND_ALONE_MS);
	atomic_store(&server->progress->id, id);
	atomic_store(&server->progress->since, clock_ms());
}

static void end_call(struct bind_server *server)
{
	atomic_store(&server->progress->id, 0);
	atomic_store(&server->progress->since, 0);
	set_timer(server, 0);
}

static void answer_call(struct bind_server *server, const struct user_call *call)
{
	begin_call(server, call->id);
	bind_server_answer(server, call);
	end_call(server);
}

/* Waits for a call. false: it is time to end. */
static bool wait_for_call(const struct bind_server *server)
{
	struct pollfd wait[] = { { server->work.notif, POLLIN, 0 }, { server->channel, POLLIN, 0 } };
	int ready;

	do
		ready = poll(wait, 2, QUIET_MS);
	while (ready < 0 && errno == EINTR);
	return ready > 0 && !wait[1].revents && wait[0].revents & POLLIN;
}

static void begin_share(struct bind_server *server)
{
	server->left = BURST;
	server->looked = clock_now();
	server->used = clock_thread_cpu();
}

static void serve_calls(int channel, const void *with)
{
	struct bind_server server = *(const struct bind_server *)with;
	struct user_call call;

	server.channel = channel;
	make_timer(&server);
	set_timer(&server, BIND_ALONE_MS);
	bind_server_begin(&server);
	user_notif_hurry(server.work.notif);
	end_call(&server);
	begin_share(&server);
	while (wait_for_call(&server)) {
		if (!user_notif_receive(server.work.notif, &call)) {
			if (errno == ENOENT || errno == EINTR)
				continue;
			break;
		}
		answer_call(&server, &call);
		keep_to_share(&server);
	}
}

/* The filters that a superd has left. */
struct left_filters {
	struct pollfd *list;
	size_t count;
};

static void pass_calls(const void *with)
{
	const struct left_filters *left = with;
	struct bind_server server = { 0 };
	struct user_call call;
	size_t open = left->count;

	begin_share(&server);
	while (open && poll(left->list, left->count, -1) > 0) {
		open = 0;
		for (size_t n = 0; n < left->count; n++) {
			struct pollfd *one = &left->list[n];

			if (one->fd >= 0 && one->revents & ~POLLIN && !(one->revents & POLLIN))
				one->fd = -1;   /* no process has it any more */
			else if (one->fd >= 0 && one->revents && user_notif_receive(one->fd, &call))
				user_notif_let_go(one->fd, call.id);
			open += one->fd >= 0;
		}
		keep_to_share(&server);
	}
}

/* ---- superd's ---- */

void bind_worker_init(struct bind_worker *worker)
{
	*worker = (struct bind_worker){ .process.channel = -1 };
}

/* The process keeps the filter's descriptor and the offers. */
static bool start_process(struct bind_worker *worker, const struct bind_server *server, int *kept)
{
	const struct bind_work *work = &server->work;
	const struct worker_start start = {
		.kind = WORKER_BIND,
		.owner = work->owner,
		.kept = kept,
		.count = (int)work->count + 1,
		.memory = worker->progress,
		.memory_size = sizeof(*worker->progress),
	};

	for (size_t n = 0; n < work->count; n++)
		kept[n] = work->offers[n].fd;
	kept[work->count] = work->notif;
	worker->process = worker_process_start(&start, serve_calls, server);
	return worker->process.channel >= 0;
}

void bind_worker_note(const struct bind_worker *worker, pid_t program, bool is_complete)
{
	if (!worker->progress)
		return;
	atomic_store(&worker->progress->program, program);
	atomic_store(&worker->progress->complete, is_complete);
}

bool bind_worker_start(struct bind_worker *worker, const struct bind_work *work)
{
	struct bind_server server = { .work = *work };
	int *kept;
	bool good;

	if (!worker->progress)
		worker->progress = worker_memory_new(sizeof(*worker->progress));
	if (!worker->progress)
		return false;
	atomic_store(&worker->progress->id, 0);
	atomic_store(&worker->progress->since, clock_ms());
	bind_worker_note(worker, work->rule.program, work->rule.is_complete);
	server.progress = worker->progress;
	server.offered = calloc(work->count + 1, sizeof(*server.offered));
	kept = calloc(work->count + 1, sizeof(*kept));
	good = server.offered && kept && start_process(worker, &server, kept);
	free(server.offered);
	free(kept);
	return good;
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

void bind_worker_free(struct bind_worker *worker)
{
	worker_memory_free(worker->progress, sizeof(*worker->progress));
	bind_worker_init(worker);
}

bool bind_worker_leave(const int *notifs, size_t count)
{
	const struct worker_start start = { .kind = WORKER_BIND_LEFT, .kept = notifs, .count = (int)count };
	struct left_filters left = { calloc(count, sizeof(*left.list)), count };
	pid_t pid = -1;

	for (size_t n = 0; left.list && n < count; n++)
		left.list[n] = (struct pollfd){ notifs[n], POLLIN, 0 };
	if (left.list)
		pid = spawn_worker(&start, pass_calls, &left);
	free(left.list);
	return pid > 0;
}
