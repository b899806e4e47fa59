/* A closer is a process that closes descriptors one after another, for one owner at a time: so an owner whose closing
 * hangs delays only itself, and superd always knows whose descriptors a closer has.
 *
 * superd passes descriptors through the closer's queue, a socket pair of which superd keeps both ends: a message in it
 * is a reference, and the queue survives its closer. The closer must not close before superd does, so superd publishes
 * in shared memory of how many messages it has closed its own copies. What does not fit into the queue is kept until
 * the next look, which starts a closer that inherits it. That one has no queue and needs no descriptor of superd's.
 *
 * A closer waits for superd only until superd has closed its copy. It exits when superd tells it to, after two looks
 * without work, or when superd has ended and the queue is empty. */
#include "superd/worker/close_async.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/fd_message.h"
#include "superd/spawn/worker_process.h"

#define CLOSERS_MOST CLOSE_OWNERS       /* each owner may have one that hangs */
#define FURTHER_MOST (CLOSERS_MOST / 2) /* closers at work, above which no owner gets another one beside its first */
#define PASS_ON_LEAST 64                /* kept descriptors of an owner that are worth another closer */
#define HANGS_AFTER 1000                /* milliseconds without progress */
#define IDLE_LOOKS 2                    /* looks without work, after which a closer is told to exit */
#define END_LOOKS 200                   /* milliseconds that superd's end waits for the rest */

/* What superd shares with a closer. A closer that was taken over may write what it likes, so superd bounds `closed`. */
struct close_counts {
	_Atomic uint64_t released;      /* descriptors of which superd has closed its own copy */
	_Atomic uint64_t closed;        /* descriptors that closers have closed */
};

/* A message in the queue, with the descriptor as SCM_RIGHTS; 0: the closer is to exit. */
typedef uint64_t close_number;

struct closer {
	int in, out;                    /* both ends of the queue: superd writes, the closer reads; -1: it has none */
	pid_t pid;                      /* 0: no process */
	uint64_t serial;                /* spawn_worker_serial, as the pid may be reused */
	unsigned owner;                 /* of all that it has to close */
	uint64_t given;                 /* descriptors passed to it */
	uint64_t seen;                  /* of these, closed at the last progress */
	uint32_t progress;              /* time of the last progress, or when it got work, in milliseconds */
	unsigned idle;                  /* looks in a row at which it had nothing to do */
};

/* A descriptor that superd has not yet passed to a closer. */
struct kept_fd {
	int fd;
	unsigned owner;
};

static struct {
	struct close_counts *counts;    /* one for each closer; NULL: nothing was ever closed */
	struct closer closers[CLOSERS_MOST];
	size_t used;                    /* closers in use, and free places among them */
	struct kept_fd *kept;
	size_t count, room;
	unsigned kept_of[CLOSE_OWNERS];         /* by owner */
	unsigned hanging[CLOSE_OWNERS];         /* at the last look */
} queue;

/* ---- the closer's own part ---- */

/* What a new closer gets from superd. */
struct close_work {
	struct close_counts *counts;
	int from;                       /* -1: it closes what it inherits */
	pid_t parent;
	const int *inherited;
	size_t count;
};

static void close_one(const struct close_work *work, int fd, uint64_t number)
{
	while (atomic_load(&work->counts->released) < number && getppid() == work->parent)
		poll(NULL, 0, 1);
	close(fd);
	atomic_fetch_add(&work->counts->closed, 1);
}

static void run_closer(const void *with)
{
	const struct close_work *work = with;

	for (size_t n = 0; n < work->count; n++)
		close_one(work, work->inherited[n], work->count);
	while (work->from >= 0) {
		close_number number = 0;
		size_t count = 1;
		int fd = -1;
		ssize_t got = fd_message_receive(work->from, &number, sizeof(number), &fd, &count, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got != sizeof(number) || !number)
			return;
		close_one(work, count ? fd : -1, number);
	}
}

/* ---- superd's ---- */

static bool prepare(void)
{
	if (!queue.counts)
		queue.counts = worker_memory_new(CLOSERS_MOST * sizeof(*queue.counts));
	return queue.counts;
}

static struct close_counts *counts_of(const struct closer *closer)
{
	return &queue.counts[closer - queue.closers];
}

static uint64_t count_closed(const struct closer *closer)
{
	uint64_t closed = atomic_load(&counts_of(closer)->closed);

	return closed < closer->given ? closed : closer->given;
}

static bool has_work(const struct closer *closer)
{
	return count_closed(closer) < closer->given;
}

static bool is_alive(const struct closer *closer)
{
	return closer->pid && spawn_worker_serial(closer->pid) == closer->serial;
}

/* inherited: what it closes, of which superd still has copies; with a queue there is nothing. */
static bool start_process(struct closer *closer, const int *inherited, size_t count)
{
	const struct worker_start start = {
		.kind = WORKER_CLOSE,
		.kept = closer->out < 0 ? inherited : &closer->out,
		.count = closer->out < 0 ? (int)count : 1,
		.memory = queue.counts,
		.memory_size = CLOSERS_MOST * sizeof(*queue.counts),
	};
	const struct close_work work = { counts_of(closer), closer->out, getpid(), inherited, count };
	pid_t pid = spawn_worker(&start, run_closer, &work);

	if (pid <= 0)
		return false;
	closer->pid = pid;
	closer->serial = spawn_worker_serial(pid);
	closer->idle = 0;
	return true;
}

static void begin_work(struct closer *closer, unsigned owner)
{
	closer->owner = owner;
	closer->progress = (uint32_t)clock_ms();
	closer->seen = count_closed(closer);
	closer->idle = 0;
}

static bool is_free(const struct closer *closer)
{
	return !closer->pid && closer->in < 0;
}

static struct closer *take_place(void)
{
	size_t n = 0;

	while (n < queue.used && !is_free(&queue.closers[n]))
		n++;
	if (n == CLOSERS_MOST)
		return NULL;
	if (n == queue.used)
		queue.used++;
	queue.closers[n] = (struct closer){ .in = -1, .out = -1 };
	atomic_store(&queue.counts[n].released, 0);
	atomic_store(&queue.counts[n].closed, 0);
	return &queue.closers[n];
}

static struct closer *open_closer(void)
{
	struct closer *closer = take_place();
	int ends[2];

	if (!closer || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return NULL;
	closer->in = fd_raise(ends[0], FD_HIGH);
	closer->out = fd_raise(ends[1], FD_HIGH);
	return closer;
}

/* The closer that works for this owner, else one that works for nobody, else a new one. */
static struct closer *find_closer(unsigned owner)
{
	struct closer *unused = NULL;

	for (size_t n = 0; n < queue.used; n++) {
		struct closer *closer = &queue.closers[n];

		if (closer->in < 0)
			continue;
		if (!has_work(closer))
			unused = closer;
		else if (closer->owner == owner)
			return closer;
	}
	return unused ? unused : open_closer();
}

static bool send_to_closer(int *fd, unsigned owner)
{
	struct closer *closer = find_closer(owner);
	close_number number = closer ? closer->given + 1 : 0;

	if (!closer || !fd_message_send(closer->in, &number, sizeof(number), fd, 1, MSG_DONTWAIT))
		return false;
	if (!has_work(closer))
		begin_work(closer, owner);
	closer->given++;
	fd_close(fd);
	atomic_store(&counts_of(closer)->released, number);
	if (!is_alive(closer))
		start_process(closer, NULL, 0);         /* if that fails, the next look tries again */
	return true;
}

static bool keep(int *fd, unsigned owner)
{
	struct kept_fd *kept = array_grow(queue.kept, &queue.room, queue.count, sizeof(*kept));

	if (!kept)
		return false;
	queue.kept = kept;
	queue.kept[queue.count++] = (struct kept_fd){ .fd = *fd, .owner = owner };
	queue.kept_of[owner]++;
	*fd = -1;
	return true;
}

bool close_async(int *fd, unsigned owner)
{
	if (*fd < 0)
		return true;
	owner = owner < CLOSE_OWNERS ? owner : 0;
	return (prepare() && send_to_closer(fd, owner)) || keep(fd, owner);
}

bool close_async_is_busy(void)
{
	return queue.used || queue.count;
}

unsigned close_async_hanging(unsigned owner)
{
	return owner < CLOSE_OWNERS ? queue.hanging[owner] : 0;
}

unsigned close_async_pending(unsigned owner)
{
	unsigned pending = owner < CLOSE_OWNERS ? queue.kept_of[owner] : 0;

	for (size_t n = 0; n < queue.used; n++) {
		const struct closer *closer = &queue.closers[n];

		if (closer->owner == owner)
			pending += (unsigned)(closer->given - count_closed(closer));
	}
	return pending;
}

/* What a closer had received is closed by its exit. What it had not waits in the queue for another process. */
static void settle_ended(struct closer *closer)
{
	int bytes = 0;
	uint64_t waiting = 0;

	if (closer->out >= 0 && ioctl(closer->out, FIONREAD, &bytes) == 0 && bytes > 0)
		waiting = (uint64_t)bytes / sizeof(close_number);
	closer->pid = 0;
	atomic_store(&counts_of(closer)->closed, waiting < closer->given ? closer->given - waiting : 0);
}

static void end_unused(struct closer *closer)
{
	const close_number end = 0;

	if (!closer->pid) {
		fd_close(&closer->in);
		fd_close(&closer->out);
	} else if (closer->in >= 0 && ++closer->idle == IDLE_LOOKS) {
		fd_message_send(closer->in, &end, sizeof(end), NULL, 0, MSG_DONTWAIT);
	}
}

/* Returns whether its owner's closings hang. */
static bool check_closer(struct closer *closer)
{
	uint32_t now = (uint32_t)clock_ms();

	if (closer->pid && !is_alive(closer))
		settle_ended(closer);
	if (!has_work(closer)) {
		end_unused(closer);
		return false;
	}
	if (!closer->pid)
		start_process(closer, NULL, 0);
	if (count_closed(closer) != closer->seen) {
		closer->seen = count_closed(closer);
		closer->progress = now;
	}
	return now - closer->progress >= HANGS_AFTER;
}

/* Removes what was passed on from the list: what is -1. */
static void drop_passed_on(void)
{
	size_t left = 0;

	for (size_t n = 0; n < queue.count; n++) {
		if (queue.kept[n].fd >= 0)
			queue.kept[left++] = queue.kept[n];
		else
			queue.kept_of[queue.kept[n].owner]--;
	}
	queue.count = left;
}

#define ALL_OWNERS CLOSE_OWNERS

static bool is_of(const struct kept_fd *kept, unsigned owner)
{
	return owner == ALL_OWNERS || kept->owner == owner;
}

/* Starts a closer that inherits all that is kept of an owner. false: it stays. */
static bool pass_on(unsigned owner)
{
	struct closer *closer = take_place();
	int *list = closer ? malloc(queue.count * sizeof(*list)) : NULL;
	size_t count = 0;
	bool good;

	for (size_t n = 0; list && n < queue.count; n++) {
		if (is_of(&queue.kept[n], owner))
			list[count++] = queue.kept[n].fd;
	}
	good = list && start_process(closer, list, count);
	free(list);
	if (!good)
		return false;
	closer->given = count;
	begin_work(closer, owner % CLOSE_OWNERS);
	for (size_t n = 0; n < queue.count; n++) {
		if (is_of(&queue.kept[n], owner))
			fd_close(&queue.kept[n].fd);
	}
	atomic_store(&counts_of(closer)->released, count);
	drop_passed_on();
	return true;
}

/* Whether what is kept of an owner needs a closer beside those that it has: superd may keep a few of an owner that
 * hangs, and all owners have a right to their first closer. */
static bool needs_another(unsigned owner)
{
	bool has_one = false;

	for (size_t n = 0; n < queue.used; n++)
		has_one |= queue.closers[n].owner == owner && has_work(&queue.closers[n]);
	return !has_one || (queue.kept_of[owner] >= PASS_ON_LEAST && queue.used < FURTHER_MOST);
}

static void send_kept(void)
{
	for (size_t n = 0; n < queue.count; n++)
		send_to_closer(&queue.kept[n].fd, queue.kept[n].owner);
	drop_passed_on();
	for (size_t n = 0; n < queue.count;) {
		if (!needs_another(queue.kept[n].owner) || !pass_on(queue.kept[n].owner))
			n++;
	}
}

void close_async_look(close_hangs *hangs, void *context)
{
	bool hanging[CLOSE_OWNERS] = { false };

	if (!prepare())
		return;
	for (size_t n = 0; n < queue.used; n++)
		hanging[queue.closers[n].owner] |= check_closer(&queue.closers[n]);
	while (queue.used && is_free(&queue.closers[queue.used - 1]))
		queue.used--;
	for (unsigned owner = 0; owner < CLOSE_OWNERS; owner++) {
		unsigned before = queue.hanging[owner], count = hanging[owner] ? close_async_pending(owner) : 0;

		queue.hanging[owner] = count < CLOSE_HANGING_MOST ? count : CLOSE_HANGING_MOST;
		if (queue.hanging[owner] > before)
			hangs(context, owner, queue.hanging[owner]);
	}
	send_kept();
}

/* Whether a closer that does not hang still runs. */
static bool await_closers(void)
{
	bool waits = false;

	for (size_t n = 0; n < queue.used; n++) {
		struct closer *closer = &queue.closers[n];

		if (!is_alive(closer) || queue.hanging[closer->owner])
			continue;
		if (waitpid(closer->pid, NULL, WNOHANG) == 0)
			waits = true;
		else
			spawn_reaped(closer->pid);
	}
	return waits;
}

void close_async_leave(void)
{
	for (size_t n = 0; n < queue.used; n++) {
		if (has_work(&queue.closers[n]) && !is_alive(&queue.closers[n]))
			start_process(&queue.closers[n], NULL, 0);
	}
	if (queue.count && prepare())
		pass_on(ALL_OWNERS);
}

void close_async_end(void)
{
	close_async_leave();
	for (size_t n = 0; n < queue.used; n++)
		fd_close(&queue.closers[n].in);         /* closers exit after the last message */
	for (int n = 0; n < END_LOOKS && await_closers(); n++)
		poll(NULL, 0, 1);
}
