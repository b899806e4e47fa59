/* Reads and writes superd's ends of a console. The process has no thread and one loop. All of its descriptors are
 * non-blocking, but each call may hang in the kernel: then this console hangs, and no other. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "worker/work.h"

#define FINISH_MOST (256 << 10)         /* bytes of output after the backend's end; what it left behind may flood */

/* superd's ends of the console. A terminal is both `input` and `output`. */
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
	struct console_message output;          /* a message that is not sent yet, of output_length bytes; 0: none */
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

static void set_size(const struct console_work *work, const struct console_message *message, size_t length)
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

static void add_input(struct console_work *work, const struct console_message *message, size_t length)
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
	struct console_message message;
	ssize_t got = recv(work->channel, &message, sizeof(message), MSG_DONTWAIT);
	size_t length = got > 0 ? (size_t)got - 1 : 0;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		leave_channel(work);
		return;
	}
	switch ((enum to_console)message.kind) {
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
static bool send_message(struct console_work *work, const struct console_message *message, size_t length)
{
	ssize_t sent = send(work->channel, message, length, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS && errno != ENOMEM)
		leave_channel(work);
	return sent > 0;
}

static void send_some(struct console_work *work)
{
	struct console_message report = { .kind = SENT_TAKEN };

	if (work->channel >= 0 && work->output_length && send_message(work, &work->output, work->output_length))
		work->output_length = 0;
	if (work->channel < 0 || work->output_length || !work->taken)
		return;
	memcpy(report.data, &work->taken, sizeof(work->taken));
	if (send_message(work, &report, 1 + sizeof(work->taken)))
		work->taken = 0;
}

/* Reads from an end, if the last message is sent. Without a channel the bytes are dropped. */
static void read_output(struct console_work *work, int *end, enum from_console kind)
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

void work_console(int channel)
{
	struct console_request request = { 0 };
	struct console_work work = { .channel = channel };
	struct record record;
	int fds[3];
	size_t count = 3;

	if (!request_receive(channel, &record, fds, &count))
		return;
	console_request_record(&record, &request);
	if (!record_is_read(&record) || count != (request.is_terminal ? 1 : 3))
		return;
	work.is_terminal = request.is_terminal;
	work.ends = (struct console_ends){ fds[0], fds[count == 3 ? 1 : 0], count == 3 ? fds[2] : -1 };
	while (has_ends(&work) || (work.channel >= 0 && work.output_length))
		serve_once(&work);
	if (work.channel >= 0)
		say_finished(work.channel);
}
