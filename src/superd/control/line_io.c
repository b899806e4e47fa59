/* One connection of the control socket, with bounded buffers.
 *
 * The owner may end the connection within a turn. So calls within a turn only set flags. line_io_end_turn, the last
 * step, tells whether the connection is over. */
#include "superd/control/line_io.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "lib/scm_rights.h"
#include "superd/loop/close_socket.h"

size_t line_io_pending(const struct line_io *io)
{
	return io->output.length - io->sent;
}

bool line_io_has_room(const struct line_io *io)
{
	return line_io_pending(io) < LINE_IO_ROOM;
}

bool line_io_holds_request(const struct line_io *io)
{
	return io->filled == sizeof(io->input) || memchr(io->input, '\n', io->filled);
}

static bool has_next_request(const struct line_io *io)
{
	return !io->busy && !io->leaving && !io->broken && line_io_holds_request(io);
}

/* Also true if a request is in the buffer, because no event of the socket would announce it again. */
static bool wants_write_event(const struct line_io *io)
{
	return line_io_pending(io) || (io->busy && io->wants_room) || has_next_request(io);
}

bool line_io_is_blocked(const struct line_io *io)
{
	struct pollfd state = { io->fd, POLLOUT, 0 };

	return wants_write_event(io) && poll(&state, 1, 0) == 0;
}

/* Watches for input while the buffer has room, and for room to write while there is something to write. */
static void update_watch(struct line_io *io)
{
	bool reads = !io->at_eof && !io->leaving && io->filled < sizeof(io->input);
	bool writes = wants_write_event(io) || io->leaving;

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
	io->last_io = clock_now();
	io->sent += (size_t)sent;
	if (line_io_pending(io))
		return;
	io->sent = 0;
	if (io->output.capacity > 2 * LINE_IO_ROOM)
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

static void receive_input(struct line_io *io)
{
	size_t room = sizeof(io->input) - io->filled;
	bool carries;
	ssize_t got;

	if (!room)
		return;
	got = scm_rights_peek(io->fd, io->input + io->filled, room, &carries);
	if (carries) { /* closing them might block */
		io->broken = true;
		return;
	}
	if (got > 0)
		got = recv(io->fd, io->input + io->filled, (size_t)got, MSG_DONTWAIT);
	if (got > 0) {
		io->last_io = clock_now();
		io->filled += (size_t)got;
	} else if (got == 0) {
		io->at_eof = true;
		io->broken = line_io_is_dead(io);
	} else if (errno != EAGAIN && errno != EINTR) {
		if (errno != ECONNRESET)
			log_warn(io->watch.engine->log, "a connection to the control socket ends: %s", strerror(errno));
		io->broken = true;
	}
}

enum line_io_taken line_io_take(struct line_io *io, char line[LINE_IO_REQUEST_MOST], const char **why)
{
	const char *end;
	size_t length;

	if (!has_next_request(io))
		return LINE_IO_NOTHING;
	end = memchr(io->input, '\n', io->filled);
	if (!end) {
		*why = "a request is one line of at most 8.0K";
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
static bool is_finished(const struct line_io *io)
{
	if (io->broken)
		return true;
	if (io->leaving)
		return !line_io_pending(io);
	return io->at_eof && !io->busy && !line_io_pending(io) && !line_io_holds_request(io);
}

void line_io_begin_turn(struct line_io *io, bool readable, bool writable)
{
	io->in_turn = true;
	if (readable)
		receive_input(io);
	if (writable)
		send_some(io);
}

bool line_io_wants_more(const struct line_io *io)
{
	return io->busy && io->wants_room && !io->broken && !line_io_pending(io);
}

bool line_io_end_turn(struct line_io *io)
{
	send_some(io);
	io->in_turn = false;
	if (is_finished(io))
		return false;
	update_watch(io);
	return true;
}

void line_io_open(struct line_io *io, struct engine *engine, int fd,
		  void (*on_ready)(struct watch *watch, bool readable, bool writable))
{
	io->fd = fd;
	io->last_io = clock_now();
	watch_init(&io->watch, engine, on_ready);
	update_watch(io);
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
	io->lacks_memory |= io->output.failed || lines->failed;
	io->broken |= io->lacks_memory || line_io_pending(io) > LINE_IO_OUTPUT_MOST;
	buf_clear(lines);
	if (io->in_turn)
		return;
	if (!io->broken)
		send_some(io);
	if (io->broken)
		watch_wake(&io->watch);
	else
		update_watch(io);
}

void line_io_begin(struct line_io *io, bool wants_room)
{
	io->busy = true;
	io->wants_room = wants_room;
}

void line_io_end(struct line_io *io)
{
	io->busy = io->wants_room = false;
	if (!io->in_turn)
		watch_wake(&io->watch);         /* the next request may already be in the buffer */
}

void line_io_want_room(struct line_io *io, bool wants_room)
{
	io->wants_room = wants_room;
	if (!io->in_turn)
		update_watch(io);
}

void line_io_close_when_sent(struct line_io *io)
{
	io->leaving = true;
	if (!io->in_turn)
		watch_wake(&io->watch);
}
