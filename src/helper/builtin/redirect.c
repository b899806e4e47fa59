/* The redirect: connects to the target and moves data in both directions.
 *
 * Each direction ends by itself, so that a client that has shut down its sending side still gets the whole answer. A
 * reset is passed on as a reset, else the other side would take a part of a file for the whole. */
#include "helper/builtin/services.h"

#include <errno.h>
#include <inttypes.h>
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
#include "helper/builtin/proxy_header.h"
#include "helper/builtin/relay.h"
#include "helper/builtin/sigterm.h"

#define CONNECT_TIMEOUT 30000           /* milliseconds */

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

/* Runs a direction whose sender has something, or whose receiver takes what is held. */
static void run_ready(struct relay *relay, int from, int to)
{
	if (!(relay->buffer.held ? to & ~(POLLIN | POLLRDHUP) : from & ~POLLOUT))
		return;
	relay->reads_all |= !relay->buffer.held && (from & (POLLRDHUP | POLLHUP | POLLERR));
	relay_run(relay);
}

/* Waits until either side is ready, and moves data; ends both directions after `idle` milliseconds without, if that is
 * not 0. false: a signal ends the process, or poll(2) failed. */
static bool relay_ready(struct relay *in, struct relay *out, int sigterm, int64_t idle)
{
	const struct timespec moment = { .tv_nsec = RELAY_GATHERS };
	const struct timespec long_time = { idle / 1000, idle % 1000 * 1000000 };
	bool gathers = is_gathering(in) || is_gathering(out);
	struct pollfd all[3] = { { 0 }, { 0 }, { sigterm, POLLIN, 0 } };
	int ready;

	set_events(&all[0], in->from, (short)(relay_events_from(in) | relay_events_to(out)));
	watch_gone(&all[0], in, out);
	set_events(&all[1], in->to, (short)(relay_events_to(in) | relay_events_from(out)));
	ready = ppoll(all, 3, gathers ? &moment : idle ? &long_time : NULL, NULL);
	if (ready == 0 && gathers) {
		relay_stop_gathering(in);
		relay_stop_gathering(out);
	} else if (ready == 0) {
		relay_receiver_gone(in, false);
		relay_receiver_gone(out, false);
	}
	if (ready > 0 && !all[0].events && all[0].revents)
		relay_receiver_gone(out, all[0].revents & POLLERR);
	if (ready > 0) {
		run_ready(in, all[0].revents, all[1].revents);
		run_ready(out, all[1].revents, all[0].revents);
	}
	return (ready >= 0 && !all[2].revents) || (ready < 0 && errno == EINTR);
}

/* Moves data until both directions end. false: a signal ended it early. */
static bool relay_both(struct relay *in, struct relay *out, int sigterm, int64_t idle)
{
	bool tuned = false;

	while (!relay_have_ended(in, out)) {
		if (!relay_ready(in, out, sigterm, idle))
			break;
		relay_pass_ends(in, out);
		relay_tune_loopback(in, out, &tuned);
	}
	relay_pass_reset(in, out);
	return relay_have_ended(in, out);
}

/* Sends a line to superd. false: that failed. A superd that has gone meanwhile needs no report. */
static bool send_report(int channel, const char *text)
{
	if (channel < 0 || write(channel, text, strlen(text)) >= 0)
		return true;
	if (errno == EPIPE || errno == ECONNRESET)
		return true;
	builtin_log("cannot report to superd: %s", strerror(errno));
	return false;
}

static bool report_traffic(int channel, uint64_t in, uint64_t out, bool rests)
{
	char text[64];

	snprintf(text, sizeof(text), "in=%" PRIu64 " out=%" PRIu64 "%s\n", in, out, rests ? " rests" : "");
	return send_report(channel, text);
}

/* An earlier superd passes over the first line, and takes the connection for one without traffic. */
static bool report_failure(int channel)
{
	return send_report(channel, "failed\n") && report_traffic(channel, 0, 0, true);
}

/* Moves data until the connection ends, and reports it. Returns the exit status. */
static int relay_connection(const struct settings *settings, int connection, int target)
{
	struct relay in, out;
	int sigterm = sigterm_watch();
	bool over, reported;

	relay_open(&in, connection, target);
	relay_open(&out, target, connection);
	over = relay_both(&in, &out, sigterm, settings->idle_timeout);
	relay_close(&in);
	relay_close(&out);
	reported = report_traffic(settings->channel, in.moved, out.moved, over && settings->rests);
	sigterm_obey(sigterm);
	return !(over && reported);
}

int redirect_stream(const struct settings *settings, int connection)
{
	int target = connect_to(settings->words[1], settings->words[2], connection, clock_ms() + CONNECT_TIMEOUT);
	char header[PROXY_HEADER_MOST];
	int status;

	if (target < 0)
		return settings->rests && report_failure(settings->channel) ? STREAM_REPORTED : 1;
	if (settings->proxy)            /* it fits into the empty buffer of the new socket */
		send(target, header, proxy_header_write(settings->proxy, connection, header), MSG_NOSIGNAL);
	relay_prepare(connection, target);
	status = relay_connection(settings, connection, target);
	fd_close(&target);
	return status;
}
