/* One connection of the control socket, with bounded buffers.
 *
 * What the owner does within a turn may end the connection. So calls from within only set flags, and line_io_end_turn,
 * the last step, tells whether it is over. */
#include "control/line_io.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "engine/core/close_socket.h"
#include "os/socket/scm_rights.h"

size_t line_io_pending(const struct line_io *io)
{
	return io->output.length - io->sent;
}

bool line_io_has_room(const struct line_io *io)
{
	return line_io_pending(io) < LINE_IO_ENOUGH;
}

bool line_io_holds_request(const struct line_io *io)
{
	return io->filled == sizeof(io->input) || memchr(io->input, '\n', io->filled);
}

static bool may_hand_out(const struct line_io *io)
{
	return !io->busy && !io->leaving && !io->broken && line_io_holds_request(io);
}

/* Also true if a request is in the buffer: no event of the socket would announce it again. */
static bool wants_to_write(const struct line_io *io)
{
	return line_io_pending(io) || (io->busy && io->pulls) || may_hand_out(io);
}

bool line_io_is_blocked(const struct line_io *io)
{
	struct pollfd state = { io->fd, POLLOUT, 0 };

	return wants_to_write(io) && poll(&state, 1, 0) == 0;
}

/* Watches for input while the buffer has room, and for room to write while there is something to write. */
static void rewatch(struct line_io *io)
{
	bool reads = !io->ended && !io->leaving && io->filled < sizeof(io->input);
	bool writes = wants_to_write(io) || io->leaving;

	watch_set(&io->watch, io->fd, reads, writes);
}

static void send_some(struct line_io *io)
{
	ssize_t sent;

	if (!line_io_pending(io))
		return;
	sent = send(io->fd, io->output.data + io->sent, line_io_pending(io), MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0) {
		io->broken |= errno != EAGAIN && errno != EINTR && errno != ENOBUFS && errno != ENOMEM;
		return;
	}
	io->moved = clock_now();
	io->sent += (size_t)sent;
	if (line_io_pending(io))
		return;
	io->sent = 0;
	if (io->output.capacity > 2 * LINE_IO_ENOUGH)
		buf_free(&io->output);
	else
		buf_clear(&io->output);
}

void line_io_flush(struct line_io *io)
{
	send_some(io);
}

/* Whether the peer has closed. A peer that has only shut down its sending side still waits for answers; poll(2) then
 * reports no POLLHUP. */
bool line_io_is_dead(const struct line_io *io)
{
	struct pollfd state = { io->fd, 0, 0 };

	return io->broken || (poll(&state, 1, 0) > 0 && state.revents & (POLLHUP | POLLERR));
}

static void receive(struct line_io *io)
{
	size_t room = sizeof(io->input) - io->filled;
	bool carries;
	ssize_t came;

	if (!room)
		return;
	came = scm_rights_peek(io->fd, io->input + io->filled, room, &carries);
	if (carries) {                  /* no request has descriptors, and closing passed ones might block superd */
		io->broken = true;
		return;
	}
	if (came > 0)
		came = recv(io->fd, io->input + io->filled, (size_t)came, MSG_DONTWAIT);
	if (came > 0) {
		io->moved = clock_now();
		io->filled += (size_t)came;
	} else if (came == 0) {
		io->ended = true;
		io->broken = line_io_is_dead(io);
	} else if (errno != EAGAIN && errno != EINTR) {
		io->broken = true;
	}
}

enum line_io_taken line_io_take(struct line_io *io, char line[LINE_IO_LINE], const char **why)
{
	const char *end;
	size_t length;

	if (!may_hand_out(io))
		return LINE_IO_NOTHING;
	end = memchr(io->input, '\n', io->filled);
	if (!end) {
		*why = "a request is one line of at most 8 KiB";
		return LINE_IO_MALFORMED;
	}
	length = (size_t)(end - io->input);
	memcpy(line, io->input, length);
	line[length] = '\0';
	io->filled -= length + 1;
	memmove(io->input, end + 1, io->filled);
	if (strlen(line) == length)
		return LINE_IO_REQUEST;
	*why = "a request is text, without NUL bytes";
	return LINE_IO_MALFORMED;
}

/* Whether nothing is left to read, answer or send. */
static bool is_over(const struct line_io *io)
{
	if (io->broken)
		return true;
	if (io->leaving)
		return !line_io_pending(io);
	return io->ended && !io->busy && !line_io_pending(io) && !line_io_holds_request(io);
}

void line_io_begin_turn(struct line_io *io, bool readable, bool writable)
{
	io->inside = true;
	if (readable)
		receive(io);
	if (writable)
		send_some(io);
}

bool line_io_wants_more(const struct line_io *io)
{
	return io->busy && io->pulls && !io->broken && !line_io_pending(io);
}

bool line_io_end_turn(struct line_io *io)
{
	send_some(io);
	io->inside = false;
	if (is_over(io))
		return false;
	rewatch(io);
	return true;
}

void line_io_open(struct line_io *io, struct engine *engine, int fd,
		  void (*on_ready)(struct watch *watch, bool readable, bool writable))
{
	io->fd = fd;
	io->moved = clock_now();
	watch_init(&io->watch, engine, on_ready);
	rewatch(io);
}

void line_io_close(struct line_io *io)
{
	watch_stop(&io->watch);
	close_socket_own(io->watch.engine, NULL, &io->fd);
	buf_free(&io->output);
}

void line_io_send(struct line_io *io, struct buf *lines)
{
	if (!io->leaving && !io->broken)
		buf_add(&io->output, buf_string(lines), lines->length);
	io->broken |= io->output.failed || lines->failed || line_io_pending(io) > LINE_IO_MOST;
	buf_clear(lines);
	if (io->inside)
		return;
	if (!io->broken)
		send_some(io);
	if (io->broken)
		watch_wake(&io->watch);
	else
		rewatch(io);
}

void line_io_begin(struct line_io *io, bool pulls)
{
	io->busy = true;
	io->pulls = pulls;
}

void line_io_end(struct line_io *io)
{
	io->busy = io->pulls = false;
	if (!io->inside)
		watch_wake(&io->watch);         /* the next request may be there already */
}

void line_io_pull(struct line_io *io, bool pulls)
{
	io->pulls = pulls;
	if (!io->inside)
		rewatch(io);
}

void line_io_leave(struct line_io *io)
{
	io->leaving = true;
	if (!io->inside)
		watch_wake(&io->watch);
}
