/* The redirect: connects to the target and moves data in both directions.
 *
 * Each direction ends by itself, so that a client that has shut down its sending side still gets the whole answer. A
 * reset is passed on as a reset, else the other side would take a part of a file for the whole. */
#include "helper/builtin/services.h"

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

#define CONNECT_TIMEOUT 30000           /* milliseconds */
#define LOOPBACK_RTT_MOST 50            /* microseconds; a shorter round trip time is the same machine */
#define LOOPBACK_BUFFER (1 << 20)       /* bytes, SO_RCVBUF and SO_SNDBUF */
#define UNPACED "reno"                  /* TCP_CONGESTION; every kernel has it, and every user may choose it */

/* Between processes of one machine no link can be congested. There pacing, as BBR does it, only costs time, and so do
 * buffers of many megabytes: the data has left the processor's cache before it is read. Other connections keep the
 * kernel's settings. */
static void tune_for_loopback(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);
	int size = LOOPBACK_BUFFER;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 || length < sizeof(info) || !info.tcpi_rtt ||
	    info.tcpi_rtt > LOOPBACK_RTT_MOST)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, UNPACED, sizeof(UNPACED) - 1);
}

/* Keepalive detects a peer that has vanished. Without Nagle's algorithm (TCP_NODELAY) small writes do not wait. */
static void set_tcp_options(int fd)
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
static void set_reset_on_close(int fd)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

static void set_events(struct pollfd *one, int fd, short events)
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

/* Whether the relay waits for data with SO_RCVLOWAT set. */
static bool is_gathering(const struct relay *relay)
{
	return relay->gathers && relay_events_from(relay);
}

/* Waits until either side is ready. false: a signal ends the process, or poll(2) failed. */
static bool wait_for_either(struct relay *in, struct relay *out, int sigterm)
{
	const struct timespec moment = { .tv_nsec = RELAY_GATHERS };
	struct pollfd all[3] = { { 0 }, { 0 }, { sigterm, POLLIN, 0 } };
	int ready;

	set_events(&all[0], in->from, (short)(relay_events_from(in) | relay_events_to(out)));
	watch_gone(&all[0], in, out);
	set_events(&all[1], in->to, (short)(relay_events_to(in) | relay_events_from(out)));
	ready = ppoll(all, 3, is_gathering(in) || is_gathering(out) ? &moment : NULL, NULL);
	if (ready == 0) {
		relay_stop_gathering(in);
		relay_stop_gathering(out);
	}
	if (ready > 0 && !all[0].events && all[0].revents)
		relay_receiver_gone(out, all[0].revents & POLLERR);
	return (ready >= 0 && !all[2].revents) || (ready < 0 && errno == EINTR);
}

/* Whether both directions have ended, or a side was reset. A side that refuses data may have sent some before, which
 * still has to be moved. */
static bool has_ended(const struct relay *in, const struct relay *out)
{
	bool reset = (in->broken && !in->write_failed) || (out->broken && !out->write_failed);

	return reset || (in->done && out->done);
}

/* Only a connection that has moved much is worth the system calls. */
static void tune_busy_loopback(const struct relay *in, const struct relay *out, bool *tuned)
{
	if (*tuned || !(in->full_turns || out->full_turns))
		return;
	tune_for_loopback(in->from);
	tune_for_loopback(in->to);
	*tuned = true;
}

/* Moves data until both directions end. false: a signal ended it early. */
static bool relay_both(struct relay *in, struct relay *out, int sigterm)
{
	bool over, tuned = false;

	do {
		relay_run(in);
		relay_run(out);
		tune_busy_loopback(in, out, &tuned);
		over = has_ended(in, out);
	} while (!over && wait_for_either(in, out, sigterm));
	if (in->broken || out->broken) {
		set_reset_on_close(in->from);
		set_reset_on_close(in->to);
	}
	return over;
}

/* Reports the traffic to superd. false: that failed. A superd that has gone meanwhile needs no report. */
static bool report_traffic(int channel, uint64_t in, uint64_t out, bool rests)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "in=%" PRIu64 " out=%" PRIu64 "%s\n", in, out, rests ? " rests" : "");

	if (channel < 0 || write(channel, text, (size_t)length) >= 0)
		return true;
	if (errno == EPIPE || errno == ECONNRESET)
		return true;
	builtin_log("cannot report the traffic: %s", strerror(errno));
	return false;
}

/* Moves data until the connection ends, and reports it. Returns the exit status. */
static int relay_connection(const struct settings *settings, int connection, int target)
{
	struct relay in, out = { .buffer = { .pipe = { -1, -1 } } };
	int sigterm = sigterm_watch();
	bool over = false, reported;

	if (relay_open(&in, connection, target) && relay_open(&out, target, connection))
		over = relay_both(&in, &out, sigterm);
	else
		builtin_log("out of memory");
	relay_close(&in);
	relay_close(&out);
	reported = report_traffic(settings->channel, in.moved, out.moved, over && settings->rests);
	sigterm_obey(sigterm);
	return !(over && reported);
}

int redirect_stream(const struct settings *settings, int connection)
{
	int target = connect_to(settings->words[1], settings->words[2], connection, clock_ms() + CONNECT_TIMEOUT);
	int status;

	if (target < 0)
		return 1;
	fd_set_nonblocking(connection, true);
	set_tcp_options(connection);
	set_tcp_options(target);
	copy_keep_alive(connection, target);
	status = relay_connection(settings, connection, target);
	fd_close(&target);
	return status;
}
