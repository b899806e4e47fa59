/* The closer and its queue, a pair of sockets of which superd keeps both ends: what is under way in it is a
 * reference, and none of superd's. Who closes first must not be the closer, so each message has a number, and superd
 * notes in memory that both see up to which it has closed its own.
 *
 * The closer never waits for superd but for that moment. It goes when there is nothing to do, and when superd has
 * ended, after the last. */
#include "sys/close_aside.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "sys/spawn.h"

#define CLOSERS_MOST 64                 /* slots; with all of them hanging, the queue stands still */
#define LOOKS_PATIENT 2                 /* looks without progress, after which it hangs */
#define END_LOOKS 200                   /* milliseconds that superd's end waits for the rest */
#define IDLE 500                        /* milliseconds without work, after which the closer goes */
#define LET_GO 5000                     /* milliseconds in which superd has closed its own, in a process for one */

/* What one closer says of itself. */
struct slot {
	_Atomic uint32_t taken, closed; /* of the descriptors it has received */
	_Atomic uint32_t owner;         /* of the last one */
	_Atomic uint32_t kept;          /* which it keeps open */
	_Atomic uint32_t kept_owner;    /* whose the last of these is */
	_Atomic uint32_t ended;
};

struct shared {
	_Atomic uint64_t released;      /* superd has closed its own up to this message */
	_Atomic uint32_t current;       /* the slot whose closer goes on with the queue */
	_Atomic uint32_t hanging[CLOSE_OWNERS];
	struct slot slots[CLOSERS_MOST];
};

struct message {
	uint64_t number;
	uint32_t owner;
};

/* superd's own view of a slot. */
struct closer {
	pid_t pid;                      /* 0: free */
	bool hangs;
	bool retired;                   /* it was ended, so that what it kept is closed */
	uint32_t owner;                 /* for whom it hangs */
	uint32_t seen;                  /* what it had taken at the last look */
	unsigned looks;                 /* without progress */
};

static struct {
	struct shared *shared;
	int in, out;                    /* of the queue */
	uint64_t sent;
	uint64_t settled;               /* taken by closers that are gone */
	struct closer closers[CLOSERS_MOST];
	uint32_t current;
	bool renew;                     /* the closer keeps what can be closed by now */
} queue = { .in = -1, .out = -1 };

union control {
	struct cmsghdr header;          /* for its alignment */
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* ---- the closer's own part ---- */

static int take(int from, struct message *message, int *fd)
{
	union control control;
	struct iovec part = { message, sizeof(*message) };
	struct msghdr received = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	ssize_t got;

	do
		got = recvmsg(from, &received, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	*fd = -1;
	if (got == (ssize_t)sizeof(*message) && received.msg_controllen >= CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(&control.header), sizeof(int));
	return got == (ssize_t)sizeof(*message) ? 0 : -1;
}

static void wait_for_release(const struct shared *shared, uint64_t number, pid_t parent)
{
	while (atomic_load(&shared->released) < number && getppid() == parent)
		poll(NULL, 0, 1);
}

/* Whether to go on: one without work goes, and superd makes another when it needs one. Who keeps any stays. */
static bool has_more(int from, struct slot *slot)
{
	struct pollfd queue_end = { .fd = from, .events = POLLIN };

	if (atomic_load(&slot->kept) || poll(&queue_end, 1, IDLE) != 0)
		return true;
	atomic_store(&slot->ended, 1);
	if (poll(&queue_end, 1, 0) == 0)
		return false;
	atomic_store(&slot->ended, 0);  /* it came just then */
	return true;
}

struct work {
	struct shared *shared;
	uint32_t number;
	int from;
	pid_t parent;
};

static void close_all(const void *with)
{
	const struct work *work = with;
	struct shared *shared = work->shared;
	struct slot *slot = &shared->slots[work->number];
	struct message message;
	int fd;

	while (atomic_load(&shared->current) == work->number && has_more(work->from, slot) &&
	       take(work->from, &message, &fd) == 0) {
		atomic_store(&slot->owner, message.owner);
		atomic_fetch_add(&slot->taken, 1);
		wait_for_release(shared, message.number, work->parent);
		if (atomic_load(&shared->hanging[message.owner]) >= CLOSE_HANGING_MOST) {
			atomic_store(&slot->kept_owner, message.owner);
			atomic_fetch_add(&slot->kept, 1);
		} else if (fd >= 0) {
			close(fd);
		}
		atomic_fetch_add(&slot->closed, 1);
	}
	atomic_store(&slot->ended, 1);
}

/* ---- superd's ---- */

static bool open_queue(void)
{
	int ends[2];
	void *memory;

	if (queue.shared)
		return true;
	memory = mmap(NULL, sizeof(*queue.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		munmap(memory, sizeof(*queue.shared));
		return false;
	}
	queue.shared = memory;
	queue.in = fd_raise(ends[0], FD_HIGH);
	queue.out = fd_raise(ends[1], FD_HIGH);
	return true;
}

static bool find_free(uint32_t *number)
{
	for (uint32_t n = 0; n < CLOSERS_MOST; n++) {
		if (!queue.closers[n].pid) {
			*number = n;
			return true;
		}
	}
	return false;
}

/* What it kept is closed by its end, in which it may hang. */
static void retire(struct closer *closer)
{
	if (!closer->pid || closer->hangs)
		return;
	closer->retired = true;
	kill(closer->pid, SIGKILL);
}

/* Another closer goes on with the queue. */
static bool start_closer(void)
{
	struct work work = { .shared = queue.shared, .from = queue.out, .parent = getpid() };
	uint32_t before = atomic_load(&queue.shared->current);
	pid_t pid;

	if (!find_free(&work.number))
		return false;
	queue.shared->slots[work.number] = (struct slot){ 0 };
	atomic_store(&queue.shared->current, work.number);
	pid = spawn_aside("superd-close", close_all, &work, (int[]){ queue.out }, 1);
	if (pid < 0) {
		atomic_store(&queue.shared->current, before);
		return false;
	}
	if (queue.renew)
		retire(&queue.closers[queue.current]);
	queue.closers[work.number] = (struct closer){ .pid = pid };
	queue.current = work.number;
	queue.renew = false;
	return true;
}

static bool has_closer(void)
{
	const struct closer *closer = &queue.closers[queue.current];

	return closer->pid && !closer->hangs && spawn_is_aside(closer->pid) &&
	       !atomic_load(&queue.shared->slots[queue.current].ended);
}

static bool put_into_queue(int fd, unsigned owner)
{
	struct message text = { .number = queue.sent + 1, .owner = owner };
	union control control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec part = { &text, sizeof(text) };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	return sendmsg(queue.in, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

/* Until superd has closed its own. */
static void hold(const void *with)
{
	(void)with;
	poll(NULL, 0, LET_GO);
}

bool close_aside(int *fd, unsigned owner)
{
	if (*fd < 0)
		return true;
	owner = owner < CLOSE_OWNERS ? owner : 0;
	if (open_queue() && (has_closer() || start_closer() || queue.closers[queue.current].pid) &&
	    put_into_queue(*fd, owner)) {
		queue.sent++;
		fd_close(fd);
		atomic_store(&queue.shared->released, queue.sent);
		if (atomic_load(&queue.shared->slots[queue.current].ended))
			start_closer(); /* it went just then; where that fails, the next look tries again */
		return true;
	}
	/* The queue is full, or too many of this user are under way (ETOOMANYREFS). */
	if (spawn_aside("superd-close", hold, NULL, fd, 1) < 0)
		return false;
	fd_close(fd);
	return true;
}

/* Messages that closers have taken so far. */
static uint64_t count_taken(void)
{
	uint64_t taken = queue.settled;

	for (uint32_t n = 0; n < CLOSERS_MOST; n++) {
		if (queue.closers[n].pid)
			taken += atomic_load(&queue.shared->slots[n].taken);
	}
	return taken;
}

bool close_aside_is_busy(void)
{
	if (!queue.shared)
		return false;
	for (uint32_t n = 0; n < CLOSERS_MOST; n++) {
		const struct slot *slot = &queue.shared->slots[n];
		bool closes = atomic_load(&slot->closed) != atomic_load(&slot->taken);

		if (queue.closers[n].pid && (n != queue.current || closes))
			return true;
	}
	return queue.renew || count_taken() < queue.sent;
}

unsigned close_aside_hanging(unsigned owner)
{
	return queue.shared && owner < CLOSE_OWNERS ? atomic_load(&queue.shared->hanging[owner]) : 0;
}

static void note_hanging(struct closer *closer, const struct slot *slot, const struct close_events *events,
			 void *context)
{
	closer->hangs = true;
	closer->owner = atomic_load(closer->retired ? &slot->kept_owner : &slot->owner);
	events->hangs(context, closer->owner, atomic_fetch_add(&queue.shared->hanging[closer->owner], 1) + 1);
}

static void note_return(struct closer *closer, const struct close_events *events, void *context)
{
	closer->hangs = false;
	queue.renew |= atomic_load(&queue.shared->slots[queue.current].kept) > 0;
	events->returns(context, closer->owner, atomic_fetch_sub(&queue.shared->hanging[closer->owner], 1) - 1);
}

/* One slot: whether its closer has come on since the last look. */
static void look_at(uint32_t number, const struct close_events *events, void *context)
{
	struct closer *closer = &queue.closers[number];
	const struct slot *slot = &queue.shared->slots[number];
	uint32_t taken = atomic_load(&slot->taken), closed = atomic_load(&slot->closed);
	bool is_gone = atomic_load(&slot->ended) || !spawn_is_aside(closer->pid);

	if (closer->hangs && (is_gone || (closed == taken && !closer->retired)))
		note_return(closer, events, context);
	if (is_gone) {
		queue.settled += taken;
		*closer = (struct closer){ 0 };
		return;
	}
	closer->looks = (taken == closed && !closer->retired) || taken != closer->seen ? 0 : closer->looks + 1;
	closer->seen = taken;
	if (!closer->hangs && closer->looks >= LOOKS_PATIENT)
		note_hanging(closer, slot, events, context);
}

void close_aside_look(const struct close_events *events, void *context)
{
	if (!queue.shared)
		return;
	for (uint32_t n = 0; n < CLOSERS_MOST; n++) {
		if (queue.closers[n].pid)
			look_at(n, events, context);
	}
	if ((!has_closer() && count_taken() < queue.sent) || queue.renew)
		start_closer();
}

/* Whether one is on its way still that does not hang. */
static bool await_closers(void)
{
	bool waits = false;

	for (uint32_t n = 0; n < CLOSERS_MOST; n++) {
		struct closer *closer = &queue.closers[n];

		if (!closer->pid || closer->hangs || closer->retired)
			continue;
		if (waitpid(closer->pid, NULL, WNOHANG) == 0)
			waits = true;
		else
			*closer = (struct closer){ 0 };
	}
	return waits;
}

void close_aside_end(void)
{
	if (!queue.shared)
		return;
	fd_close(&queue.in);            /* it ends behind the last */
	for (int n = 0; n < END_LOOKS && await_closers(); n++)
		poll(NULL, 0, 1);
}
