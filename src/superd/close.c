/* Closing what may hang: the last close of a unix socket closes what is in its queue too, which may be a file of the
 * sender's own file system that never answers; that of a connection with SO_LINGER waits for the peer; that of a kept
 * descriptor may be anything. So helpers have copies of these, superd closes its own, and then they close theirs: two
 * at once for a service. The others wait here, and a service of which many wait takes no more clients. */
#include "superd/daemon.h"

#define TAKES_MOST 256 /* descriptors that a helper takes at once */
#define WAITING_MOST 64
#define CLOSE_SECONDS 1.

static struct {
	struct waiting {
		struct svc *svc;
		int fd;
	} * waiting;
	size_t count, room;
	struct helper own[CLOSERS]; /* of superd itself */
	ev_timer begin;
	int reserve[2]; /* for the pipe: when all descriptors are used up, closing gives some back */
} closing = { .reserve = { -1, -1 } };

bool close_is_slow(const struct svc *svc)
{
	size_t count = 0;

	for (size_t n = 0; n < closing.count; n++)
		count += closing.waiting[n].svc == svc;
	return count >= WAITING_MOST;
}

/* The helper: it waits until superd has closed its copies, and closes its own. */
static _Noreturn void close_all(const int *fds, int count, int go)
{
	char byte;

	while (read(go, &byte, 1) < 0)
		continue;
	for (int n = 0; n < count; n++)
		close(fds[n]);
	_exit(0);
}

static void on_closed(struct helper *helper, int status)
{
	(void)helper;
	if (status == HELPER_LATE) {
		log_event(superd.log, LEVEL_WARNING, &(struct event){ .name = "hanging" },
			  "closing a descriptor does not finish, as another process blocks it, or a descriptor in its "
			  "queue: a helper goes on with it");
		return;
	}
	ev_feed_event(superd.loop, &closing.begin, EV_TIMER);
}

/* For one more, which may come when there is no memory. */
static void make_room(void)
{
	struct waiting *larger = array_grow(closing.waiting, &closing.room, closing.count, sizeof(*closing.waiting));

	closing.waiting = larger ? larger : closing.waiting;
}

void close_ready(void)
{
	limits_reserve(closing.reserve, 2, true);
	make_room();
}

/* Those of this service, or all, are the helper's now. false: it cannot be started. */
static bool hand_over(struct helper *helper, const struct svc *svc, bool all)
{
	int fds[TAKES_MOST + 1], ends[2], count = 0, taken = 0;
	size_t left = 0;
	pid_t pid;

	limits_reserve(closing.reserve, 2, false);
	if (pipe2(ends, O_CLOEXEC) < 0) {
		close_ready();
		return false;
	}
	for (size_t n = 0; n < closing.count && count < TAKES_MOST; n++) {
		if (all || closing.waiting[n].svc == svc)
			fds[count++] = closing.waiting[n].fd;
	}
	fds[count] = ends[0];
	pid = helper_begin(helper, CLOSE_SECONDS, on_closed, fds, count + 1);
	if (pid == 0)
		close_all(fds, count, ends[0]);
	close(ends[0]);
	for (size_t n = 0; pid > 0 && n < closing.count; n++) {
		if (taken < count && closing.waiting[n].fd == fds[taken])
			close(fds[taken++]);
		else
			closing.waiting[left++] = closing.waiting[n];
	}
	if (pid > 0)
		closing.count = left;
	if (pid > 0 && write(ends[1], "", 1) < 0)
		log_warn(superd.log, "a helper that closes descriptors has ended");
	close(ends[1]);
	close_ready();
	return pid > 0;
}

static void on_begin(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)events;
	for (size_t n = 0; n < closing.count;) {
		struct svc *svc = closing.waiting[n].svc;
		struct helper *helper = svc ? svc->run->closers : closing.own;

		helper += helper->child.pid != 0;
		if (helper->child.pid)
			n++;
		else if (!hand_over(helper, svc, false))
			break;
	}
	limits_offer();
	ev_timer_stop(loop, timer);
	if (closing.count) { /* a helper may be had later */
		ev_timer_set(timer, CLOSE_SECONDS, 0);
		ev_timer_start(loop, timer);
	}
}

/* svc: whose it is; NULL: superd's own. */
void close_apart(struct svc *svc, int *fd)
{
	struct linger linger = { 0 };
	socklen_t size = sizeof(linger);

	if (*fd < 0)
		return;
	if (socket_is_plain_inet(*fd) && getsockopt(*fd, SOL_SOCKET, SO_LINGER, &linger, &size) == 0 &&
	    !linger.l_onoff) {
		fd_close(fd);
		return;
	}
	make_room();
	if (closing.count < closing.room)
		closing.waiting[closing.count++] = (struct waiting){ svc, *fd };
	make_room();
	*fd = -1; /* without room for it, it stays open */
	if (superd.life != SUPERD_IS_OVER && !ev_is_active(&closing.begin) && !ev_is_pending(&closing.begin)) {
		ev_timer_init(&closing.begin, on_begin, 0, 0);
		ev_set_priority(&closing.begin,
				EV_MINPRI); /* behind whatever else is closed in this turn of the loop */
		ev_feed_event(superd.loop, &closing.begin, EV_TIMER);
	}
}

/* The service is freed. */
void close_forget(struct svc *svc)
{
	for (size_t n = 0; n < closing.count; n++)
		closing.waiting[n].svc = closing.waiting[n].svc == svc ? NULL : closing.waiting[n].svc;
	for (int n = 0; n < CLOSERS; n++) {
		helper_drop(&svc->run->closers[n]); /* its end closes what it has */
		child_forget(&svc->run->closers[n].child);
	}
}

/* Before superd ends, or becomes another program: that would close them. */
void close_leave(void)
{
	for (bool good = true; good && closing.count;) {
		struct helper last = { .done = NULL };

		good = hand_over(&last, NULL, true);
		ev_timer_stop(superd.loop, &last.limit);
		child_forget(&last.child); /* nobody waits for it */
	}
}
