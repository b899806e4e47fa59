/* Moves data in one direction of a redirect.
 *
 * A relay that holds data waits only for the receiver, else only for the sender. So the receiver slows the sender down,
 * and poll(2) never spins.
 *
 * If data keeps coming at full speed, SO_RCVLOWAT (socket(7)) makes the kernel wake the process only for GATHERED
 * bytes. The last bytes may be fewer, so the process then waits at most for RELAY_GATHERS. */
#include "helper/builtin/relay.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define TURN (8 << 20)                  /* bytes at most in one turn */
#define FULL (64 << 10)                 /* bytes; a turn that moves as many counts as full */
#define TURNS_TO_PIPE 4                 /* full turns in a row after which a pipe is used */
#define TURNS_TO_GATHER 16              /* full turns in a row after which the kernel gathers */
#define GATHERED (192 << 10)            /* bytes, the value of SO_RCVLOWAT */

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

static void end_relay(struct relay *relay, bool broken)
{
	relay->done = true;
	relay->broken = broken;
}

/* Receives. false: no data is there now, or the direction has ended. */
static bool fill_relay(struct relay *relay)
{
	ssize_t got;

	if (relay->full_turns == TURNS_TO_PIPE)
		buffer_use_pipe(&relay->buffer); /* if that fails, the buffer stays in memory */
	got = buffer_fill(&relay->buffer, relay->from);
	if (got > 0)
		return true;
	if (got == 0) {
		shutdown(relay->to, SHUT_WR);
		end_relay(relay, false);
	} else if (!would_wait()) {
		end_relay(relay, true);
	}
	return false;
}

/* Sends. false: the receiver accepts no more data now, or it is gone; then it shuts down the sender, too. */
static bool drain_relay(struct relay *relay)
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
	end_relay(relay, true);
	return false;
}

void relay_receiver_gone(struct relay *relay, bool reset)
{
	end_relay(relay, reset);
}

static void set_rcvlowat(struct relay *relay, int bytes)
{
	if (setsockopt(relay->from, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes)) == 0)
		relay->gathers = bytes > 1;
}

/* Sets SO_RCVLOWAT after many full turns in a row, and resets it after the first turn that is not full. */
static void adapt_to_turn(struct relay *relay, uint64_t moved)
{
	if (!moved)
		return;
	relay->full_turns = moved >= FULL ? relay->full_turns + 1 : 0;
	if (relay->full_turns == TURNS_TO_GATHER)
		set_rcvlowat(relay, GATHERED);
	else if (relay->gathers && !relay->full_turns)
		set_rcvlowat(relay, 1);
}

/* With SO_RCVLOWAT a turn is what the kernel has gathered: another recv(2) at once would find little. */
static bool turn_is_over(const struct relay *relay, uint64_t moved)
{
	return relay->done || moved >= TURN || (relay->gathers && moved && !relay->buffer.held);
}

void relay_run(struct relay *relay)
{
	uint64_t begun = relay->moved;

	while (!turn_is_over(relay, relay->moved - begun)) {
		if (relay->buffer.held ? !drain_relay(relay) : !fill_relay(relay))
			break;
	}
	adapt_to_turn(relay, relay->moved - begun);
}

short relay_events_from(const struct relay *relay)
{
	return relay->done || relay->buffer.held ? 0 : POLLIN;
}

short relay_events_to(const struct relay *relay)
{
	return !relay->done && relay->buffer.held ? POLLOUT : 0;
}

void relay_stop_gathering(struct relay *relay)
{
	uint64_t moved = relay->moved;

	if (!relay->gathers || !relay_events_from(relay))
		return;
	relay_run(relay);
	if (relay->moved - moved >= FULL || !relay->gathers)
		return;
	set_rcvlowat(relay, 1);
	relay->full_turns = 0;
}
