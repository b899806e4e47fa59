/* Moving one way. The hard thing is to wait for the right end: while something is held, only for who takes it, else
 * only for who sends. So the sender is slowed down by the receiver, and a poll(2) never spins.
 *
 * The other one is to wake seldom. A stream that keeps coming as fast as memory is told to wake us for GATHERED bytes
 * (SO_RCVLOWAT), and as the last ones may be fewer, for the blink of an eye only. */
#include "helper/builtin/pump.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define TURN (8 << 20)                  /* bytes */
#define FULL (64 << 10)                 /* a turn that moved so much is a full one */
#define TURNS_TO_PIPE 4                 /* so many in a row are worth a pipe */
#define TURNS_TO_GATHER 16
#define GATHERED (192 << 10)

bool pump_open(struct pump *pump, int from, int to)
{
	*pump = (struct pump){ .from = from, .to = to };
	return store_open(&pump->store);
}

void pump_close(struct pump *pump)
{
	store_close(&pump->store);
}

static bool would_wait(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static void end(struct pump *pump, bool broken)
{
	pump->done = true;
	pump->broken = broken;
}

/* false: there is nothing now. */
static bool fill(struct pump *pump)
{
	ssize_t got;

	if (pump->full_turns == TURNS_TO_PIPE)
		store_use_pipe(&pump->store);   /* where it can't be had, reading does as well */
	got = store_fill(&pump->store, pump->from);
	if (got > 0)
		return true;
	if (got == 0) {
		shutdown(pump->to, SHUT_WR);
		end(pump, false);
	} else if (!would_wait()) {
		end(pump, true);
	}
	return false;
}

/* false: it takes no more now. Nobody reads what comes after the receiver has gone. */
static bool drain(struct pump *pump)
{
	ssize_t sent = store_drain(&pump->store, pump->to);

	if (sent >= 0) {
		pump->moved += (uint64_t)sent;
		return true;
	}
	if (would_wait())
		return false;
	shutdown(pump->from, SHUT_RD);
	pump->deaf = true;
	end(pump, true);
	return false;
}

void pump_lose(struct pump *pump, bool reset)
{
	end(pump, reset);
}

static void gather(struct pump *pump, int bytes)
{
	if (setsockopt(pump->from, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes)) == 0)
		pump->gathers = bytes > 1;
}

static void judge_turn(struct pump *pump, uint64_t moved)
{
	if (!moved)
		return;
	pump->full_turns = moved >= FULL ? pump->full_turns + 1 : 0;
	if (pump->full_turns == TURNS_TO_GATHER)
		gather(pump, GATHERED);
	else if (pump->gathers && !pump->full_turns)
		gather(pump, 1);
}

/* What it has gathered is one turn: to look for more at once would find but little. */
static bool turn_is_over(const struct pump *pump, uint64_t moved)
{
	return pump->done || moved >= TURN || (pump->gathers && moved && !pump->store.held);
}

void pump_run(struct pump *pump)
{
	uint64_t begun = pump->moved;

	while (!turn_is_over(pump, pump->moved - begun)) {
		if (pump->store.held ? !drain(pump) : !fill(pump))
			break;
	}
	judge_turn(pump, pump->moved - begun);
}

short pump_wants_from(const struct pump *pump)
{
	return pump->done || pump->store.held ? 0 : POLLIN;
}

short pump_wants_to(const struct pump *pump)
{
	return !pump->done && pump->store.held ? POLLOUT : 0;
}

void pump_hurry(struct pump *pump)
{
	uint64_t moved = pump->moved;

	if (!pump->gathers || !pump_wants_from(pump))
		return;
	pump_run(pump);
	if (pump->moved - moved >= FULL || !pump->gathers)
		return;
	gather(pump, 1);
	pump->full_turns = 0;
}
