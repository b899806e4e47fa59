/* Reads what backends print, with a thread for each pipe, as read(2) of one pipe may never return.
 *
 * Each thread reports in shared memory whether it is in read(2), and how many bytes it has read: bytes that are no
 * longer in the pipe and have not arrived at superd are in flight. A slot is free again when its thread has exited, so
 * a thread that hangs keeps its slot.
 *
 * The first thread never touches a pipe, as closing one may block. */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/fd_message.h"
#include "lib/thread.h"
#include "worker/work.h"

#define CHUNK 4096                      /* bytes of one read(2) */
#define THREAD_STACK (64 << 10)
/* Milliseconds, after which a thread that could not be created is tried again. */
#define RETRY_INTERVAL 100
#define IDLE 5000                       /* milliseconds without a pipe, after which the process exits */

/* A pipe, owned by its thread. */
struct piped_output {
	int pipe, text, slot;
	int target;                     /* where to write; -1: to `text` */
	uint64_t bytes;                 /* read so far */
	struct piped_output *next;
};

static struct {
	int channel;                    /* where pipes come from; -1: superd sends no more */
	_Atomic uint64_t *slots;        /* shared with superd */
	uint32_t slot_count;            /* 0: there is no shared memory */
	_Atomic uint32_t threads;
	_Atomic bool ends;              /* exit with the last thread */
	struct piped_output *waiting;   /* outputs that have no thread yet */
} reader;

static void set_slot(const struct piped_output *output, uint64_t state)
{
	if (output->slot >= 0 && (uint32_t)output->slot < reader.slot_count)
		atomic_store(&reader.slots[output->slot], state);
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
	if (atomic_fetch_sub(&reader.threads, 1) == 1 && atomic_load(&reader.ends))
		_exit(0);
	return NULL;
}

static bool start_reader_thread(struct piped_output *output)
{
	bool started;

	atomic_fetch_add(&reader.threads, 1);
	started = thread_start(NULL, THREAD_STACK, read_pipe, output) == 0;
	if (!started)
		atomic_fetch_sub(&reader.threads, 1);
	return started;
}

static void start_waiting(void)
{
	struct piped_output *output;

	while ((output = reader.waiting)) {
		struct piped_output *next = output->next; /* as `output` may be freed at once */

		if (!start_reader_thread(output))
			return;
		reader.waiting = next;
	}
}

static bool add_output(const int fds[OUTPUT_FDS_MOST], int slot)
{
	struct piped_output *output = malloc(sizeof(*output));

	if (!output)
		return false;
	*output = (struct piped_output){
		.pipe = fds[0], .text = fds[1], .target = fds[2], .slot = slot, .next = reader.waiting
	};
	report_bytes(output, 0);
	reader.waiting = output;
	return true;
}

static void receive_pipe(void)
{
	int fds[OUTPUT_FDS_MOST] = { -1, -1, -1 };
	int32_t slot;
	ssize_t got;
	size_t count;

	do {
		count = OUTPUT_FDS_MOST;
		got = fd_message_receive(reader.channel, &slot, sizeof(slot), fds, &count, MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (count == 1)                 /* there was no room for the second descriptor */
		close(fds[0]);
	if (got != (ssize_t)sizeof(slot))
		fd_close(&reader.channel);      /* superd has another reader, has ended, or is another program */
	else if (count >= 2 && !add_output(fds, slot))
		_exit(1);               /* superd sees all sockets close, and starts another reader */
}

/* What comes while the process ends, superd sends again. */
static void read_channel(void)
{
	while (reader.channel >= 0) {
		struct pollfd pipes = { .fd = reader.channel, .events = POLLIN };
		int ready = poll(&pipes, 1, reader.waiting ? RETRY_INTERVAL : IDLE);

		if (ready > 0)
			receive_pipe();
		start_waiting();
		if (ready == 0 && !reader.waiting && !atomic_load(&reader.threads))
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

/* Takes the memory, if superd has some. */
static bool take_request(void)
{
	struct output_request request = { 0 };
	struct record record;
	size_t count = 1;
	void *slots;
	int file;

	if (!request_receive(reader.channel, &record, &file, &count))
		return false;
	output_request_record(&record, &request);
	if (!record_is_read(&record) || count != (request.slots != 0))
		return false;
	record_close(&record);
	if (!request.slots)
		return true;
	slots = mmap(NULL, request.slots * sizeof(*reader.slots), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	reader.slots = slots;
	reader.slot_count = request.slots;
	return slots != MAP_FAILED;
}

void work_output(int channel)
{
	reader.channel = channel;
	if (!take_request())
		return;
	raise_fd_limit();
	read_channel();
	for (; reader.waiting; start_waiting())
		poll(NULL, 0, RETRY_INTERVAL);
	atomic_store(&reader.ends, true);
	while (atomic_load(&reader.threads))
		poll(NULL, 0, -1);
}
