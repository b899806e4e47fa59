/* A bounded connection. The hard thing is who may go when: a call of an event may end the connection it is for, so the
 * end is told last of all, from the one place that has nothing left to do with it. */
#include "control/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "engine/core/closing.h"
#include "os/socket/passed_rights.h"

size_t wire_pending(const struct wire *wire)
{
	return wire->output.length - wire->sent;
}

bool wire_has_room(const struct wire *wire)
{
	return wire_pending(wire) < WIRE_ENOUGH;
}

bool wire_holds_request(const struct wire *wire)
{
	return wire->filled == sizeof(wire->input) || memchr(wire->input, '\n', wire->filled);
}

static bool may_hand_out(const struct wire *wire)
{
	return !wire->busy && !wire->leaving && !wire->broken && wire_holds_request(wire);
}

/* Also the answer of a request that has come already, and is not heard of again. */
static bool wants_to_write(const struct wire *wire)
{
	return wire_pending(wire) || (wire->busy && wire->pulls) || may_hand_out(wire);
}

bool wire_is_blocked(const struct wire *wire)
{
	struct pollfd state = { wire->fd, POLLOUT, 0 };

	return wants_to_write(wire) && poll(&state, 1, 0) == 0;
}

/* What is heard of: requests as far as there is room for one, and room to write as far as there is a wish. */
static void rewatch(struct wire *wire)
{
	bool reads = !wire->ended && !wire->leaving && wire->filled < sizeof(wire->input);
	bool writes = wants_to_write(wire) || wire->leaving;

	watch_set(&wire->watch, wire->fd, reads, writes);
}

static void send_some(struct wire *wire)
{
	ssize_t sent;

	if (!wire_pending(wire))
		return;
	sent = send(wire->fd, wire->output.data + wire->sent, wire_pending(wire), MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0) {
		wire->broken |= errno != EAGAIN && errno != EINTR && errno != ENOBUFS && errno != ENOMEM;
		return;
	}
	wire->moved = engine_clock();
	wire->sent += (size_t)sent;
	if (wire_pending(wire))
		return;
	wire->sent = 0;
	if (wire->output.capacity > 2 * WIRE_ENOUGH)
		buf_free(&wire->output);
	else
		buf_clear(&wire->output);
}

void wire_flush(struct wire *wire)
{
	send_some(wire);
}

/* Half closed, it still waits for its answers; closed for good, nobody does. */
bool wire_is_dead(const struct wire *wire)
{
	struct pollfd state = { wire->fd, 0, 0 };

	return wire->broken || (poll(&state, 1, 0) > 0 && state.revents & (POLLHUP | POLLERR));
}

static void receive(struct wire *wire)
{
	size_t room = sizeof(wire->input) - wire->filled;
	bool carries;
	ssize_t came;

	if (!room)
		return;
	came = passed_rights_peek(wire->fd, wire->input + wire->filled, room, &carries);
	if (carries) {                  /* nobody is asked for descriptors here, and to drop them is to wait for them */
		wire->broken = true;
		return;
	}
	if (came > 0)
		came = recv(wire->fd, wire->input + wire->filled, (size_t)came, MSG_DONTWAIT);
	if (came > 0) {
		wire->moved = engine_clock();
		wire->filled += (size_t)came;
	} else if (came == 0) {
		wire->ended = true;
		wire->broken = wire_is_dead(wire);
	} else if (errno != EAGAIN && errno != EINTR) {
		wire->broken = true;
	}
}

/* One request a turn, when the one before is answered: who sends many at once has no more turns than others. */
static void hand_out_line(struct wire *wire)
{
	char line[WIRE_LINE];
	const char *end;
	size_t length;

	if (!may_hand_out(wire))
		return;
	end = memchr(wire->input, '\n', wire->filled);
	if (!end) {
		wire->events->malformed(wire, "a request is one line of at most 8 KiB");
		return;
	}
	length = (size_t)(end - wire->input);
	memcpy(line, wire->input, length);
	line[length] = '\0';
	wire->filled -= length + 1;
	memmove(wire->input, end + 1, wire->filled);
	if (strlen(line) < length)
		wire->events->malformed(wire, "a request is text, without NUL bytes");
	else
		wire->events->line(wire, line);
}

/* Whether there is nothing more to do for it. */
static bool is_over(const struct wire *wire)
{
	if (wire->broken)
		return true;
	if (wire->leaving)
		return !wire_pending(wire);
	return wire->ended && !wire->busy && !wire_pending(wire) && !wire_holds_request(wire);
}

/* After anything that has happened, but not from within an event. */
static void settle(struct wire *wire)
{
	if (is_over(wire))
		wire->events->gone(wire);
	else
		rewatch(wire);
}

static void on_ready(struct watch *watch, bool readable, bool writable)
{
	struct wire *wire = container_of(watch, struct wire, watch);

	wire->inside = true;
	if (readable)
		receive(wire);
	if (writable)
		send_some(wire);
	if (wire->busy && wire->pulls && !wire->broken && !wire_pending(wire))
		wire->events->room(wire);
	hand_out_line(wire);
	send_some(wire);
	wire->inside = false;
	settle(wire);
}

void wire_open(struct wire *wire, struct engine *engine, int fd, const struct wire_events *events)
{
	wire->fd = fd;
	wire->events = events;
	wire->moved = engine_clock();
	watch_init(&wire->watch, engine, on_ready);
	rewatch(wire);
}

void wire_close(struct wire *wire)
{
	watch_stop(&wire->watch);
	closing_own(wire->watch.engine, NULL, &wire->fd);
	buf_free(&wire->output);
}

void wire_say(struct wire *wire, struct buf *lines)
{
	if (!wire->leaving && !wire->broken)
		buf_add(&wire->output, buf_string(lines), lines->length);
	wire->broken |= wire->output.failed || lines->failed || wire_pending(wire) > WIRE_MOST;
	buf_clear(lines);
	if (wire->inside)
		return;
	if (!wire->broken)
		send_some(wire);
	if (wire->broken)
		watch_wake(&wire->watch);
	else
		rewatch(wire);
}

void wire_begin(struct wire *wire, bool pulls)
{
	wire->busy = true;
	wire->pulls = pulls;
}

void wire_end(struct wire *wire)
{
	wire->busy = wire->pulls = false;
	if (!wire->inside)
		watch_wake(&wire->watch);       /* the next request may be there already */
}

void wire_pull(struct wire *wire, bool pulls)
{
	wire->pulls = pulls;
	if (!wire->inside)
		rewatch(wire);
}

void wire_leave(struct wire *wire)
{
	wire->leaving = true;
	if (!wire->inside)
		watch_wake(&wire->watch);
}
