/* The redirect. The hard thing is its end: each direction ends by itself, so that a client that has said all still gets
 * the whole answer; and an end that was none, a reset, is passed on as one, or half a file would look whole. */
#include "builtin/redirect.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "builtin/connect.h"
#include "builtin/pump.h"
#include "builtin/wait.h"

#define CONNECT 30000                   /* milliseconds */
#define NEAR 50                         /* microseconds there and back: the same machine */
#define NEAR_BUFFER (512 << 10)
#define UNPACED "reno"                  /* which every kernel has, and every user may choose */

/* Who is on the same machine has no way between that could be full. Pacing, as BBR does it, only costs there, and so do
 * megabytes in the buffers: they have left the processor's cache before they are read. Who is farther off gets what
 * the kernel finds right. */
static void shorten_way(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);
	int size = NEAR_BUFFER;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 || length < sizeof(info) || !info.tcpi_rtt ||
	    info.tcpi_rtt > NEAR)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, UNPACED, sizeof(UNPACED) - 1);
}

/* A peer that vanished is noticed in time, and nothing small waits for more. */
static void set_options(int fd)
{
	int on = 1;

	fd_set_nonblocking(fd, true);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	shorten_way(fd);
}

/* Its end will be a reset. */
static void break_off(int fd)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

static void add_events(struct pollfd *one, int fd, short events)
{
	one->events = events;
	one->fd = events ? fd : -1;     /* who is waited for in no way would wake us by its end, again and again */
}

static bool gathers(const struct pump *pump)
{
	return pump->gathers && pump_wants_from(pump);
}

static bool wait_for_either(struct pump *in, struct pump *out)
{
	const struct timespec moment = { .tv_nsec = PUMP_GATHERS };
	struct pollfd both[2] = { { 0 } };
	int ready;

	add_events(&both[0], in->from, (short)(pump_wants_from(in) | pump_wants_to(out)));
	add_events(&both[1], in->to, (short)(pump_wants_to(in) | pump_wants_from(out)));
	ready = ppoll(both, 2, gathers(in) || gathers(out) ? &moment : NULL, NULL);
	if (ready == 0) {
		pump_hurry(in);
		pump_hurry(out);
	}
	return ready >= 0 || errno == EINTR;
}

/* From a side that was reset nothing more comes, and nothing reaches it. One that only takes nothing any more may have
 * said something before. */
static bool is_over(const struct pump *in, const struct pump *out)
{
	bool reset = (in->broken && !in->deaf) || (out->broken && !out->deaf);

	return reset || (in->done && out->done);
}

static void move(struct pump *in, struct pump *out)
{
	do {
		pump_run(in);
		pump_run(out);
	} while (!is_over(in, out) && wait_for_either(in, out));
	if (in->broken || out->broken) {
		break_off(in->from);
		break_off(in->to);
	}
}

static void report(int channel, uint64_t in, uint64_t out)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "in=%" PRIu64 " out=%" PRIu64 "\n", in, out);

	if (channel >= 0 && write(channel, text, (size_t)length) < 0)
		say("cannot report the traffic: %s", strerror(errno));
}

int redirect_converse(const struct settings *settings, int connection)
{
	int target = connect_to(settings->words[1], settings->words[2], connection, clock_ms() + CONNECT);
	struct pump in, out = { .store = { .pipe = { -1, -1 } } };
	bool ready;

	if (target < 0)
		return 1;
	set_options(connection);
	set_options(target);
	ready = pump_open(&in, connection, target) && pump_open(&out, target, connection);
	if (ready)
		move(&in, &out);
	else
		say("out of memory");
	report(settings->channel, in.moved, out.moved);
	pump_close(&in);
	pump_close(&out);
	fd_close(&target);
	return !ready;
}
