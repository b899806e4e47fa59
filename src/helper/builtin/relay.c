/* Moving one way. The hard thing is to wait for the right end: while something is held, only for who takes it, else
 * only for who sends. So the sender is slowed down by the receiver, and a poll(2) never spins.
 *
 * The other one is to wake seldom. A stream that keeps coming as fast as memory is told to wake us for GATHERED bytes
 * (SO_RCVLOWAT), and as the last ones may be fewer, for the blink of an eye only. */
#include "helper/builtin/relay.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define TURN (8 << 20)                  /* bytes */
#define FULL (64 << 10)                 /* a turn that moved so much is a full one */
#define TURNS_TO_PIPE 4                 /* so many in a row are worth a pipe */
#define TURNS_TO_GATHER 16
#define GATHERED (192 << 10)

bool relay_open(struct relay *relay, int from, int to)
{
	*relay = (struct relay){ .from = from, .to = to };
	return buffer_open(&relay->buffer);
}

void relay_close(struct relay *relay)
{
	buffer_close(&relay->buffer);
}

static bool would_wait(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static void end(struct relay *relay, bool broken)
{
	relay->done = true;
	relay->broken = broken;
}

/* false: there is nothing now. */
static bool fill(struct relay *relay)
{
	ssize_t got;

	if (relay->full_turns == TURNS_TO_PIPE)
		buffer_use_pipe(&relay->buffer); /* where it can't be had, reading does as well */
	got = buffer_fill(&relay->buffer, relay->from);
	if (got > 0)
		return true;
	if (got == 0) {
		shutdown(relay->to, SHUT_WR);
		end(relay, false);
	} else if (!would_wait()) {
		end(relay, true);
	}
	return false;
}

/* false: it takes no more now. Nobody reads what comes after the receiver has gone. */
static bool drain(struct relay *relay)
{
	ssize_t sent = buffer_drain(&relay->buffer, relay->to);

	if (sent >= 0) {
		relay->moved += (uint64_t)sent;
		return true;
	}
	if (would_wait())
		return false;
	shutdown(relay->from, SHUT_RD);
	relay->write_failed = true;
	end(relay, true);
	return false;
}

void relay_lose(struct relay *relay, bool reset)
{
	end(relay, reset);
}

static void gather(struct relay *relay, int bytes)
{
	if (setsockopt(relay->from, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes)) == 0)
		relay->gathers = bytes > 1;
}

static void judge_turn(struct relay *relay, uint64_t moved)
{
	if (!moved)
		return;
	relay->full_turns = moved >= FULL ? relay->full_turns + 1 : 0;
	if (relay->full_turns == TURNS_TO_GATHER)
		gather(relay, GATHERED);
	else if (relay->gathers && !relay->full_turns)
		gather(relay, 1);
}

/* What it has gathered is one turn: to look for more at once would find but little. */
static bool turn_is_over(const struct relay *relay, uint64_t moved)
{
	return relay->done || moved >= TURN || (relay->gathers && moved && !relay->buffer.held);
}

void relay_run(struct relay *relay)
{
	uint64_t begun = relay->moved;

	while (!turn_is_over(relay, relay->moved - begun)) {
		if (relay->buffer.held ? !drain(relay) : !fill(relay))
			break;
	}
	judge_turn(relay, relay->moved - begun);
}

short relay_wants_from(const struct relay *relay)
{
	return relay->done || relay->buffer.held ? 0 : POLLIN;
}

short relay_wants_to(const struct relay *relay)
{
	return !relay->done && relay->buffer.held ? POLLOUT : 0;
}

void relay_hurry(struct relay *relay)
{
	uint64_t moved = relay->moved;

	if (!relay->gathers || !relay_wants_from(relay))
		return;
	relay_run(relay);
	if (relay->moved - moved >= FULL || !relay->gathers)
		return;
	gather(relay, 1);
	relay->full_turns = 0;
}
