/* The closer process has a thread for each owner with descriptors to close, and further ones for an owner whose
 * closings are slow. So a slow owner delays only itself. (It may have threads: no process ever waits for its end.)
 *
 * superd passes descriptors through the queue, a socket pair of which superd keeps both ends: a message in it is a
 * reference, and the queue survives a closer. The closer must not close before superd does. So each message has a
 * number, and superd publishes in shared memory up to which number it has closed its own copies. What does not fit into
 * the queue is kept for the next look. A look starts another closer, which inherits the kept descriptors and goes on
 * with the queue, if the old closer's descriptor table is full, if that closer hangs, or if the kernel allows no more
 * of this user's descriptors in flight (ETOOMANYREFS, unix(7)).
 *
 * A closer waits for superd only until superd has closed its copy. It exits when it is idle, or when superd has ended
 * and nothing is left.
 *
 * superd bounds what closers report: a closer may be killed between two counts, or be taken over, and no number of it
 * may count for ever. How many messages closers have received is what the kernel counts of the queue. */
#include "exec/worker/close_async.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/fd_message.h"
#include "base/thread.h"
#include "exec/spawn/worker_process.h"

#define CLOSERS_MOST 8                  /* if all of them hang, superd keeps the rest */
#define THREADS CLOSE_HANGING_MOST      /* threads of one owner */
#define THREAD_STACK (64 << 10)
#define TABLE_MOST 16384                /* descriptors that one closer may have open, if its limit allows that */
#define TABLE_SPARE 16
#define STALLED_LOOKS 2                 /* looks without progress, after which another closer takes over the queue */
#define HANGS_AFTER 1000                /* milliseconds */
#define MORE_AFTER 100                  /* milliseconds, after which an owner with work left gets another thread */
#define END_LOOKS 200                   /* milliseconds that superd's end waits for the rest */
#define IDLE 500                        /* milliseconds without work, after which the closer exits */

/* One closer's report in shared memory. */
struct close_slot {
	/* Descriptors it has not closed yet, and a message that it is about to receive. */
	_Atomic uint32_t open;
	_Atomic uint32_t ended;         /* 1: it exits, as it is idle */
	_Atomic uint32_t given[CLOSE_OWNERS];   /* by owner: descriptors it has received, and of these */
	_Atomic uint32_t closed[CLOSE_OWNERS];  /* closed */
	/* When the thread began its close(2), in milliseconds; 0: it has not. */
	_Atomic uint32_t began[CLOSE_OWNERS][THREADS];
};

struct close_shared {
	_Atomic uint64_t released;      /* superd has closed its own copies up to this message */
	_Atomic uint32_t current;       /* index of the closer that reads the queue */
	struct close_slot slots[CLOSERS_MOST];
};

/* A message in the queue, with the descriptor as SCM_RIGHTS. */
struct close_message {
	uint64_t number;
	uint32_t owner;
};

/* A descriptor that superd has not yet passed to a closer. */
struct pending_fd {
	int fd;
	uint32_t owner;
};

/* superd's own view of a slot. */
struct closer {
	pid_t pid;                      /* 0: the slot is free */
	uint64_t serial;                /* spawn_worker_serial, as the pid may be reused */
	bool hangs;
};

static struct {
	struct close_shared *shared;
	int in, out;                    /* both ends of the queue: superd writes, closers read; -1: not open */
	uint64_t number;                /* number of the last message */
	uint64_t sent;                  /* messages sent through the queue */
	struct closer closers[CLOSERS_MOST];
	uint32_t current;
	unsigned hanging[CLOSE_OWNERS];
	uint32_t given[CLOSE_OWNERS];   /* by owner: descriptors passed so far, and of these */
	uint32_t closed_before[CLOSE_OWNERS];   /* closed by closers that have exited */
	uint64_t taken;                 /* messages that closers had received at the last look */
	unsigned looks;                 /* number of looks without progress */
	struct pending_fd *pending;
	size_t count, room;
} queue = { .in = -1, .out = -1 };

/* Milliseconds, never 0, which wrap around. */
static uint32_t now_ms(void)
{
	return (uint32_t)clock_ms() | 1;
}

/* ---- the closer's own part ---- */

/* A descriptor to close. */
struct close_task {
	int fd;                         /* -1: none */
	uint64_t number;
	struct close_task *next;
};

/* The tasks of one owner, and its threads. */
struct owner_queue {
	struct close_task *first, **last;
	/* When its first task became the first, or when a thread was started, in milliseconds. */
	uint32_t changed;
	bool is_running[THREADS];
};

/* What a new closer gets from superd. */
struct close_work {
	struct close_shared *shared;
	uint32_t number;                /* index of the slot */
	int from;
	pid_t parent;
	const struct pending_fd *pending; /* descriptors that it inherits */
	size_t count;
	uint64_t released;              /* message number of the inherited ones */
};

/* The state of the closer in its own process. */
static struct {
	pthread_mutex_t lock;
	const struct close_work *work;
	struct close_slot *slot;
	struct close_task *spare;
	uint32_t looked;                /* when start_more_threads ran last, in milliseconds */
	struct owner_queue owners[CLOSE_OWNERS];
} closer_state = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct close_task *next_task(struct owner_queue *owner_queue)
{
	struct close_task *task = owner_queue->first;

	if (!task)
		return NULL;
	owner_queue->first = task->next;
	if (!owner_queue->first)
		owner_queue->last = &owner_queue->first;
	owner_queue->changed = now_ms();
	return task;
}

static void wait_for_release(uint64_t number)
{
	while (atomic_load(&closer_state.work->shared->released) < number && getppid() == closer_state.work->parent)
		poll(NULL, 0, 1);
}

static void release_task(struct close_task *task)
{
	task->next = closer_state.spare;
	closer_state.spare = task;
}

static void *close_for_owner(void *which)
{
	size_t owner = (size_t)which / THREADS, thread = (size_t)which % THREADS;
	struct owner_queue *owner_queue = &closer_state.owners[owner];
	struct close_task *task;

	pthread_mutex_lock(&closer_state.lock);
	while ((task = next_task(owner_queue))) {
		pthread_mutex_unlock(&closer_state.lock);
		wait_for_release(task->number);
		atomic_store(&closer_state.slot->began[owner][thread], now_ms());
		close(task->fd);
		atomic_store(&closer_state.slot->began[owner][thread], 0);
		atomic_fetch_add(&closer_state.slot->closed[owner], 1);
		pthread_mutex_lock(&closer_state.lock);
		release_task(task);
		atomic_fetch_sub(&closer_state.slot->open, 1);  /* from here on another descriptor may take its place */
	}
	owner_queue->is_running[thread] = false;
	pthread_mutex_unlock(&closer_state.lock);
	return NULL;
}

/* If no thread can be created, start_more_threads tries again. */
static void start_owner_thread(struct owner_queue *owner_queue)
{
	size_t thread = 0, owner = (size_t)(owner_queue - closer_state.owners);

	while (thread < THREADS && owner_queue->is_running[thread])
		thread++;
	if (thread == THREADS)
		return;
	owner_queue->is_running[thread] =
		thread_start(NULL, THREAD_STACK, close_for_owner, (void *)(owner * THREADS + thread)) == 0;
	owner_queue->changed = now_ms();
}

static bool has_thread(const struct owner_queue *owner_queue)
{
	for (size_t n = 0; n < THREADS; n++) {
		if (owner_queue->is_running[n])
			return true;
	}
	return false;
}

static void add_task(uint32_t owner, int fd, uint64_t number)
{
	struct owner_queue *owner_queue = &closer_state.owners[owner];
	struct close_task *task;

	pthread_mutex_lock(&closer_state.lock);
	task = closer_state.spare;      /* there are as many as it may have descriptors */
	closer_state.spare = task->next;
	*task = (struct close_task){ .fd = fd, .number = number };
	if (!owner_queue->first)
		owner_queue->changed = now_ms();
	*owner_queue->last = task;
	owner_queue->last = &task->next;
	if (!has_thread(owner_queue))
		start_owner_thread(owner_queue);
	pthread_mutex_unlock(&closer_state.lock);
}

/* Gives owners whose first task waits another thread, so that it does not wait for a thread that hangs. */
static void start_more_threads(void)
{
	uint32_t now = now_ms();

	if (now - closer_state.looked < MORE_AFTER)
		return;
	closer_state.looked = now;
	pthread_mutex_lock(&closer_state.lock);
	for (size_t n = 0; n < CLOSE_OWNERS; n++) {
		struct owner_queue *owner_queue = &closer_state.owners[n];

		if (owner_queue->first && (int32_t)(now - owner_queue->changed) >= MORE_AFTER)
			start_owner_thread(owner_queue);
	}
	pthread_mutex_unlock(&closer_state.lock);
}

/* Receives a message. false: superd has ended, and the queue is empty. What leaves the queue is counted before, so that
 * superd sees it here or there. */
static bool receive_message(int from)
{
	struct close_message message = { 0 };
	ssize_t got;
	size_t count;
	int fd;

	atomic_fetch_add(&closer_state.slot->open, 1);
	do {
		count = 1;
		got = fd_message_receive(from, &message, sizeof(message), &fd, &count, 0);
	} while (got < 0 && errno == EINTR);
	if (got == (ssize_t)sizeof(message) && count) {
		atomic_fetch_add(&closer_state.slot->given[message.owner], 1);
		add_task(message.owner, fd, message.number);
	} else {
		atomic_fetch_sub(&closer_state.slot->open, 1);
	}
	return got == (ssize_t)sizeof(message);
}

/* Raises the limit of descriptors, and returns it. If recvmsg(2) has no room for a received descriptor, it drops it
 * itself, which may block. */
static uint32_t raise_fd_limit(void)
{
	struct rlimit limit;
	int last;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return TABLE_SPARE;
	limit.rlim_cur = limit.rlim_max < TABLE_MOST ? limit.rlim_max : TABLE_MOST;
	setrlimit(RLIMIT_NOFILE, &limit);
	last = fcntl(closer_state.work->from, F_DUPFD_CLOEXEC, (int)limit.rlim_cur - 1);
	fd_close(&last);                /* allocates the kernel's table for all of them now */
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

/* Reads the queue as long as this closer is the current one. false: there will be no more for it. */
static bool read_queue(uint32_t table)
{
	struct pollfd queue_end = { .fd = closer_state.work->from, .events = POLLIN };
	uint32_t idle = 0;

	while (atomic_load(&closer_state.work->shared->current) == closer_state.work->number) {
		uint32_t open = atomic_load(&closer_state.slot->open);

		if (poll(&queue_end, open + TABLE_SPARE < table, MORE_AFTER) > 0) {
			idle = 0;
			if (!receive_message(queue_end.fd))
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
	struct pollfd queue_end = { .fd = closer_state.work->from, .events = POLLIN };

	atomic_store(&closer_state.slot->ended, 1);
	if (poll(&queue_end, 1, 0) == 0)
		return true;
	atomic_store(&closer_state.slot->ended, 0); /* a message arrived just then */
	return false;
}

static void run_closer(const void *with)
{
	const struct close_work *work = closer_state.work = with;
	uint32_t table = raise_fd_limit();

	closer_state.slot = &work->shared->slots[work->number];
	for (size_t n = 0; n < CLOSE_OWNERS; n++)
		closer_state.owners[n].last = &closer_state.owners[n].first;
	if (!make_tasks(table + work->count)) {
		wait_for_release(work->released);       /* its exit closes them, which must be the last close */
		return;
	}
	for (size_t n = 0; n < work->count; n++)
		add_task(work->pending[n].owner, work->pending[n].fd, work->released);
	while (read_queue(table)) {
		if (is_done())
			return;
	}
	while (atomic_load(&closer_state.slot->open)) {
		start_more_threads();
		poll(NULL, 0, MORE_AFTER / 10);
	}
	atomic_store(&closer_state.slot->ended, 1);
}

/* ---- superd's ---- */

static bool open_queue(void)
{
	if (!queue.shared)
		queue.shared = worker_queue_new(sizeof(*queue.shared), &queue.in, &queue.out);
	return queue.shared;
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

static bool find_free_slot(uint32_t *number)
{
	for (uint32_t n = 0; n < CLOSERS_MOST; n++) {
		if (!queue.closers[n].pid) {
			*number = n;
			return true;
		}
	}
	return false;
}

/* Closes the kept descriptors, which now only the new closer has. */
static void release_pending(void)
{
	for (size_t n = 0; n < queue.count; n++)
		fd_close(&queue.pending[n].fd);
	queue.count = 0;
	atomic_store(&queue.shared->released, queue.number);
}

/* The descriptors that a new closer inherits: the queue's end and the kept ones. NULL: out of memory. */
static int *list_inherited_fds(void)
{
	int *list = malloc((queue.count + 1) * sizeof(*list));

	if (!list)
		return NULL;
	list[0] = queue.out;
	for (size_t n = 0; n < queue.count; n++)
		list[n + 1] = queue.pending[n].fd;
	return list;
}

/* What a new closer inherits counts from its start, also if it is killed before it has done anything. */
static void begin_slot(struct close_slot *slot)
{
	memset(slot, 0, sizeof(*slot));
	atomic_store(&slot->open, (uint32_t)queue.count);
	for (size_t n = 0; n < queue.count; n++)
		atomic_fetch_add(&slot->given[queue.pending[n].owner], 1);
}

/* Starts a closer, which inherits the kept descriptors and reads the queue. */
static bool start_closer(void)
{
	const struct worker_kind kind = {
		.name = "superd-close",
		.sandbox = { .has_threads = true },
		.memory = queue.shared,
		.memory_size = sizeof(*queue.shared),
	};
	struct close_work work = { .shared = queue.shared,
				   .from = queue.out,
				   .parent = getpid(),
				   .pending = queue.pending,
				   .count = queue.count,
				   .released = queue.number + 1 };
	int *inherited;
	pid_t pid;

	if (!find_free_slot(&work.number))
		return false;
	inherited = list_inherited_fds();
	if (!inherited)
		return false;
	begin_slot(&queue.shared->slots[work.number]);
	atomic_store(&queue.shared->current, work.number);
	pid = spawn_worker(&kind, 0, run_closer, &work, inherited, (int)queue.count + 1);
	free(inherited);
	if (pid < 0) {
		atomic_store(&queue.shared->current, queue.current);
		return false;
	}
	queue.closers[work.number] = (struct closer){ .pid = pid, .serial = spawn_worker_serial(pid) };
	queue.current = work.number;
	queue.looks = 0;
	queue.number++;
	release_pending();
	return true;
}

static bool queue_descriptor(int fd, uint32_t owner)
{
	const struct close_message message = { .number = queue.number + 1, .owner = owner };

	if (!fd_message_send(queue.in, &message, sizeof(message), &fd, 1, MSG_DONTWAIT))
		return false;
	queue.number++;
	queue.sent++;
	return true;
}

/* Sends a descriptor to the closer. false: the queue is full. */
static bool send_to_closer(int *fd, uint32_t owner)
{
	if (!queue_descriptor(*fd, owner))
		return false;
	fd_close(fd);
	atomic_store(&queue.shared->released, queue.number);
	return true;
}

static bool keep_pending(int *fd, uint32_t owner)
{
	struct pending_fd *pending = array_grow(queue.pending, &queue.room, queue.count, sizeof(*pending));

	if (!pending)
		return false;
	queue.pending = pending;
	queue.pending[queue.count++] = (struct pending_fd){ .fd = *fd, .owner = owner };
	*fd = -1;
	return true;
}

bool close_async(int *fd, unsigned owner)
{
	bool good = true;

	if (*fd < 0)
		return true;
	owner = owner < CLOSE_OWNERS ? owner : 0;
	if (!open_queue() || !(is_at_work(queue.current) || start_closer()) || !send_to_closer(fd, owner))
		good = keep_pending(fd, owner);
	else if (!is_at_work(queue.current))
		start_closer();         /* it exited just then; if that fails, the next look tries again */
	queue.given[owner] += good;
	return good;
}

/* Messages that no closer has received yet. */
static uint64_t count_waiting(void)
{
	struct pollfd queue_end = { .fd = queue.out, .events = POLLIN };
	int bytes;

	if (ioctl(queue.out, FIONREAD, &bytes) == 0 && bytes >= 0)
		return (uint64_t)bytes / sizeof(struct close_message);
	return poll(&queue_end, 1, 0) > 0;
}

bool close_async_is_busy(void)
{
	if (queue.count)
		return true;
	if (!queue.shared)
		return false;
	if (count_waiting())
		return true;
	for (uint32_t n = 0; n < CLOSERS_MOST; n++) {
		if (queue.closers[n].pid && (n != queue.current || atomic_load(&queue.shared->slots[n].open)))
			return true;
	}
	return false;
}

unsigned close_async_hanging(unsigned owner)
{
	return owner < CLOSE_OWNERS ? queue.hanging[owner] : 0;
}

/* What a closer reports to have received or closed of an owner's, of so many at most. */
static uint32_t bounded(const _Atomic uint32_t *reported, uint32_t most)
{
	uint32_t count = atomic_load(reported);

	return count < most ? count : most;
}

unsigned close_async_pending(unsigned owner)
{
	uint32_t pending = owner < CLOSE_OWNERS ? queue.given[owner] - queue.closed_before[owner] : 0;

	for (uint32_t n = 0; pending && n < CLOSERS_MOST; n++) {
		if (queue.closers[n].pid)
			pending -= bounded(&queue.shared->slots[n].closed[owner], pending);
	}
	return pending;
}

/* Checks one slot: frees it if its closer has exited, else adds its hanging closings. */
static void check_closer(uint32_t number, unsigned hanging[CLOSE_OWNERS])
{
	struct closer *closer = &queue.closers[number];
	const struct close_slot *slot = &queue.shared->slots[number];
	uint32_t now = now_ms();

	if (!is_alive(closer)) {
		for (size_t owner = 0; owner < CLOSE_OWNERS; owner++)
			queue.closed_before[owner] +=
				bounded(&slot->given[owner], queue.given[owner] - queue.closed_before[owner]);
		*closer = (struct closer){ 0 };
		return;
	}
	closer->hangs = false;
	for (size_t owner = 0; owner < CLOSE_OWNERS; owner++) {
		uint32_t given = queue.given[owner] - queue.closed_before[owner];

		for (size_t thread = 0; thread < THREADS; thread++) {
			uint32_t began = atomic_load(&slot->began[owner][thread]);

			if (!began || (int32_t)(now - began) < HANGS_AFTER || hanging[owner] >= given)
				continue;
			closer->hangs = true;
			hanging[owner]++;
		}
	}
}

static void report_changes(const unsigned hanging[CLOSE_OWNERS], close_hangs *hangs, void *context)
{
	for (unsigned owner = 0; owner < CLOSE_OWNERS; owner++) {
		unsigned before = queue.hanging[owner];

		queue.hanging[owner] = hanging[owner];
		if (hanging[owner] > before)
			hangs(context, owner, hanging[owner]);
	}
}

static void send_kept(void)
{
	size_t n = 0;

	while (n < queue.count && send_to_closer(&queue.pending[n].fd, queue.pending[n].owner))
		n++;
	if (!n)
		return;
	queue.count -= n;
	memmove(queue.pending, queue.pending + n, queue.count * sizeof(*queue.pending));
}

/* Whether the queue needs no other closer. It does if its closer has exited, or has received nothing for several looks
 * although there is more. */
static bool is_progressing(void)
{
	uint64_t waiting = count_waiting(), taken = queue.sent - waiting;
	bool waits = queue.count || waiting;

	queue.looks = waits && taken == queue.taken ? queue.looks + 1 : 0;
	queue.taken = taken;
	return !waits || (is_at_work(queue.current) && queue.looks < STALLED_LOOKS);
}

/* Nothing is open any more: so all is closed, whatever closers have counted. */
static void settle_counts(void)
{
	const struct close_slot *slot = &queue.shared->slots[queue.current];
	bool has_closer = queue.closers[queue.current].pid;

	for (size_t owner = 0; owner < CLOSE_OWNERS; owner++) {
		uint32_t of_closer = has_closer ? bounded(&slot->closed[owner], queue.given[owner]) : 0;

		queue.closed_before[owner] = queue.given[owner] - of_closer;
	}
}

void close_async_look(close_hangs *hangs, void *context)
{
	unsigned hanging[CLOSE_OWNERS] = { 0 };

	if (!open_queue())
		return;
	for (uint32_t n = 0; n < CLOSERS_MOST; n++) {
		if (queue.closers[n].pid)
			check_closer(n, hanging);
	}
	report_changes(hanging, hangs, context);
	send_kept();
	if (!is_progressing())
		start_closer();
	if (!close_async_is_busy())
		settle_counts();
}

/* Whether a closer that does not hang still runs. */
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
		send_kept();
		if (queue.count)
			start_closer();
	}
	if (!queue.shared)
		return;
	fd_close(&queue.in);            /* closers exit after the last message */
	for (int n = 0; n < END_LOOKS && await_closers(); n++)
		poll(NULL, 0, 1);
}
