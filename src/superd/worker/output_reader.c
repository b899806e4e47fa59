/* superd passes a pipe and the end of a socket to the reader through a queue, a socket pair of which superd keeps both
 * ends. Each reader has a queue of its own, and is given that of the one before, too: so it finds what a killed one had
 * not received. What the killed one had received, superd sends again, as it still has the pipe.
 *
 * How many messages the reader has received is what the kernel counts of its queue, and whether it is at work is
 * whether its channel is open. Numbers in shared memory could be wrong for ever: a reader may be killed between two
 * steps, or be taken over by what it reads. Only what is in flight is there, of each pipe in a slot. */
#include "superd/worker/output_reader.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/fd_message.h"
#include "lib/scm_rights.h"
#include "superd/spawn/worker_process.h"
#include "worker/record/request.h"

#define SOCKET_BUFFER (32 << 10)        /* bytes in flight in a socket: a backend that floods must wait for superd */
#define END_LOOKS 100                   /* milliseconds that superd's end waits for the readers */
#define STALLED_LOOKS 3                 /* failed looks, after which another reader takes over the queue */

static struct {
	int in, out;                    /* both ends of its queue: superd writes, it reads; -1: none was started yet */
	int memory;                     /* file of the slots, for readers; -1: there are none */
	_Atomic uint64_t *slots;        /* shared with readers; NULL: none, as the system has no such memory */
	struct worker_process process;  /* the current reader; its channel is readable as soon as it ends */
	pid_t former;                   /* reader of the superd before an upgrade; 0: none */
	uint64_t sent;                  /* messages sent */
	uint64_t taken;                 /* count_taken at the last look */
	unsigned looks;                 /* looks without progress */
	int next;                       /* slot to try first */
} reader = { .in = -1, .out = -1, .memory = -1, .process = { .channel = -1, .pid = -1 } };

static bool is_at_work(void)
{
	struct pollfd channel = { .fd = reader.process.channel, .events = POLLIN };

	return channel.fd >= 0 && poll(&channel, 1, 0) == 0;
}

/* The one before may be there still, with its pipes: its queue ends for it. */
static bool start_reader(void)
{
	struct output_request request = { .has_left = reader.out >= 0 };
	struct record record = { 0 };
	struct worker_process process;
	int queue[2], fds[3];
	size_t count = 0;

	if (!reader.slots)
		reader.slots = worker_memory_open(OUTPUT_SLOTS * sizeof(*reader.slots), &reader.memory);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, queue) < 0)
		return false;
	shutdown(queue[1], SHUT_WR);
	fds[count++] = queue[1];
	if (request.has_left)
		fds[count++] = reader.out;
	if (reader.slots)
		fds[count++] = reader.memory = fd_raise(reader.memory, FD_HIGH);
	request.slots = reader.slots ? OUTPUT_SLOTS : 0;
	output_request_record(&record, &request);
	process = worker_process_begin(WORKER_OUTPUT, 0, &record, fds, count);
	if (process.channel < 0) {
		fd_close(&queue[0]);
		fd_close(&queue[1]);
		return false;
	}
	fd_close(&reader.in);
	fd_close(&reader.out);
	fd_close(&reader.process.channel);
	reader.in = fd_raise(queue[0], FD_HIGH);
	reader.out = fd_raise(queue[1], FD_HIGH);
	reader.process = process;
	reader.looks = 0;
	return true;
}

static int take_slot(void)
{
	for (int n = 0; reader.slots && n < OUTPUT_SLOTS; n++) {
		int slot = (reader.next + n) % OUTPUT_SLOTS;

		if (atomic_load(&reader.slots[slot]) != SLOT_FREE)
			continue;
		atomic_store(&reader.slots[slot], SLOT_TAKEN);
		reader.next = slot + 1;
		return slot;
	}
	return -1;
}

/* Only superd and the reader have the queue. One that has shut it down was taken over. */
static bool queue_pipe(const struct output_reading *reading)
{
	static const struct answer_form form = { .process = "superd-output" };
	const int fds[OUTPUT_FDS_MOST] = { reading->pipe, reading->other, reading->target };
	size_t count = reading->target < 0 ? 2 : 3;
	int32_t slot = reading->slot;

	if (fd_message_send(reader.in, &slot, sizeof(slot), fds, count, MSG_DONTWAIT))
		return true;
	if (errno != EPIPE)
		return false;
	worker_process_refuse(&reader.process, &form, "queue");
	return start_reader() && fd_message_send(reader.in, &slot, sizeof(slot), fds, count, MSG_DONTWAIT);
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
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	reading->received = 0;
	if (reading->slot >= 0)         /* left by a killed reader */
		atomic_store(&reader.slots[reading->slot], SLOT_TAKEN);
	reading->text = fd_raise(ends[0], FD_HIGH);
	reading->other = fd_raise(ends[1], FD_HIGH);
	fd_set_nonblocking(reading->text, true);
	scm_rights_allow(reading->text, false);
	setsockopt(reading->other, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	send_to_reader(reading);
	return true;
}

/* Messages that readers have received, or what is left of the queue before. Each has the size of a slot's number. */
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
	state = atomic_load(&reader.slots[reading->slot]);
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
		atomic_store(&reader.slots[reading->slot], SLOT_FREE);  /* as no thread will */
		reading->slot = -1;
	}
	fd_close(&reading->text);
	fd_close(&reading->other);
}

pid_t output_reader_process(void)
{
	return is_at_work() ? reader.process.pid : 0;
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
	fd_close(&reader.process.channel);
	for (int n = 0; n < END_LOOKS && (is_running(reader.process.pid) || is_running(reader.former)); n++)
		poll(NULL, 0, 1);
}
