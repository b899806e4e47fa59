/* The console's process has no thread and one loop. All of its descriptors are non-blocking, but each call may hang in
 * the kernel: then this console hangs, and no other.
 *
 * A message is a byte that tells its kind, and data. */
#include "superd/worker/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "lib/fd.h"

#define FINISH_MOST (256 << 10)         /* bytes of output after the backend's end; what it left behind may flood */

/* Kinds of messages: to the process, and from it. */
enum to_process { SEND_INPUT = 'i', SEND_END = 'e', SEND_SIZE = 's', SEND_FINISH = 'q' };
enum from_process { SENT_OUTPUT = 1, SENT_ERRORS, SENT_TAKEN, SENT_FINISHED };

struct message {
	char kind;
	char data[CONSOLE_CHUNK];
};

/* ---- the process's own part ---- */

/* superd's ends of the console, for its process. A terminal is both `input` and `output`. */
struct console_ends {
	int input, output, errors;      /* errors -1: a terminal */
};

struct console_work {
	struct console_ends ends;       /* -1: closed */
	bool is_terminal;
	int channel;                    /* -1: superd has closed it, or got all it wants */
	char input[CONSOLE_WINDOW];     /* input to be written, from 0 on */
	size_t input_length;
	bool input_ends;                /* close ends.input as soon as all input is written */
	uint32_t taken;                 /* bytes of input written or dropped, and not yet reported */
	struct message output;          /* a message that is not sent yet, of output_length bytes; 0: none */
	size_t output_length;
	bool finishes;                  /* superd wants what is left */
	size_t finish_left;             /* bytes that it may still be */
};

static void close_input(struct console_work *work)
{
	work->taken += (uint32_t)work->input_length;
	work->input_length = 0;
	if (!work->is_terminal && work->ends.input >= 0)
		close(work->ends.input);
	work->ends.input = -1;
}

static void set_size(const struct console_work *work, const struct message *message, size_t length)
{
	struct console_size size;
	struct winsize wanted = { 0 };

	if (!work->is_terminal || work->ends.output < 0 || length != sizeof(size))
		return;
	memcpy(&size, message->data, sizeof(size));
	wanted.ws_row = size.rows;
	wanted.ws_col = size.columns;
	(void)ioctl(work->ends.output, TIOCSWINSZ, &wanted);    /* fails only if the terminal is gone */
}

static void add_input(struct console_work *work, const struct message *message, size_t length)
{
	if (work->ends.input < 0 || work->input_ends || length > sizeof(work->input) - work->input_length) {
		work->taken += (uint32_t)length;
		return;
	}
	memcpy(work->input + work->input_length, message->data, length);
	work->input_length += length;
}

static void leave_channel(struct console_work *work)
{
	close(work->channel);
	work->channel = -1;
	work->output_length = 0;
	work->finishes = false;
}

static void receive_message(struct console_work *work)
{
	struct message message;
	ssize_t got = recv(work->channel, &message, sizeof(message), MSG_DONTWAIT);
	size_t length = got > 0 ? (size_t)got - 1 : 0;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		leave_channel(work);
		return;
	}
	switch ((enum to_process)message.kind) {
	case SEND_INPUT:
		add_input(work, &message, length);
		break;
	case SEND_END:
		work->input_ends = !work->is_terminal; /* what is typed ends with the terminal alone */
		break;
	case SEND_SIZE:
		set_size(work, &message, length);
		break;
	case SEND_FINISH:
		work->finishes = true;
		work->finish_left = FINISH_MOST;
		break;
	}
}

static void write_input(struct console_work *work)
{
	ssize_t put = work->input_length ? write(work->ends.input, work->input, work->input_length) : 0;

	if (put < 0 && errno != EAGAIN && errno != EINTR) {     /* nobody reads it any more */
		close_input(work);
	} else if (put > 0) {
		work->taken += (uint32_t)put;
		work->input_length -= (size_t)put;
		memmove(work->input, work->input + put, work->input_length);
	}
	if (work->input_ends && !work->input_length && work->ends.input >= 0)
		close_input(work);
}

/* Sends the message that waits, or a report of the input written. false: there is no room. */
static bool send_message(struct console_work *work, const struct message *message, size_t length)
{
	ssize_t sent = send(work->channel, message, length, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS && errno != ENOMEM)
		leave_channel(work);
	return sent > 0;
}

static void send_some(struct console_work *work)
{
	struct message report = { .kind = SENT_TAKEN };

	if (work->channel >= 0 && work->output_length && send_message(work, &work->output, work->output_length))
		work->output_length = 0;
	if (work->channel < 0 || work->output_length || !work->taken)
		return;
	memcpy(report.data, &work->taken, sizeof(work->taken));
	if (send_message(work, &report, 1 + sizeof(work->taken)))
		work->taken = 0;
}

/* Reads from an end, if the last message is sent. Without a channel the bytes are dropped. */
static void read_output(struct console_work *work, int *end, enum from_process kind)
{
	ssize_t got;

	if (*end < 0 || work->output_length)
		return;
	got = read(*end, work->output.data, sizeof(work->output.data));
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {                 /* of a terminal EIO, when nobody has it open any more */
		close(*end);
		*end = -1;
		if (work->is_terminal)
			close_input(work);
		return;
	}
	work->finish_left -= (size_t)got < work->finish_left ? (size_t)got : work->finish_left;
	if (work->channel < 0)
		return;
	work->output.kind = (char)kind;
	work->output_length = 1 + (size_t)got;
}

static bool has_ends(const struct console_work *work)
{
	return work->ends.output >= 0 || work->ends.errors >= 0;
}

enum { CHANNEL, INPUT, OUTPUT, ERRORS, POLLED };

static short channel_events(const struct console_work *work)
{
	return (short)(POLLIN | (work->output_length || work->taken ? POLLOUT : 0));
}

/* Waits for something to do. false: superd wants what is left, and nothing is. */
static bool wait_for_work(struct console_work *work, struct pollfd polled[POLLED])
{
	short reads = work->output_length ? 0 : POLLIN;
	int ready;

	polled[CHANNEL] = (struct pollfd){ .fd = work->channel, .events = channel_events(work) };
	polled[INPUT] = (struct pollfd){ .fd = work->input_length || work->input_ends ? work->ends.input : -1,
					 .events = POLLOUT };
	polled[OUTPUT] = (struct pollfd){ .fd = reads ? work->ends.output : -1, .events = reads };
	polled[ERRORS] = (struct pollfd){ .fd = reads ? work->ends.errors : -1, .events = reads };
	ready = poll(polled, POLLED, work->finishes && reads && !work->taken ? 0 : -1);
	return ready != 0 && !(work->finishes && reads && !work->finish_left);
}

static void serve_once(struct console_work *work)
{
	struct pollfd polled[POLLED];
	bool goes_on = wait_for_work(work, polled);

	if (work->channel >= 0 && polled[CHANNEL].revents & (POLLIN | POLLHUP | POLLERR))
		receive_message(work);
	if (work->ends.input >= 0 && polled[INPUT].revents)
		write_input(work);
	if (goes_on && polled[OUTPUT].revents)
		read_output(work, &work->ends.output, SENT_OUTPUT);
	if (goes_on && polled[ERRORS].revents)
		read_output(work, &work->ends.errors, SENT_ERRORS);
	if (work->channel >= 0)
		send_some(work);
	if (goes_on || work->channel < 0)
		return;
	work->finishes = false;
	work->output.kind = SENT_FINISHED;
	work->output_length = 1;
}

/* Tells superd that nothing more arrives. */
static void say_finished(int channel)
{
	const char kind = SENT_FINISHED;

	while (send(channel, &kind, 1, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void run_console(int channel, const void *with)
{
	const struct console_ends *ends = with;
	struct console_work work = { .ends = *ends, .is_terminal = ends->errors < 0, .channel = channel };

	while (has_ends(&work) || (work.channel >= 0 && work.output_length))
		serve_once(&work);
	if (work.channel >= 0)
		say_finished(work.channel);
}

/* ---- superd's ---- */

static void close_ends(struct console_ends *ends)
{
	if (ends->output != ends->input)
		fd_close(&ends->output);
	fd_close(&ends->input);
	fd_close(&ends->errors);
}

static void close_streams(struct console *console)
{
	if (console->is_terminal)
		console->streams[1] = console->streams[2] = -1;
	for (int n = 0; n < 3; n++)
		fd_close(&console->streams[n]);
}

/* Opens the backend's end without its path, which may lead elsewhere in superd's own mount namespace. */
static int open_terminal_end(int terminal)
{
	int end = ioctl(terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (end >= 0 || (errno != EINVAL && errno != ENOTTY))
		return end;
	{
		const char *path = ptsname(terminal);

		return path ? open(path, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	}
}

static bool open_terminal(struct console *console, struct console_ends *ends, const struct console_size *size)
{
	struct winsize wanted = { .ws_row = size->rows, .ws_col = size->columns };
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), end;

	console->is_terminal = true;
	if (terminal < 0)
		return false;
	ends->input = ends->output = terminal;
	end = unlockpt(terminal) == 0 ? open_terminal_end(terminal) : -1;
	if (end < 0 || fd_set_nonblocking(terminal, true) < 0)
		return false;
	end = fd_raise(end, FD_HIGH);
	for (int n = 0; n < 3; n++)
		console->streams[n] = end;
	return ioctl(terminal, TIOCSWINSZ, &wanted) == 0;
}

static bool open_pipe(int *mine, int *its, bool writes)
{
	int ends[2];

	if (fd_pipe(ends) < 0)
		return false;
	*mine = ends[writes];
	*its = fd_raise(ends[!writes], FD_HIGH);
	return fd_set_nonblocking(*its, false) == 0;
}

static bool open_pipes(struct console *console, struct console_ends *ends)
{
	return open_pipe(&ends->input, &console->streams[0], true) &&
	       open_pipe(&ends->output, &console->streams[1], false) &&
	       open_pipe(&ends->errors, &console->streams[2], false);
}

static bool start_process(struct console *console, struct console_ends *ends)
{
	const int kept[] = { ends->input, ends->output, ends->errors };
	const struct worker_start start = {
		.kind = WORKER_CONSOLE, .kept = kept, .count = console->is_terminal ? 1 : 3,
	};

	console->process = worker_process_start(&start, run_console, ends);
	return console->process.channel >= 0;
}

bool console_open(struct console *console, const struct console_size *size, struct buf *why)
{
	struct console_ends ends = { -1, -1, -1 };
	bool good;
	int error;

	*console = (struct console){ .process = { .channel = -1, .pid = -1 }, .streams = { -1, -1, -1 } };
	good = (size ? open_terminal(console, &ends, size) : open_pipes(console, &ends)) &&
	       start_process(console, &ends);
	error = errno;
	close_ends(&ends);
	if (good)
		return true;
	close_streams(console);
	buf_addf(why, "opening a %s for it: %s", size ? "terminal" : "pipe", strerror(error));
	return false;
}

bool console_add_input(struct console *console, const void *bytes, size_t length)
{
	if (console->input_ended || length > CONSOLE_WINDOW - console->under_way)
		return false;
	buf_add(&console->input, bytes, length);
	console->under_way += length;
	return !console->input.failed;
}

void console_end_input(struct console *console)
{
	console->ends_input = !console->input_ended;
	console->input_ended = true;
}

void console_resize(struct console *console, const struct console_size *size)
{
	console->size = *size;
	console->is_resized = true;
}

void console_finish(struct console *console)
{
	console->finishes = true;
}

/* false: there is no room for the message now. A process that is gone takes everything. */
static bool send_to_process(struct console *console, enum to_process kind, const void *data, size_t length)
{
	struct message message = { .kind = (char)kind };
	ssize_t sent;

	if (console->process.channel < 0)
		return true;
	if (length)
		memcpy(message.data, data, length);
	sent = send(console->process.channel, &message, 1 + length, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sent >= 0 || (errno != EAGAIN && errno != EINTR && errno != ENOBUFS && errno != ENOMEM);
}

static bool send_input(struct console *console)
{
	struct buf *input = &console->input;
	size_t at = 0;

	while (at < input->length) {
		size_t length = input->length - at < CONSOLE_CHUNK ? input->length - at : CONSOLE_CHUNK;

		if (!send_to_process(console, SEND_INPUT, input->data + at, length))
			break;
		at += length;
	}
	if (at) {
		input->length -= at;
		memmove(input->data, input->data + at, input->length);
	}
	return !input->length;
}

bool console_flush(struct console *console)
{
	if (console->is_resized && send_to_process(console, SEND_SIZE, &console->size, sizeof(console->size)))
		console->is_resized = false;
	if (console->is_resized || !send_input(console))
		return true;
	if (console->ends_input && send_to_process(console, SEND_END, NULL, 0))
		console->ends_input = false;
	if (!console->ends_input && console->finishes && send_to_process(console, SEND_FINISH, NULL, 0))
		console->finishes = false;
	return console->ends_input || console->finishes;
}

/* The process has read what a backend printed, and may have been taken over by it: its count is not believed. */
static enum console_news note_taken(struct console *console, const struct message *message, size_t *length)
{
	size_t sent = console->under_way - console->input.length;
	uint32_t count = 0;

	if (*length == sizeof(count))
		memcpy(&count, message->data, sizeof(count));
	*length = count < sent ? count : sent;
	console->under_way -= *length;
	return CONSOLE_TAKEN;
}

enum console_news console_read(struct console *console, char bytes[CONSOLE_CHUNK], size_t *length)
{
	static const struct answer_field fields[] = { ANSWER_NUMBER(message, kind, SENT_OUTPUT, SENT_FINISHED) };
	static const struct answer_form form = { "superd-console", 1, CONSOLE_CHUNK, 0, fields, 1 };
	struct message message;
	ssize_t got;

	*length = 0;
	if (console->process.channel < 0)
		return CONSOLE_FINISHED;
	got = worker_process_hear(&console->process, &form, &message, NULL, NULL);
	if (got < 0)
		return CONSOLE_NOTHING;
	if (got == 0 || message.kind == SENT_FINISHED)
		return CONSOLE_FINISHED;
	*length = (size_t)got - 1;
	if (message.kind == SENT_TAKEN)
		return note_taken(console, &message, length);
	memcpy(bytes, message.data, *length);
	return message.kind == SENT_ERRORS ? CONSOLE_ERRORS : CONSOLE_OUTPUT;
}

void console_leave(struct console *console)
{
	fd_close(&console->process.channel);
	buf_free(&console->input);
}
