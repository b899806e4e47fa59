/* Opens a console, and speaks with its process by messages. */
#include "superd/process/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "lib/fd.h"

/* superd's ends of the console, for its process. A terminal is both `input` and `output`. */
struct console_ends {
	int input, output, errors;      /* errors -1: a terminal */
};

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

static bool start_process(struct console *console, const struct console_ends *ends)
{
	const int fds[] = { ends->input, ends->output, ends->errors };
	struct console_request request = { .is_terminal = console->is_terminal };
	struct record record = { 0 };

	console_request_record(&record, &request);
	console->process = worker_process_begin(WORKER_CONSOLE, 0, &record, fds, console->is_terminal ? 1 : 3);
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
static bool send_to_process(struct console *console, enum to_console kind, const void *data, size_t length)
{
	struct console_message message = { .kind = (char)kind };
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
static enum console_news note_taken(struct console *console, const struct console_message *message, size_t *length)
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
	static const struct answer_field fields[] = {
		ANSWER_NUMBER(console_message, kind, SENT_OUTPUT, SENT_FINISHED),
	};
	static const struct answer_form form = { "superd-console", 1, CONSOLE_CHUNK, 0, fields, 1 };
	struct console_message message;
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
