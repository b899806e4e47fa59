/* The reader has a thread for each pipe, as read(2) of one pipe may never return. superd passes a pipe and the end of a
 * socket through the queue, a socket pair of which superd keeps both ends. So another reader finds what a killed one
 * had not received. What the killed one had received, superd sends again, as it still has the pipe.
 *
 * Each thread reports in shared memory whether it is in read(2), and how many bytes it has read: bytes that are no
 * longer in the pipe and have not arrived are in flight. A slot is free again when its thread has exited, so a thread
 * that hangs keeps its slot.
 *
 * How many messages readers have received is what the kernel counts of the queue. A number in shared memory could be
 * wrong for ever: a reader may be killed between two steps, or be taken over by what it reads.
 *
 * The reader's first thread never touches a pipe, as closing one may block. */
#include "superd/worker/output_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/fd_message.h"
#include "lib/thread.h"
#include "os/socket/scm_rights.h"
#include "superd/spawn/worker_process.h"

#define SLOTS 4096                      /* further pipes are read without a slot */
#define CHUNK 4096                      /* bytes of one read(2) */
#define SOCKET_BUFFER (32 << 10)        /* bytes in flight in a socket: a backend that floods must wait for superd */
#define THREAD_STACK (64 << 10)
/* Milliseconds, after which a thread that could not be created is tried again. */
#define RETRY_INTERVAL 100
#define IDLE 5000                       /* milliseconds without a pipe, after which the reader exits */
#define END_LOOKS 100                   /* milliseconds that superd's end waits for the readers */
#define STALLED_LOOKS 3                 /* failed looks, after which another reader takes over the queue */
#define FDS_MOST 3                      /* in a message: a pipe, the other end of text, a target */

/* State bits of a slot; the bits above count the bytes read. */
enum { SLOT_FREE = 0, SLOT_TAKEN = 1, SLOT_READS = 2, SLOT_BYTES = 4 };

/* The memory that superd and its readers share. */
struct reader_shared {
	_Atomic uint32_t current;       /* number of the reader that reads the queue */
	_Atomic uint32_t ended;         /* number of the last reader that exited */
	_Atomic uint64_t slots[SLOTS];
};

/* superd's own view. */
static struct {
	struct reader_shared *shared;
	int in, out;                    /* both ends of the queue: superd writes, readers read; -1: not open */
	pid_t pid;                      /* of the current reader; 0: none */
	pid_t former;                   /* reader of the superd before an upgrade; 0: none */
	uint32_t current;               /* number of the current reader */
	uint64_t sent;                  /* messages sent */
	uint64_t taken;                 /* count_taken at the last look */
	unsigned looks;                 /* looks without progress */
	int next;                       /* slot to try first */
} reader = { .in = -1, .out = -1 };

/* ---- the reader's own part ---- */

/* What a new reader gets from superd. */
struct reader_work {
	struct reader_shared *shared;
	uint32_t number;
	int from;
};

/* A pipe in the reader's process, owned by its thread. */
struct piped_output {
	int pipe, text, slot;
	int target;                     /* where to write; -1: to `text` */
	uint64_t bytes;                 /* read so far */
	struct piped_output *next;
};

static struct {
	const struct reader_work *work;
	_Atomic uint32_t threads;
	_Atomic bool ends;              /* exit with the last thread */
	struct piped_output *waiting;   /* outputs that have no thread yet */
} reader_state;

static void set_slot(const struct piped_output *output, uint64_t state)
{
	if (output->slot >= 0)
		atomic_store(&reader_state.work->shared->slots[output->slot], state);
}

static void report_bytes(const struct piped_output *output, uint64_t state)
{
	set_slot(output, SLOT_TAKEN | state | output->bytes * SLOT_BYTES);
}

/* Waits for room in a target that another process has made non-blocking. */
static void wait_writable(int fd)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	poll(&room, 1, RETRY_INTERVAL);
}

static bool write_bytes(const struct piped_output *output, const char *bytes, size_t length)
{
	while (length) {
		ssize_t put = output->target < 0 ? send(output->text, bytes, length, MSG_NOSIGNAL)
					       : write(output->target, bytes, length);

		if (put < 0 && errno == EAGAIN)
			wait_writable(output->target);
		else if (put < 0 && errno != EINTR)
			return false;
		bytes += put > 0 ? put : 0;
		length -= put > 0 ? (size_t)put : 0;
	}
	return true;
}

/* Copies one chunk. false: the pipe has ended, or superd has closed its end. */
static bool copy_once(struct piped_output *output)
{
	char bytes[CHUNK];
	ssize_t got;

	report_bytes(output, SLOT_READS);
	got = read(output->pipe, bytes, sizeof(bytes));
	output->bytes += got > 0 ? (uint64_t)got : 0;
	report_bytes(output, 0);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	return got > 0 && write_bytes(output, bytes, (size_t)got);
}

static void *read_pipe(void *with)
{
	struct piped_output *output = with;
	struct pollfd ends[] = { { .fd = output->pipe, .events = POLLIN },
				 { .fd = output->target < 0 ? output->text : output->target } };
	bool goes_on = true;

	while (goes_on) {
		if (poll(ends, 2, -1) < 0)
			continue;
		if (ends[1].revents)
			break;          /* superd has closed its end, or the target has no readers */
		goes_on = copy_once(output);
	}
	close(output->text);            /* first, as closing it cannot block */
	if (output->target >= 0)
		close(output->target);
	set_slot(output, SLOT_FREE);
	close(output->pipe);
	free(output);
	if (atomic_fetch_sub(&reader_state.threads, 1) == 1 && atomic_load(&reader_state.ends))
		_exit(0);
	return NULL;
}

static bool start_reader_thread(struct piped_output *output)
{
	bool started;

	atomic_fetch_add(&reader_state.threads, 1);
	started = thread_start(NULL, THREAD_STACK, read_pipe, output) == 0;
	if (!started)
		atomic_fetch_sub(&reader_state.threads, 1);
	return started;
}

static void start_waiting(void)
{
	struct piped_output *output;

	while ((output = reader_state.waiting)) {
		struct piped_output *next = output->next; /* as `output` may be freed at once */

		if (!start_reader_thread(output))
			return;
		reader_state.waiting = next;
	}
}

static bool add_output(const int fds[FDS_MOST], int slot)
{
	struct piped_output *output = malloc(sizeof(*output));

	if (!output)
		return false;
	*output = (struct piped_output){
		.pipe = fds[0], .text = fds[1], .target = fds[2], .slot = slot, .next = reader_state.waiting
	};
	report_bytes(output, 0);
	reader_state.waiting = output;
	return true;
}

/* Receives a pipe. false: superd has ended, or has become another program. */
static bool receive_pipe(void)
{
	int fds[FDS_MOST] = { -1, -1, -1 };
	int32_t slot;
	ssize_t got;
	size_t count;

	do {
		count = FDS_MOST;
		got = fd_message_receive(reader_state.work->from, &slot, sizeof(slot), fds, &count, 0);
	} while (got < 0 && errno == EINTR);
	if (count == 1)                 /* there was no room for the second descriptor */
		close(fds[0]);
	if (got != (ssize_t)sizeof(slot))
		return false;
	if (count >= 2 && !add_output(fds, slot))
		_exit(1);               /* superd sees all sockets close, and starts another reader */
	return true;
}

static bool is_done(struct pollfd *queue_end)
{
	atomic_store(&reader_state.work->shared->ended, reader_state.work->number);
	if (poll(queue_end, 1, 0) == 0)
		return true;
	atomic_store(&reader_state.work->shared->ended, 0); /* a message arrived just then */
	return false;
}

static void read_queue(void)
{
	struct pollfd queue_end = { .fd = reader_state.work->from, .events = POLLIN };

	while (atomic_load(&reader_state.work->shared->current) == reader_state.work->number) {
		int ready = poll(&queue_end, 1, reader_state.waiting ? RETRY_INTERVAL : IDLE);

		if (ready > 0 && !receive_pipe())
			return;
		start_waiting();
		if (ready == 0 && !reader_state.waiting && !atomic_load(&reader_state.threads) && is_done(&queue_end))
			return;
	}
}

/* Raises the limit of descriptors: a pipe takes two or three here. */
static void raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void run_reader(const void *with)
{
	reader_state.work = with;
	raise_fd_limit();
	read_queue();
	for (; reader_state.waiting; start_waiting())
		poll(NULL, 0, RETRY_INTERVAL);
	atomic_store(&reader_state.ends, true);
	while (atomic_load(&reader_state.threads))
		poll(NULL, 0, -1);
}

/* ---- superd's ---- */

static bool open_queue(void)
{
	int ends[2];

	if (reader.shared)
		return true;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	reader.in = fd_raise(ends[0], FD_HIGH);
	reader.out = fd_raise(ends[1], FD_HIGH);
	reader.shared = worker_memory_new(sizeof(*reader.shared));
	if (!reader.shared) {
		fd_close(&reader.in);
		fd_close(&reader.out);
	}
	return reader.shared;
}

static bool is_at_work(void)
{
	return reader.pid > 0 && spawn_is_worker(reader.pid) && atomic_load(&reader.shared->ended) != reader.current;
}

static bool start_reader(void)
{
	const struct worker_start start = {
		.kind = WORKER_OUTPUT,
		.kept = &reader.out,
		.count = 1,
		.memory = reader.shared,
		.memory_size = sizeof(*reader.shared),
	};
	struct reader_work work = { .shared = reader.shared, .number = reader.current + 1, .from = reader.out };
	pid_t pid;

	atomic_store(&reader.shared->current, work.number);
	pid = spawn_worker(&start, run_reader, &work);
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

static bool queue_pipe(const struct output_reading *reading)
{
	const int fds[FDS_MOST] = { reading->pipe, reading->other, reading->target };
	int32_t slot = reading->slot;

	return fd_message_send(reader.in, &slot, sizeof(slot), fds, reading->target < 0 ? 2 : 3, MSG_DONTWAIT);
}

static void send_to_reader(struct output_reading *reading)
{
	if (!(is_at_work() || start_reader()))
		return;
	if (reading->slot < 0)
		reading->slot = take_slot();
	if (!queue_pipe(reading))
		return;
	fd_close(&reading->other);
	reading->number = ++reader.sent;
	if (!is_at_work())
		start_reader();         /* it exited just then; if that fails, output_reader_is_at_it tries again */
}

bool output_reader_start(struct output_reading *reading, int pipe)
{
	const int room = SOCKET_BUFFER / 2; /* the kernel doubles it (socket(7)) */
	int ends[2];

	reading->pipe = pipe;
	output_reader_stop(reading);
	if (!open_queue())
		return false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	reading->received = 0;
	if (reading->slot >= 0)         /* left by a killed reader */
		atomic_store(&reader.shared->slots[reading->slot], SLOT_TAKEN);
	reading->text = fd_raise(ends[0], FD_HIGH);
	reading->other = fd_raise(ends[1], FD_HIGH);
	fd_set_nonblocking(reading->text, true);
	scm_rights_allow(reading->text, false);
	setsockopt(reading->other, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	send_to_reader(reading);
	return true;
}

/* Messages that readers have received. Each has the size of a slot's number. */
static uint64_t count_taken(void)
{
	struct pollfd queue_end = { .fd = reader.out, .events = POLLIN };
	int waiting;

	if (ioctl(reader.out, FIONREAD, &waiting) == 0 && waiting >= 0)
		return reader.sent - (uint64_t)waiting / sizeof(int32_t);
	return poll(&queue_end, 1, 0) > 0 ? reader.taken : reader.sent;
}

/* Starts another reader if the present one has exited or receives nothing any more. The old one is left alone. */
static void check_reader(void)
{
	uint64_t taken = count_taken();

	reader.looks = taken == reader.taken ? reader.looks + 1 : 0;
	reader.taken = taken;
	if (!is_at_work() || reader.looks >= STALLED_LOOKS)
		start_reader();
}

bool output_reader_is_at_it(struct output_reading *reading)
{
	if (reading->text < 0 && !output_reader_start(reading, reading->pipe))
		return false;
	if (reading->other >= 0)
		send_to_reader(reading);
	if (reading->other >= 0)
		return false;
	if (!reading->number || reading->number <= count_taken())
		return true;
	check_reader();
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
		atomic_store(&reader.shared->slots[reading->slot], SLOT_FREE);  /* as no thread will */
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
	spawn_note_worker(process, NULL);
}

static bool is_running(pid_t pid)
{
	return pid > 0 && spawn_is_worker(pid) && waitpid(pid, NULL, WNOHANG) == 0;
}

void output_reader_end(void)
{
	fd_close(&reader.in);
	for (int n = 0; n < END_LOOKS && (is_running(reader.pid) || is_running(reader.former)); n++)
		poll(NULL, 0, 1);
}
