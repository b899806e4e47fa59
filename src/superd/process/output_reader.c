/* superd passes a pipe and the end of a socket to the reader through its channel. What a killed reader had, or had not
 * received, superd sends again, to another one: it still has the pipe. It does so when the socket has ended, as bytes
 * may be in it before.
 *
 * Whether a reader has received what superd sent is what the kernel counts of its channel, and whether it is at work is
 * whether its channel is open. Numbers in shared memory could be wrong for ever: a reader may be killed between two
 * steps, or be taken over by what it reads. Only what is in flight is there, of each pipe in a slot. */
#include "superd/process/output_reader.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/fd_message.h"
#include "lib/number.h"
#include "lib/scm_rights.h"
#include "superd/start/worker_process.h"
#include "worker/record/request.h"

#define SOCKET_BUFFER (32 << 10)        /* bytes in flight in a socket: a backend that floods must wait for superd */
#define END_LOOKS 100                   /* milliseconds that superd's end waits for the readers */
#define RECEIVES_WITHIN 10.             /* seconds in which a reader has to receive what it was sent */
#define LOOK_MOST 1.                    /* seconds that count between two looks: the machine may have stood still */

static struct {
	int memory;                     /* file of the slots, for readers; -1: there are none */
	_Atomic uint64_t *slots;        /* shared with readers; NULL: none, as the system has no such memory */
	struct worker_process process;  /* the current reader; its channel is readable as soon as it ends */
	int waiting;                    /* what it had still to receive at the last look, as the kernel counts it */
	double looked;                  /* clock_now() of that look */
	double late;                    /* seconds in which it has received nothing of that */
	pid_t former;                   /* reader of the superd before an upgrade; 0: none */
	int next;                       /* slot to try first */
} reader = { .memory = -1, .process = { .channel = -1, .pid = -1 } };

static bool is_at_work(void)
{
	struct pollfd channel = { .fd = reader.process.channel, .events = POLLIN };

	return channel.fd >= 0 && poll(&channel, 1, 0) == 0;
}

/* The one before may be there still, with its pipes: it gets no further ones. */
static bool start_reader(void)
{
	struct output_request request = { .slots = 0 };
	struct record record = { 0 };
	struct worker_process process;

	if (!reader.slots)
		reader.slots = worker_memory_open(OUTPUT_SLOTS * sizeof(*reader.slots), &reader.memory);
	if (reader.slots) {
		reader.memory = fd_raise(reader.memory, FD_HIGH);
		request.slots = OUTPUT_SLOTS;
	}
	output_request_record(&record, &request);
	process = worker_process_begin(WORKER_OUTPUT, 0, &record, &reader.memory, reader.slots != NULL);
	if (process.channel < 0)
		return false;
	fd_close(&reader.process.channel);
	reader.process = process;
	reader.waiting = 0;
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

/* One that takes nothing any more, but has its channel, was taken over. */
static void send_to_reader(struct output_reading *reading)
{
	static const struct answer_form form = { .process = "superd-output" };
	const int fds[OUTPUT_FDS_MOST] = { reading->pipe, reading->other, reading->target };
	size_t count = reading->target < 0 ? 2 : 3;
	int32_t slot;

	if (!is_at_work() && !start_reader())
		return;
	if (reading->slot < 0)
		reading->slot = take_slot();
	slot = reading->slot;
	if (fd_message_send(reader.process.channel, &slot, sizeof(slot), fds, count, MSG_DONTWAIT)) {
		fd_close(&reading->other);
		reading->is_sent = true;
	} else if (errno == EPIPE && is_at_work()) {
		worker_process_refuse(&reader.process, &form, "channel");
		fd_close(&reader.process.channel);
	}
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
	reading->is_sent = false;
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

/* Whether the reader has received all that was sent to it. It is ended if it receives nothing for too long. */
static bool has_taken_all(void)
{
	double now = clock_now();
	int before = reader.waiting;

	if (ioctl(reader.process.channel, SIOCOUTQ, &reader.waiting) < 0)
		reader.waiting = 0;
	if (!before || reader.waiting < before)
		reader.late = 0;
	else
		reader.late += number_min(now - reader.looked, LOOK_MOST);
	reader.looked = now;
	if (reader.waiting && reader.late >= RECEIVES_WITHIN)
		worker_process_end(&reader.process);
	return !reader.waiting;
}

bool output_reader_is_at_it(struct output_reading *reading)
{
	if (reading->text < 0)
		output_reader_start(reading, reading->pipe);
	if (reading->other >= 0)
		send_to_reader(reading);
	if (reading->text < 0 || reading->other >= 0)
		return false;
	/* It has received one that it reads, whatever came behind that. */
	if (reading->is_sent && (reading->received || (is_at_work() && has_taken_all())))
		reading->is_sent = false;
	return !reading->is_sent;
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
	fd_close(&reader.process.channel);
	for (int n = 0; n < END_LOOKS && (is_running(reader.process.pid) || is_running(reader.former)); n++)
		poll(NULL, 0, 1);
}
