/* Moves data in one direction of a redirect.
 *
 * A relay that holds data waits only for the receiver, otherwise only for the sender. So the receiver slows the
 * sender down, and poll(2) never spins.
 *
 * If data keeps coming at full speed, SO_RCVLOWAT makes the kernel wake the process only for GATHERED bytes. As the
 * last bytes may be fewer, the process then waits only for RELAY_GATHERS. */
#include "helper/builtin/relay.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define TURN (8 << 20)                  /* bytes at most in one turn */
#define FULL (64 << 10)                 /* bytes from which on a turn is a full one */
#define TURNS_TO_PIPE 4                 /* full turns in a row after which a pipe is used */
#define TURNS_TO_GATHER 16              /* full turns in a row after which the kernel gathers */
#define GATHERED (192 << 10)            /* bytes, SO_RCVLOWAT */

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

/* Receives. false: nothing is there now, or the direction has ended. */
static bool fill(struct relay *relay)
{
	ssize_t got;

	if (relay->full_turns == TURNS_TO_PIPE)
		buffer_use_pipe(&relay->buffer); /* without a pipe it goes on with recv(2) and send(2) */
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

/* Sends. false: the receiver takes no more now, or is gone; then the sender is shut down, too. */
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

/* What the kernel has gathered is one turn: another recv(2) at once would find little. */
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
