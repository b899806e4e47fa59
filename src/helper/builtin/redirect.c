/* The redirect: connects to the target and moves data in both directions.
 *
 * Each direction ends by itself, so that a client that has shut down its sending side still gets the whole answer.
 * A reset on one side is passed on as a reset, as the other side would otherwise take a part of a file for the
 * whole. */
#include "helper/builtin/redirect.h"

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

#include "base/clock.h"
#include "base/fd.h"
#include "helper/builtin/connect.h"
#include "helper/builtin/poll_deadline.h"
#include "helper/builtin/relay.h"
#include "helper/builtin/sigterm.h"

#define CONNECT 30000                   /* milliseconds */
#define NEAR 50                         /* microseconds there and back: the same machine */
#define NEAR_BUFFER (1 << 20)
#define UNPACED "reno"                  /* which every kernel has, and every user may choose */

/* Between processes of one machine no link can be congested. Pacing, as BBR does it, only costs there, and so do
 * buffers of many megabytes: the data has left the processor's cache before it is read. Other connections keep the
 * kernel's settings. */
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

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* Copies the client's keepalive settings (keep_alive_time and its like) to the target. */
static void copy_keep_alive(int connection, int target)
{
	static const int options[] = { TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT };

	for (size_t n = 0; n < sizeof(options) / sizeof(options[0]); n++) {
		int value;
		socklen_t length = sizeof(value);

		if (getsockopt(connection, IPPROTO_TCP, options[n], &value, &length) == 0)
			setsockopt(target, IPPROTO_TCP, options[n], &value, sizeof(value));
	}
}

/* Makes close(2) send a reset (socket(7), SO_LINGER). */
static void break_off(int fd)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

static void add_events(struct pollfd *one, int fd, short events)
{
	one->events = events;
	one->fd = events ? fd : -1;     /* poll(2) would report POLLHUP again and again, even without events */
}

/* Watches a client that has shut down its sending side: it may still go away, while the target may never send
 * anything. Without events poll(2) reports only POLLHUP and POLLERR. */
static void watch_gone(struct pollfd *client, const struct relay *in, const struct relay *out)
{
	if (in->done && !out->done)
		client->fd = in->from;
}

static bool gathers(const struct relay *relay)
{
	return relay->gathers && relay_wants_from(relay);
}

/* Waits for either side. false: a signal asks the process to end, or poll(2) failed. */
static bool wait_for_either(struct relay *in, struct relay *out, int sigterm)
{
	const struct timespec moment = { .tv_nsec = RELAY_GATHERS };
	struct pollfd all[3] = { { 0 }, { 0 }, { sigterm, POLLIN, 0 } };
	int ready;

	add_events(&all[0], in->from, (short)(relay_wants_from(in) | relay_wants_to(out)));
	watch_gone(&all[0], in, out);
	add_events(&all[1], in->to, (short)(relay_wants_to(in) | relay_wants_from(out)));
	ready = ppoll(all, 3, gathers(in) || gathers(out) ? &moment : NULL, NULL);
	if (ready == 0) {
		relay_hurry(in);
		relay_hurry(out);
	}
	if (ready > 0 && !all[0].events && all[0].revents)
		relay_lose(out, all[0].revents & POLLERR);
	return (ready >= 0 && !all[2].revents) || (ready < 0 && errno == EINTR);
}

/* Whether both directions have ended, or a side was reset. A side that only refuses data may have sent some
 * before, which still has to be moved. */
static bool is_over(const struct relay *in, const struct relay *out)
{
	bool reset = (in->broken && !in->write_failed) || (out->broken && !out->write_failed);

	return reset || (in->done && out->done);
}

/* Only a connection that has moved much is worth the system calls. */
static void shorten_busy_way(const struct relay *in, const struct relay *out, bool *shortened)
{
	if (*shortened || !(in->full_turns || out->full_turns))
		return;
	shorten_way(in->from);
	shorten_way(in->to);
	*shortened = true;
}

/* Moves data until both directions end. false: a signal ended it early. */
static bool move(struct relay *in, struct relay *out, int sigterm)
{
	bool over, shortened = false;

	do {
		relay_run(in);
		relay_run(out);
		shorten_busy_way(in, out, &shortened);
		over = is_over(in, out);
	} while (!over && wait_for_either(in, out, sigterm));
	if (in->broken || out->broken) {
		break_off(in->from);
		break_off(in->to);
	}
	return over;
}

/* Reports the traffic to superd. false: that failed. A superd that has gone meanwhile needs no report. */
static bool report(int channel, uint64_t in, uint64_t out, bool rests)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "in=%" PRIu64 " out=%" PRIu64 "%s\n", in, out, rests ? " rests" : "");

	if (channel < 0 || write(channel, text, (size_t)length) >= 0)
		return true;
	if (errno == EPIPE || errno == ECONNRESET)
		return true;
	say("cannot report the traffic: %s", strerror(errno));
	return false;
}

/* The exit status. */
static int pass_on(const struct settings *settings, int connection, int target)
{
	struct relay in, out = { .buffer = { .pipe = { -1, -1 } } };
	int sigterm = sigterm_watch();
	bool over = false, told;

	if (relay_open(&in, connection, target) && relay_open(&out, target, connection))
		over = move(&in, &out, sigterm);
	else
		say("out of memory");
	relay_close(&in);
	relay_close(&out);
	told = report(settings->channel, in.moved, out.moved, over && settings->rests);
	sigterm_obey(sigterm);
	return !(over && told);
}

int redirect_converse(const struct settings *settings, int connection)
{
	int target = connect_to(settings->words[1], settings->words[2], connection, clock_ms() + CONNECT), status;

	if (target < 0)
		return 1;
	fd_set_nonblocking(connection, true);
	set_options(connection);
	set_options(target);
	copy_keep_alive(connection, target);
	status = pass_on(settings, connection, target);
	fd_close(&target);
	return status;
}
