/* The closer has a thread for each owner who has something to close, and more for one whose closings are slow; so one
 * owner's wait for themselves alone. (It may have threads: nothing ever waits for its end.)
 *
 * What superd hands over goes through the queue, a pair of sockets of which superd keeps both ends: what is under way
 * in it is a reference, and none of superd's. Who closes first must not be the closer, so each message has a number,
 * and superd notes in memory that both see up to which it has closed its own. What the queue does not take is kept for
 * the next look. That starts another closer, which inherits it and goes on with the queue in place of the one before,
 * when the table of that one is full, when it hangs itself, and when the kernel lets no more of this user's descriptors
 * be under way (ETOOMANYREFS).
 *
 * A closer never waits for superd but for that moment. It goes when there is nothing to do, and when superd has ended,
 * after the last. */
#include "exec/worker/close_async.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/fd_message.h"
#include "base/thread.h"
#include "exec/spawn/spawn.h"

#define CLOSERS_MOST 8                  /* with all of them hanging, superd keeps the rest */
#define THREADS CLOSE_HANGING_MOST      /* of one owner */
#define THREAD_STACK (64 << 10)
#define TABLE_MOST 16384                /* descriptors that one closer has open, where its limit allows that */
#define TABLE_SPARE 16
#define LOOKS_PATIENT 2                 /* looks without progress, after which another one goes on with the queue */
#define HANGS_AFTER 1000                /* milliseconds */
#define MORE_AFTER 100                  /* milliseconds, after which an owner with work left has another thread */
#define END_LOOKS 200                   /* milliseconds that superd's end waits for the rest */
#define IDLE 500                        /* milliseconds without work, after which the closer goes */

/* What one closer says of itself. */
struct close_slot {
	_Atomic uint32_t taken;         /* messages */
	_Atomic uint32_t open;          /* descriptors it has yet to close */
	_Atomic uint32_t ended;
	_Atomic uint32_t given[CLOSE_OWNERS];   /* descriptors it has taken, and of these, */
	_Atomic uint32_t closed[CLOSE_OWNERS];
	_Atomic uint32_t began[CLOSE_OWNERS][THREADS];  /* when it began with its descriptor, milliseconds; 0: not */
};

struct close_shared {
	_Atomic uint64_t released;      /* superd has closed its own up to this number */
	_Atomic uint32_t current;       /* the slot whose closer goes on with the queue */
	struct close_slot slots[CLOSERS_MOST];
};

/* In the queue, along with its descriptor. */
struct message {
	uint64_t number;
	uint32_t owner;
};

/* What superd has yet to hand over. */
struct close_kept {
	int fd;
	uint32_t owner;
};

/* superd's own view of a slot. */
struct closer {
	pid_t pid;                      /* 0: free */
	uint64_t serial;                /* spawn_worker_serial: the pid may be another's by now */
	bool hangs;
};

static struct {
	struct close_shared *shared;
	int in, out;                    /* of the queue */
	uint64_t number;                /* of what was handed over last */
	uint64_t sent;                  /* through the queue */
	uint64_t settled;               /* taken by closers that are gone */
	struct closer closers[CLOSERS_MOST];
	uint32_t current;
	unsigned hanging[CLOSE_OWNERS];
	uint32_t given[CLOSE_OWNERS];   /* descriptors of each owner so far, and of these, */
	uint32_t settled_of[CLOSE_OWNERS];      /* closed by closers that are gone */
	uint64_t taken;                 /* at the last look */
	unsigned looks;                 /* without progress */
	struct close_kept *kept;
	size_t count, room;
} queue = { .in = -1, .out = -1 };

/* From 1 on, for any clock that wraps around. */
static uint32_t now_ms(void)
{
	return (uint32_t)clock_ms() | 1;
}

/* ---- the closer's own part ---- */

struct close_task {
	int fd;                         /* -1: none */
	uint64_t number;
	struct close_task *next;
};

struct desk {
	struct close_task *first, **last;
	uint32_t changed;               /* when its first task became the first, or another thread was started */
	bool works[THREADS];
};

struct close_work {
	struct close_shared *shared;
	uint32_t number;                /* of the slot */
	int from;
	pid_t parent;
	const struct close_kept *kept;  /* what it inherits */
	size_t count;
	uint64_t released;              /* the number of all these */
};

/* The memory of the one closer that this process is. */
static struct {
	pthread_mutex_t lock;
	const struct close_work *work;
	struct close_slot *slot;
	struct close_task *spare;
	uint32_t looked;                /* when who has work left was looked at last */
	struct desk desks[CLOSE_OWNERS];
} office = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct close_task *next_task(struct desk *desk)
{
	struct close_task *task = desk->first;

	if (!task)
		return NULL;
	desk->first = task->next;
	if (!desk->first)
		desk->last = &desk->first;
	desk->changed = now_ms();
	return task;
}

static void wait_for_release(uint64_t number)
{
	while (atomic_load(&office.work->shared->released) < number && getppid() == office.work->parent)
		poll(NULL, 0, 1);
}

static void release_task(struct close_task *task)
{
	task->next = office.spare;
	office.spare = task;
}

static void *close_for_one(void *which)
{
	size_t owner = (size_t)which / THREADS, thread = (size_t)which % THREADS;
	struct desk *desk = &office.desks[owner];
	struct close_task *task;

	pthread_mutex_lock(&office.lock);
	while ((task = next_task(desk))) {
		pthread_mutex_unlock(&office.lock);
		wait_for_release(task->number);
		atomic_store(&office.slot->began[owner][thread], now_ms());
		close(task->fd);
		atomic_store(&office.slot->began[owner][thread], 0);
		atomic_fetch_add(&office.slot->closed[owner], 1);
		pthread_mutex_lock(&office.lock);
		release_task(task);
		atomic_fetch_sub(&office.slot->open, 1);        /* from here on there may be another in its place */
	}
	desk->works[thread] = false;
	pthread_mutex_unlock(&office.lock);
	return NULL;
}

/* Where there is no thread to be had, the next tick tries again. */
static void start_thread(struct desk *desk)
{
	size_t thread = 0, owner = (size_t)(desk - office.desks);

	while (thread < THREADS && desk->works[thread])
		thread++;
	if (thread == THREADS)
		return;
	desk->works[thread] = thread_start(NULL, THREAD_STACK, close_for_one, (void *)(owner * THREADS + thread)) == 0;
	desk->changed = now_ms();
}

static bool has_thread(const struct desk *desk)
{
	for (size_t n = 0; n < THREADS; n++) {
		if (desk->works[n])
			return true;
	}
	return false;
}

static void give_task(uint32_t owner, int fd, uint64_t number)
{
	struct desk *desk = &office.desks[owner];
	struct close_task *task;

	atomic_fetch_add(&office.slot->open, 1);
	atomic_fetch_add(&office.slot->given[owner], 1);
	pthread_mutex_lock(&office.lock);
	task = office.spare;            /* as many as it may have open */
	office.spare = task->next;
	*task = (struct close_task){ .fd = fd, .number = number };
	if (!desk->first)
		desk->changed = now_ms();
	*desk->last = task;
	desk->last = &task->next;
	if (!has_thread(desk))
		start_thread(desk);
	pthread_mutex_unlock(&office.lock);
}

/* Nobody's work waits for a thread that hangs while its owner may have another. */
static void start_more_threads(void)
{
	uint32_t now = now_ms();

	if (now - office.looked < MORE_AFTER)
		return;
	office.looked = now;
	pthread_mutex_lock(&office.lock);
	for (size_t n = 0; n < CLOSE_OWNERS; n++) {
		struct desk *desk = &office.desks[n];

		if (desk->first && (int32_t)(now - desk->changed) >= MORE_AFTER)
			start_thread(desk);
	}
	pthread_mutex_unlock(&office.lock);
}

/* false: superd has ended, and there is no more. */
static bool take(int from)
{
	struct message message;
	ssize_t got;
	size_t count;
	int fd;

	do {
		count = 1;
		got = fd_message_receive(from, &message, sizeof(message), &fd, &count, 0);
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(message))
		return false;
	if (count)
		give_task(message.owner, fd, message.number);
	atomic_fetch_add(&office.slot->taken, 1);
	return true;
}

/* How many it may have open: a descriptor for which its table has no room would be dropped by recvmsg itself, which
 * hangs then. */
static uint32_t size_table(void)
{
	struct rlimit limit;
	int last;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return TABLE_SPARE;
	limit.rlim_cur = limit.rlim_max < TABLE_MOST ? limit.rlim_max : TABLE_MOST;
	setrlimit(RLIMIT_NOFILE, &limit);
	last = fcntl(office.work->from, F_DUPFD_CLOEXEC, (int)limit.rlim_cur - 1);
	fd_close(&last);                /* the kernel has the memory for all now, and keeps it */
	return (uint32_t)limit.rlim_cur;
}

static bool make_tasks(size_t count)
{
	struct close_task *tasks = calloc(count, sizeof(*tasks));

	if (!tasks)
		return false;
	for (size_t n = 0; n < count; n++)
		release_task(&tasks[n]);
	return true;
}

/* Goes on with the queue while it is the one that does. false: there is no more for it. */
static bool read_queue(uint32_t table)
{
	struct pollfd queue_end = { .fd = office.work->from, .events = POLLIN };
	uint32_t idle = 0;

	while (atomic_load(&office.work->shared->current) == office.work->number) {
		uint32_t open = atomic_load(&office.slot->open);

		if (poll(&queue_end, open + TABLE_SPARE < table, MORE_AFTER) > 0) {
			idle = 0;
			if (!take(queue_end.fd))
				return false;
		} else if (open) {
			idle = 0;
		} else if ((idle += MORE_AFTER) >= IDLE) {
			return true;
		}
		start_more_threads();
	}
	return false;
}

static bool is_done(void)
{
	struct pollfd queue_end = { .fd = office.work->from, .events = POLLIN };

	atomic_store(&office.slot->ended, 1);
	if (poll(&queue_end, 1, 0) == 0)
		return true;
	atomic_store(&office.slot->ended, 0);   /* it came just then */
	return false;
}

static void close_all(const void *with)
{
	const struct close_work *work = office.work = with;
	uint32_t table = size_table();

	office.slot = &work->shared->slots[work->number];
	for (size_t n = 0; n < CLOSE_OWNERS; n++)
		office.desks[n].last = &office.desks[n].first;
	if (!make_tasks(table + work->count)) {
		for (size_t n = 0; n < work->count; n++)
			atomic_fetch_add(&office.slot->given[work->kept[n].owner], 1);
		wait_for_release(work->released);       /* its end closes them, which is to be the last close */
		return;
	}
	for (size_t n = 0; n < work->count; n++)
		give_task(work->kept[n].owner, work->kept[n].fd, work->released);
	while (read_queue(table)) {
		if (is_done())
			return;
	}
	while (atomic_load(&office.slot->open)) {
		start_more_threads();
		poll(NULL, 0, MORE_AFTER / 10);
	}
	atomic_store(&office.slot->ended, 1);
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

bool close_async_prepare(void)
{
	return open_queue();
}

static bool is_alive(const struct closer *closer)
{
	return closer->pid && spawn_worker_serial(closer->pid) == closer->serial;
}

static bool is_at_work(uint32_t number)
{
	return is_alive(&queue.closers[number]) && !atomic_load(&queue.shared->slots[number].ended);
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

/* What is kept is the new closer's alone from here on. */
static void release_kept(void)
{
	for (size_t n = 0; n < queue.count; n++)
		fd_close(&queue.kept[n].fd);
	queue.count = 0;
	atomic_store(&queue.shared->released, queue.number);
}

/* The descriptors that it has beside the standard ones: the queue's end and what is kept. NULL: no memory. */
static int *list_inherited(void)
{
	int *list = malloc((queue.count + 1) * sizeof(*list));

	if (!list)
		return NULL;
	list[0] = queue.out;
	for (size_t n = 0; n < queue.count; n++)
		list[n + 1] = queue.kept[n].fd;
	return list;
}

/* It inherits what is kept, and goes on with the queue. */
static bool start_closer(void)
{
	struct close_work work = {
		.shared = queue.shared, .from = queue.out, .parent = getpid(), .kept = queue.kept, .count = queue.count,
		.released = queue.number + 1
	};
	uint32_t before = atomic_load(&queue.shared->current);
	int *inherited;
	pid_t pid;

	if (!find_free(&work.number))
		return false;
	inherited = list_inherited();
	if (!inherited)
		return false;
	memset(&queue.shared->slots[work.number], 0, sizeof(struct close_slot));
	atomic_store(&queue.shared->current, work.number);
	pid = spawn_worker("superd-close", 0, close_all, &work, inherited, (int)queue.count + 1);
	free(inherited);
	if (pid < 0) {
		atomic_store(&queue.shared->current, before);
		return false;
	}
	queue.closers[work.number] = (struct closer){ .pid = pid, .serial = spawn_worker_serial(pid) };
	queue.current = work.number;
	queue.looks = 0;
	queue.number++;
	release_kept();
	return true;
}

static bool put_into_queue(int fd, uint32_t owner)
{
	const struct message message = { .number = queue.number + 1, .owner = owner };

	if (!fd_message_send(queue.in, &message, sizeof(message), &fd, 1, MSG_DONTWAIT))
		return false;
	queue.number++;
	queue.sent++;
	return true;
}

/* false: the queue takes no more now. */
static bool hand_over(int *fd, uint32_t owner)
{
	if (!put_into_queue(*fd, owner))
		return false;
	fd_close(fd);
	atomic_store(&queue.shared->released, queue.number);
	return true;
}

static bool keep(int *fd, uint32_t owner)
{
	struct close_kept *kept = array_grow(queue.kept, &queue.room, queue.count, sizeof(*kept));

	if (!kept)
		return false;
	queue.kept = kept;
	queue.kept[queue.count++] = (struct close_kept){ .fd = *fd, .owner = owner };
	*fd = -1;
	return true;
}

bool close_async(int *fd, unsigned owner)
{
	bool good = true;

	if (*fd < 0)
		return true;
	owner = owner < CLOSE_OWNERS ? owner : 0;
	if (!open_queue() || !(is_at_work(queue.current) || start_closer()) || !hand_over(fd, owner))
		good = keep(fd, owner);
	else if (!is_at_work(queue.current))
		start_closer();         /* it went just then; where that fails, the next look tries again */
	queue.given[owner] += good;
	return good;
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

bool close_async_is_busy(void)
{
	if (queue.count)
		return true;
	if (!queue.shared)
		return false;
	for (uint32_t n = 0; n < CLOSERS_MOST; n++) {
		if (queue.closers[n].pid && (n != queue.current || atomic_load(&queue.shared->slots[n].open)))
			return true;
	}
	return count_taken() < queue.sent;
}

unsigned close_async_hanging(unsigned owner)
{
	return owner < CLOSE_OWNERS ? queue.hanging[owner] : 0;
}

unsigned close_async_pending(unsigned owner)
{
	uint32_t pending = owner < CLOSE_OWNERS ? queue.given[owner] - queue.settled_of[owner] : 0;

	for (uint32_t n = 0; pending && n < CLOSERS_MOST; n++) {
		if (queue.closers[n].pid)
			pending -= atomic_load(&queue.shared->slots[n].closed[owner]);
	}
	return pending;
}

/* One slot: frees it when its closer has gone, and adds for whom it hangs. */
static void look_at(uint32_t number, unsigned hanging[CLOSE_OWNERS])
{
	struct closer *closer = &queue.closers[number];
	const struct close_slot *slot = &queue.shared->slots[number];
	uint32_t now = now_ms();

	if (!is_alive(closer)) {
		queue.settled += atomic_load(&slot->taken);
		for (size_t owner = 0; owner < CLOSE_OWNERS; owner++)
			queue.settled_of[owner] += atomic_load(&slot->given[owner]);
		*closer = (struct closer){ 0 };
		return;
	}
	closer->hangs = false;
	for (size_t owner = 0; owner < CLOSE_OWNERS; owner++) {
		for (size_t thread = 0; thread < THREADS; thread++) {
			uint32_t began = atomic_load(&slot->began[owner][thread]);

			if (!began || (int32_t)(now - began) < HANGS_AFTER)
				continue;
			closer->hangs = true;
			hanging[owner]++;
		}
	}
}

static void tell(const unsigned hanging[CLOSE_OWNERS], close_hangs *hangs, void *context)
{
	for (unsigned owner = 0; owner < CLOSE_OWNERS; owner++) {
		unsigned before = queue.hanging[owner];

		queue.hanging[owner] = hanging[owner];
		if (hanging[owner] > before)
			hangs(context, owner, hanging[owner]);
	}
}

static void hand_over_kept(void)
{
	size_t n = 0;

	while (n < queue.count && hand_over(&queue.kept[n].fd, queue.kept[n].owner))
		n++;
	if (!n)
		return;
	queue.count -= n;
	memmove(queue.kept, queue.kept + n, queue.count * sizeof(*queue.kept));
}

/* Whether the queue goes on. Where nothing of it was taken although there is more, its closer is to be replaced. */
static bool goes_on(void)
{
	uint64_t taken = count_taken();
	bool waits = queue.count || taken < queue.sent;

	queue.looks = waits && taken == queue.taken ? queue.looks + 1 : 0;
	queue.taken = taken;
	return !waits || (is_at_work(queue.current) && queue.looks < LOOKS_PATIENT);
}

void close_async_look(close_hangs *hangs, void *context)
{
	unsigned hanging[CLOSE_OWNERS] = { 0 };

	if (!open_queue())
		return;
	for (uint32_t n = 0; n < CLOSERS_MOST; n++) {
		if (queue.closers[n].pid)
			look_at(n, hanging);
	}
	tell(hanging, hangs, context);
	hand_over_kept();
	if (!goes_on())
		start_closer();
}

/* Whether one is on its way still that does not hang. */
static bool await_closers(void)
{
	bool waits = false;

	for (uint32_t n = 0; n < CLOSERS_MOST; n++) {
		struct closer *closer = &queue.closers[n];

		if (!is_alive(closer) || closer->hangs)
			continue;
		if (waitpid(closer->pid, NULL, WNOHANG) == 0)
			waits = true;
		else
			spawn_reaped(closer->pid);
	}
	return waits;
}

void close_async_end(void)
{
	if (queue.count && open_queue()) {
		hand_over_kept();
		if (queue.count)
			start_closer();
	}
	if (!queue.shared)
		return;
	fd_close(&queue.in);            /* it ends behind the last */
	for (int n = 0; n < END_LOOKS && await_closers(); n++)
		poll(NULL, 0, 1);
}
