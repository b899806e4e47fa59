/* The reader has threads because read(2) of one pipe may never come back. What superd hands over, a pipe and the end
 * of a socket, goes through the queue, a pair of sockets of which superd keeps both ends, so that another reader finds
 * what one that was killed had yet to take. What a killed one had taken, superd hands over again: it still has the
 * pipe.
 *
 * Each thread says in memory that superd sees, too, whether it is about to read, and how many bytes it has read: what
 * is neither in the pipe any more nor has come is on its way. A slot is free again when its thread has gone, so one
 * that hangs keeps its own.
 *
 * The first thread never touches a pipe: to close one may be to hang. */
#include "exec/worker/output_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fd_message.h"
#include "base/thread.h"
#include "exec/spawn/spawn.h"

#define SLOTS 4096                      /* pipes beyond are read without one */
#define CHUNK 4096                      /* bytes of one read */
#define ROOM (32 << 10)                 /* bytes under way in a socket: a backend that floods is to wait for superd */
#define THREAD_STACK (64 << 10)
#define AGAIN 100                       /* milliseconds, after which a thread that could not be had is tried again */
#define IDLE 5000                       /* milliseconds without a pipe, after which the reader goes */
#define END_LOOKS 100                   /* milliseconds that superd's end waits for the readers */
#define LOOKS_PATIENT 3                 /* in vain, after which another reader goes on with the queue */
#define FDS_MOST 3                      /* a pipe, the other end of text, a target */

/* Of a slot; above these bits the bytes that were read. */
enum { SLOT_FREE = 0, SLOT_TAKEN = 1, SLOT_READS = 2, SLOT_BYTES = 4 };

struct shared {
	_Atomic uint64_t taken;         /* messages */
	_Atomic uint32_t current;       /* the reader that goes on with the queue, by its number */
	_Atomic uint32_t ended;         /* the last one that went */
	_Atomic uint64_t slots[SLOTS];
};

/* superd's own view. */
static struct {
	struct shared *shared;
	int in, out;                    /* of the queue */
	pid_t pid;
	pid_t former;                   /* of the superd before; 0: none */
	uint32_t current;
	uint64_t sent;
	uint64_t taken;                 /* at the last look */
	unsigned looks;                 /* without progress */
	int next;                       /* slot to be tried first */
} reader = { .in = -1, .out = -1 };

/* ---- the reader's own part ---- */

struct work {
	struct shared *shared;
	uint32_t number;
	int from;
};

struct line {
	int pipe, text, slot;
	int target;                     /* -1: none */
	uint64_t bytes;                 /* read so far */
	struct line *next;
};

static struct {
	const struct work *work;
	_Atomic uint32_t threads;
	_Atomic bool ends;              /* with the last thread */
	struct line *waiting;           /* for a thread */
} desk;

static void note(const struct line *line, uint64_t state)
{
	if (line->slot >= 0)
		atomic_store(&desk.work->shared->slots[line->slot], state);
}

static void note_bytes(const struct line *line, uint64_t state)
{
	note(line, SLOT_TAKEN | state | line->bytes * SLOT_BYTES);
}

/* Whoever shares it may have set it non-blocking. */
static void await_room(int fd)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	poll(&room, 1, AGAIN);
}

static bool pass_on(const struct line *line, const char *bytes, size_t length)
{
	while (length) {
		ssize_t put = line->target < 0 ? send(line->text, bytes, length, MSG_NOSIGNAL)
					       : write(line->target, bytes, length);

		if (put < 0 && errno == EAGAIN)
			await_room(line->target);
		else if (put < 0 && errno != EINTR)
			return false;
		bytes += put > 0 ? put : 0;
		length -= put > 0 ? (size_t)put : 0;
	}
	return true;
}

/* false: the pipe has come to its end, or superd wants no more of it. */
static bool read_once(struct line *line)
{
	char bytes[CHUNK];
	ssize_t got;

	note_bytes(line, SLOT_READS);
	got = read(line->pipe, bytes, sizeof(bytes));
	line->bytes += got > 0 ? (uint64_t)got : 0;
	note_bytes(line, 0);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	return got > 0 && pass_on(line, bytes, (size_t)got);
}

static void *read_pipe(void *with)
{
	struct line *line = with;
	struct pollfd ends[] = { { .fd = line->pipe, .events = POLLIN },
				 { .fd = line->target < 0 ? line->text : line->target } };
	bool goes_on = true;

	while (goes_on) {
		if (poll(ends, 2, -1) < 0)
			continue;
		if (ends[1].revents)
			break;          /* superd has closed its own, or nobody reads the target */
		goes_on = read_once(line);
	}
	close(line->text);              /* first: nothing of it hangs */
	if (line->target >= 0)
		close(line->target);
	note(line, SLOT_FREE);
	close(line->pipe);
	free(line);
	if (atomic_fetch_sub(&desk.threads, 1) == 1 && atomic_load(&desk.ends))
		_exit(0);
	return NULL;
}

static bool start_thread(struct line *line)
{
	bool started;

	atomic_fetch_add(&desk.threads, 1);
	started = thread_start(NULL, THREAD_STACK, read_pipe, line) == 0;
	if (!started)
		atomic_fetch_sub(&desk.threads, 1);
	return started;
}

static void start_waiting(void)
{
	struct line *line;

	while ((line = desk.waiting)) {
		struct line *next = line->next; /* as it may be gone at once */

		if (!start_thread(line))
			return;
		desk.waiting = next;
	}
}

static bool take_line(const int fds[FDS_MOST], int slot)
{
	struct line *line = malloc(sizeof(*line));

	if (!line)
		return false;
	*line = (struct line){ .pipe = fds[0], .text = fds[1], .target = fds[2], .slot = slot, .next = desk.waiting };
	note_bytes(line, 0);
	desk.waiting = line;
	return true;
}

/* false: superd has ended, or is another program. */
static bool take(void)
{
	int fds[FDS_MOST] = { -1, -1, -1 };
	int32_t slot;
	ssize_t got;
	size_t count;

	do {
		count = FDS_MOST;
		got = fd_message_receive(desk.work->from, &slot, sizeof(slot), fds, &count, 0);
	} while (got < 0 && errno == EINTR);
	if (count == 1)                 /* there was no descriptor left for the other */
		close(fds[0]);
	if (got != (ssize_t)sizeof(slot))
		return false;
	if (count >= 2 && !take_line(fds, slot))
		_exit(1);               /* superd sees all its sockets end, and starts another */
	atomic_fetch_add(&desk.work->shared->taken, 1);
	return true;
}

static bool is_done(struct pollfd *queue_end)
{
	atomic_store(&desk.work->shared->ended, desk.work->number);
	if (poll(queue_end, 1, 0) == 0)
		return true;
	atomic_store(&desk.work->shared->ended, 0);     /* it came just then */
	return false;
}

static void read_queue(void)
{
	struct pollfd queue_end = { .fd = desk.work->from, .events = POLLIN };

	while (atomic_load(&desk.work->shared->current) == desk.work->number) {
		int ready = poll(&queue_end, 1, desk.waiting ? AGAIN : IDLE);

		if (ready > 0 && !take())
			return;
		start_waiting();
		if (ready == 0 && !desk.waiting && !atomic_load(&desk.threads) && is_done(&queue_end))
			return;
	}
}

/* Two descriptors a pipe; superd has three. */
static void size_table(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void read_all(const void *with)
{
	desk.work = with;
	size_table();
	read_queue();
	for (; desk.waiting; start_waiting())
		poll(NULL, 0, AGAIN);
	atomic_store(&desk.ends, true);
	while (atomic_load(&desk.threads))
		poll(NULL, 0, -1);
}

/* ---- superd's ---- */

static bool open_queue(void)
{
	int ends[2];
	void *memory;

	if (reader.shared)
		return true;
	memory = mmap(NULL, sizeof(*reader.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		munmap(memory, sizeof(*reader.shared));
		return false;
	}
	reader.shared = memory;
	reader.in = fd_raise(ends[0], FD_HIGH);
	reader.out = fd_raise(ends[1], FD_HIGH);
	return true;
}

static bool is_at_work(void)
{
	return reader.pid > 0 && spawn_is_worker(reader.pid) && atomic_load(&reader.shared->ended) != reader.current;
}

static bool start_reader(void)
{
	struct work work = { .shared = reader.shared, .number = reader.current + 1, .from = reader.out };
	pid_t pid;

	atomic_store(&reader.shared->current, work.number);
	pid = spawn_worker("superd-output", 0, read_all, &work, &reader.out, 1);
	if (pid < 0) {
		atomic_store(&reader.shared->current, reader.current);
		return false;
	}
	reader.pid = pid;
	reader.current = work.number;
	reader.looks = 0;
	return true;
}

static int take_slot(void)
{
	for (int n = 0; n < SLOTS; n++) {
		int slot = (reader.next + n) % SLOTS;

		if (atomic_load(&reader.shared->slots[slot]) != SLOT_FREE)
			continue;
		atomic_store(&reader.shared->slots[slot], SLOT_TAKEN);
		reader.next = slot + 1;
		return slot;
	}
	return -1;
}

static bool put_into_queue(const struct output_reading *reading)
{
	const int fds[FDS_MOST] = { reading->pipe, reading->other, reading->target };
	int32_t slot = reading->slot;

	return fd_message_send(reader.in, &slot, sizeof(slot), fds, reading->target < 0 ? 2 : 3, MSG_DONTWAIT);
}

static void hand_over(struct output_reading *reading)
{
	if (!(is_at_work() || start_reader()))
		return;
	if (reading->slot < 0)
		reading->slot = take_slot();
	if (!put_into_queue(reading))
		return;
	fd_close(&reading->other);
	reading->number = ++reader.sent;
	if (!is_at_work())
		start_reader();         /* it went just then; where that fails, it is tried again */
}

bool output_reader_start(struct output_reading *reading, int pipe)
{
	const int room = ROOM / 2;      /* the kernel doubles it, socket(7) */
	int ends[2];

	reading->pipe = pipe;
	output_reader_stop(reading);
	if (!open_queue())
		return false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	reading->received = 0;
	if (reading->slot >= 0)         /* of a reader that was killed */
		atomic_store(&reader.shared->slots[reading->slot], SLOT_TAKEN);
	reading->text = fd_raise(ends[0], FD_HIGH);
	reading->other = fd_raise(ends[1], FD_HIGH);
	fd_set_nonblocking(reading->text, true);
	setsockopt(reading->other, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	hand_over(reading);
	return true;
}

/* One that lives and takes nothing is left to itself. */
static void look_at_reader(void)
{
	uint64_t taken = atomic_load(&reader.shared->taken);

	reader.looks = taken == reader.taken ? reader.looks + 1 : 0;
	reader.taken = taken;
	if (!is_at_work() || reader.looks >= LOOKS_PATIENT)
		start_reader();
}

bool output_reader_is_at_it(struct output_reading *reading)
{
	if (reading->text < 0 && !output_reader_start(reading, reading->pipe))
		return false;
	if (reading->other >= 0)
		hand_over(reading);
	if (reading->other >= 0)
		return false;
	if (!reading->number || reading->number <= atomic_load(&reader.shared->taken))
		return true;
	look_at_reader();
	return false;
}

ssize_t output_reader_read(struct output_reading *reading, void *to, size_t size)
{
	ssize_t got = read(reading->text, to, size);

	reading->received += got > 0 ? (uint64_t)got : 0;
	return got;
}

bool output_reader_is_behind(const struct output_reading *reading)
{
	struct pollfd pipe = { .fd = reading->pipe, .events = POLLIN };
	uint64_t state;

	if (poll(&pipe, 1, 0) > 0 && (pipe.revents & POLLIN))
		return true;
	if (reading->slot < 0)
		return false;
	state = atomic_load(&reader.shared->slots[reading->slot]);
	return state & SLOT_READS || state / SLOT_BYTES > reading->received;
}

bool output_reader_is_done(const struct output_reading *reading)
{
	struct pollfd ends[] = { { .fd = reading->pipe, .events = POLLIN }, { .fd = reading->target } };

	return poll(ends, 2, 0) > 0 && !(ends[0].revents & POLLIN && !ends[1].revents);
}

void output_reader_stop(struct output_reading *reading)
{
	if (reading->other >= 0 && reading->slot >= 0) {
		atomic_store(&reader.shared->slots[reading->slot], SLOT_FREE);  /* no thread will */
		reading->slot = -1;
	}
	fd_close(&reading->text);
	fd_close(&reading->other);
}

pid_t output_reader_process(void)
{
	return reader.shared && is_at_work() ? reader.pid : 0;
}

void output_reader_resume(pid_t process)
{
	reader.former = process;
	spawn_note_worker(process);
}

static bool lives(pid_t pid)
{
	return pid > 0 && spawn_is_worker(pid) && waitpid(pid, NULL, WNOHANG) == 0;
}

void output_reader_end(void)
{
	fd_close(&reader.in);
	for (int n = 0; n < END_LOOKS && (lives(reader.pid) || lives(reader.former)); n++)
		poll(NULL, 0, 1);
}
