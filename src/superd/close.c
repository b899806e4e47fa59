/* Closing what may hang: the last close of a unix socket closes what is in its queue too, which may be a file of the
 * sender's own file system that never answers; that of a connection with SO_LINGER waits for the peer; that of a kept
 * descriptor may be anything. So helpers have copies of these, superd closes its own, and then they close theirs: two
 * at once for a service, and one where eight are at work. The others wait here, and a service of which many wait takes
 * no more clients. */
#include "superd/daemon.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/fd.h"
#include "os/socket/socket.h"

#define CLOSERS 64
#define CLOSERS_EACH 2
#define CLOSERS_BUSY 8
#define TAKES_MOST 256 /* descriptors that a helper takes at once */
#define WAITING_MOST 64
#define CLOSE_SECONDS 1.

static struct closer {
	struct helper helper;
	const struct svc *svc; /* only to be compared */
	bool is_busy;
} closers[CLOSERS];

static struct waiting {
	const struct svc *svc;
	int fd;
} * waiting;
static size_t waiting_count, waiting_room;
static ev_timer begin;
static int reserve[2] = { -1, -1 }; /* for the pipe: when all descriptors are used up, closing gives some back */

bool close_is_slow(const struct svc *svc)
{
	size_t count = 0;

	for (size_t n = 0; n < waiting_count; n++)
		count += waiting[n].svc == svc;
	return count >= WAITING_MOST;
}

static int by_number(const void *one, const void *other)
{
	return *(const int *)one - *(const int *)other;
}

/* In a helper that may hang: it has these alone. */
void close_others(int *fds, int count)
{
	int from = 0;

	qsort(fds, (size_t)count, sizeof(*fds), by_number);
	for (int n = 0; n < count; from = fds[n++] + 1) {
		if (fds[n] > from)
			syscall(__NR_close_range, from, fds[n] - 1, 0);
	}
	syscall(__NR_close_range, from, ~0u, 0);
}

/* The helper: it waits until superd has closed its copies, and closes its own. */
static _Noreturn void close_all(int *fds, int count, int go)
{
	char byte;

	fds[count++] = go;
	close_others(fds, count);
	while (read(go, &byte, 1) < 0)
		continue;
	for (int n = 0; n < count; n++)
		close(fds[n]);
	_exit(0);
}

static void on_closed(struct helper *helper, int status)
{
	struct closer *closer = container_of(helper, struct closer, helper);

	if (status == HELPER_LATE) {
		log_event(superd.log, LEVEL_WARNING, &(struct event){ .name = "hanging" },
			  "closing a descriptor does not finish, as another process blocks it, or a descriptor in its "
			  "queue: a helper goes on with it");
		return;
	}
	closer->is_busy = false;
	ev_feed_event(superd.loop, &begin, EV_TIMER);
}

/* Whether another helper may close for the service. */
static bool may_begin(const struct svc *svc)
{
	int all = 0, own = 0;

	for (size_t n = 0; n < CLOSERS; n++) {
		all += closers[n].is_busy;
		own += closers[n].is_busy && closers[n].svc == svc;
	}
	return own < (all < CLOSERS_BUSY ? CLOSERS_EACH : 1);
}

void close_ready(void)
{
	limits_reserve(reserve, 2, true);
}

/* at_end: nobody is to wait any longer. */
static void begin_all(bool at_end)
{
	for (struct closer *closer = closers; closer < closers + CLOSERS; closer++) {
		const struct svc *svc;
		size_t first = 0, left = 0;
		int fds[TAKES_MOST + 1], ends[2], count = 0;
		pid_t pid;

		if (closer->is_busy)
			continue;
		while (first < waiting_count && !at_end && !may_begin(waiting[first].svc))
			first++;
		if (first == waiting_count)
			return;
		limits_reserve(reserve, 2, false);
		if (pipe2(ends, O_CLOEXEC) < 0) {
			close_ready();
			return;
		}
		svc = waiting[first].svc;
		for (size_t n = 0; n < waiting_count && count < TAKES_MOST; n++) {
			if (at_end || waiting[n].svc == svc)
				fds[count++] = waiting[n].fd;
		}
		pid = helper_begin(&closer->helper, CLOSE_SECONDS, on_closed);
		if (pid == 0)
			close_all(fds, count, ends[0]);
		close(ends[0]);
		if (pid > 0) {
			int taken = 0;

			closer->is_busy = true;
			closer->svc = svc;
			for (size_t n = 0; n < waiting_count; n++) {
				if (taken < count && waiting[n].fd == fds[taken])
					close(fds[taken++]);
				else
					waiting[left++] = waiting[n];
			}
			waiting_count = left;
			if (write(ends[1], "", 1) < 0)
				log_warn(superd.log, "a helper that closes descriptors has ended");
		}
		close(ends[1]);
		close_ready();
		if (pid < 0)
			return;
	}
}

static void on_begin(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)events;
	begin_all(false);
	limits_offer();
	ev_timer_stop(loop, timer);
	if (waiting_count) { /* a helper may be had later */
		ev_timer_set(timer, CLOSE_SECONDS, 0);
		ev_timer_start(loop, timer);
	}
}

/* svc: whose it is; NULL: superd's own. */
void close_apart(const struct svc *svc, int *fd)
{
	struct linger linger = { 0 };
	socklen_t size = sizeof(linger);
	struct waiting *larger;

	if (*fd < 0)
		return;
	if (socket_is_plain_inet(*fd) && getsockopt(*fd, SOL_SOCKET, SO_LINGER, &linger, &size) == 0 &&
	    !linger.l_onoff) {
		fd_close(fd);
		return;
	}
	larger = array_grow(waiting, &waiting_room, waiting_count, sizeof(*waiting));
	if (larger) {
		waiting = larger;
		waiting[waiting_count++] = (struct waiting){ svc, *fd };
	}
	*fd = -1; /* without memory for it, it stays open */
	if (!superd.over && !ev_is_active(&begin) && !ev_is_pending(&begin)) {
		ev_timer_init(&begin, on_begin, 0, 0);
		ev_set_priority(&begin, EV_MINPRI); /* behind whatever else is closed in this turn of the loop */
		ev_feed_event(superd.loop, &begin, EV_TIMER);
	}
}

/* The service is freed. */
void close_forget(const struct svc *svc)
{
	for (size_t n = 0; n < waiting_count; n++)
		waiting[n].svc = waiting[n].svc == svc ? NULL : waiting[n].svc;
	for (size_t n = 0; n < CLOSERS; n++)
		closers[n].svc = closers[n].svc == svc ? NULL : closers[n].svc;
}

/* Before superd ends, or becomes another program: that would close them. */
void close_leave(void)
{
	begin_all(true);
}
