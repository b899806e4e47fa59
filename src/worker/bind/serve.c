/* superd-bind takes one call after the other. It takes only a share of a processor, and has only so much to report, so
 * a backend that calls in a storm waits for its answers.
 *
 * It ends by itself when no call has come for a while; superd watches the filter's descriptor meanwhile and starts
 * another one. superd kills one that hangs. If superd cannot, as it has ended or become another program, the process
 * kills itself a little later. */
#include "worker/bind/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "lib/clock.h"
#include "worker/bind/answer.h"
#include "worker/record/request.h"

#define QUIET_MS 2000                   /* without a call the process ends */
#define BURST .5                        /* seconds of processor time that may be used at once */
#define SHARE .2                        /* seconds of it that come back in a second */

/* The processor time that the process may use. */
struct share {
	double left;                    /* seconds; below 0: it waits */
	double looked, used;            /* at the last look: clock_now(), clock_thread_cpu() */
};

static struct share share_begin(void)
{
	return (struct share){ .left = BURST, .looked = clock_now(), .used = clock_thread_cpu() };
}

/* Waits until another call may be answered. */
static void share_keep(struct share *share)
{
	double now = clock_now(), used = clock_thread_cpu();

	share->left += (now - share->looked) * SHARE;
	if (share->left > BURST)
		share->left = BURST;
	share->left -= used - share->used;
	share->looked = now;
	share->used = used;
	if (share->left < 0)
		poll(NULL, 0, 1 + (int)(-share->left / SHARE * 1000));
}

/* ---- bind ---- */

static void catch_alarm(void (*handler)(int))
{
	const struct sigaction action = { .sa_handler = handler };
	sigset_t only;

	sigemptyset(&only);
	sigaddset(&only, SIGALRM);
	sigaction(SIGALRM, &action, NULL);
	pthread_sigmask(SIG_UNBLOCK, &only, NULL);
}

/* Nobody watches a process whose superd was killed, or has become another program. */
static void make_timer(struct bind_server *server)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };

	catch_alarm(SIG_DFL);
	server->has_timer = timer_create(CLOCK_MONOTONIC, &event, &server->timer) == 0;
}

static void set_timer(struct bind_server *server, int milliseconds)
{
	const struct itimerspec time = { .it_value.tv_sec = milliseconds / 1000 };

	if (server->has_timer)
		timer_settime(server->timer, 0, &time, NULL);
}

static void end_call(struct bind_server *server)
{
	atomic_store(&server->progress->id, 0);
	atomic_store(&server->progress->since, 0);
	set_timer(server, 0);
}

static void answer_call(struct bind_server *server, const struct user_call *call)
{
	set_timer(server, BIND_ALONE_MS);
	atomic_store(&server->progress->id, call->id);
	atomic_store(&server->progress->since, clock_ms());
	bind_server_answer(server, call);
	end_call(server);
}

/* Waits for a call. false: it is time to end. */
static bool wait_for_call(const struct bind_server *server)
{
	struct pollfd wait[] = { { server->notif, POLLIN, 0 }, { server->channel, POLLIN, 0 } };
	int ready;

	do
		ready = poll(wait, 2, QUIET_MS);
	while (ready < 0 && errno == EINTR);
	return ready > 0 && !wait[1].revents && wait[0].revents & POLLIN;
}

/* The sockets that are open follow the request. */
static bool receive_offers(struct bind_server *server)
{
	struct bind_request *request = &server->request;
	int *fds = calloc(request->count + 1, sizeof(*fds));
	size_t open = 0, next = 0;
	bool good;

	server->offered = calloc(request->count + 1, sizeof(*server->offered));
	for (size_t n = 0; n < request->count; n++)
		open += request->offers[n].fd >= 0;
	good = fds && server->offered && request_receive_fds(server->channel, fds, open);
	for (size_t n = 0; good && n < request->count; n++) {
		if (request->offers[n].fd >= 0)
			request->offers[n].fd = fds[next++];
	}
	free(fds);
	return good;
}

static bool receive_work(struct bind_server *server)
{
	struct record record;
	size_t count = 2;
	void *memory;
	int fds[2];

	if (!request_receive(server->channel, &record, fds, &count) || count != 2)
		return false;
	bind_request_record(&record, &server->request);
	memory = mmap(NULL, sizeof(*server->progress), PROT_READ | PROT_WRITE, MAP_SHARED, fds[1], 0);
	server->notif = fds[0];
	server->progress = memory;
	return record_is_read(&record) && memory != MAP_FAILED && receive_offers(server);
}

void work_bind(int channel)
{
	struct bind_server server = { .channel = channel };
	struct user_call call;
	struct share share;

	make_timer(&server);
	set_timer(&server, BIND_ALONE_MS);
	if (!receive_work(&server))
		return;
	bind_server_begin(&server);
	user_notif_hurry(server.notif);
	end_call(&server);
	share = share_begin();
	while (wait_for_call(&server)) {
		if (!user_notif_receive(server.notif, &call)) {
			if (errno == ENOENT || errno == EINTR)
				continue;
			break;
		}
		answer_call(&server, &call);
		share_keep(&share);
	}
}

/* ---- bind-left ---- */

#define TAKEN_MS 20                     /* until a call that somebody else has taken is no longer waited for */

static void on_alarm(int signal)
{
	(void)signal;                   /* it interrupts the ioctl(2) */
}

/* Lets a call go. A superd-bind that was taken over, and has kept the filter, may have taken it since poll(2). */
static void pass_call(int filter)
{
	static const struct itimerval off;
	const struct timeval soon = { .tv_usec = TAKEN_MS * 1000 };
	struct user_call call;
	bool is_there;

	setitimer(ITIMER_REAL, &(const struct itimerval){ soon, soon }, NULL);
	is_there = user_notif_receive(filter, &call);
	setitimer(ITIMER_REAL, &off, NULL);
	if (is_there)
		user_notif_let_go(filter, call.id);
}

/* superd has closed the channel. Its last word is that it ends. false: it has another process. */
static bool goes_on(struct pollfd *channel)
{
	char word;

	if (recv(channel->fd, &word, 1, MSG_DONTWAIT) != 1)
		return false;
	channel->fd = -1;
	return true;
}

/* The channel is the last one. */
static void pass_calls(struct pollfd *polled, size_t count)
{
	struct share share = share_begin();
	struct pollfd *channel = &polled[count];
	size_t open = count;

	while (open && poll(polled, count + 1, -1) > 0) {
		if (channel->revents && !goes_on(channel))
			return;
		open = 0;
		for (size_t n = 0; n < count; n++) {
			if (polled[n].revents & POLLIN)
				pass_call(polled[n].fd);
			else if (polled[n].revents)
				polled[n].fd = -1;      /* nobody has the filter */
			open += polled[n].fd >= 0;
		}
		share_keep(&share);
	}
}

void work_bind_left(int channel)
{
	struct bind_left_request request = { 0 };
	struct pollfd *polled = NULL;
	struct record record;
	size_t count = 0;
	int *notifs;

	catch_alarm(on_alarm);
	if (!request_receive(channel, &record, NULL, &count))
		return;
	bind_left_request_record(&record, &request);
	if (!record_is_read(&record))
		return;
	notifs = calloc(request.count + 1, sizeof(*notifs));
	polled = calloc(request.count + 1, sizeof(*polled));
	if (!notifs || !polled || !request_receive_fds(channel, notifs, request.count))
		return;
	notifs[request.count] = channel;
	for (size_t n = 0; n <= request.count; n++)
		polled[n] = (struct pollfd){ notifs[n], POLLIN, 0 };
	pass_calls(polled, request.count);
}
