/* The small services over connections: echo, discard, chargen, daytime, time.
 *
 * A client that neither sends nor reads would keep its process for ever. So each connection ends after IDLE without a
 * byte, and after TOTAL in any case. */
#include "builtin/services.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "builtin/poll_deadline.h"
#include "builtin/text.h"
#include "lib/clock.h"

#define IDLE (INT64_C(5) * 60 * 1000)   /* milliseconds without a byte */
#define TOTAL (INT64_C(60) * 60 * 1000) /* milliseconds of a connection */
#define CHUNK (16 << 10)                /* bytes of one read */
#define DRAIN_TURNS 16                  /* reads in one call of discard_input */

/* The time until which the client may be silent, at most `end`. */
static int64_t idle_until(int64_t end)
{
	int64_t idle = clock_ms() + IDLE;

	return idle < end ? idle : end;
}

int echo_stream(const struct settings *settings, int connection)
{
	int64_t end = clock_ms() + TOTAL;
	char bytes[CHUNK];
	ssize_t got;

	(void)settings;
	while (clock_ms() < end && (got = recv_deadline(connection, bytes, sizeof(bytes), 0, idle_until(end))) > 0) {
		if (!send_deadline(connection, bytes, (size_t)got, idle_until(end)))
			break;
	}
	shutdown_and_drain(connection);
	return 0;
}

int discard_stream(const struct settings *settings, int connection)
{
	int64_t end = clock_ms() + TOTAL;
	char bytes[CHUNK];

	(void)settings;
	while (clock_ms() < end && recv_deadline(connection, bytes, sizeof(bytes), 0, idle_until(end)) > 0)
		continue;
	return 0;
}

/* Drops the client's data, as RFC 864 says. false: reading failed, as after a reset. */
static bool discard_input(int connection)
{
	char bytes[CHUNK];
	ssize_t got = sizeof(bytes);

	for (int n = 0; n < DRAIN_TURNS && got == sizeof(bytes); n++)
		got = recv(connection, bytes, sizeof(bytes), MSG_DONTWAIT);
	return got >= 0 || errno == EAGAIN || errno == EINTR;
}

/* A client that shuts down only its sending side still gets characters; only a reset ends that. */
int chargen_stream(const struct settings *settings, int connection)
{
	int64_t end = clock_ms() + TOTAL;
	char turn[CHARGEN_TURN];
	size_t length = chargen_fill(turn, settings->options.xinetd_text), at = 0;

	while (clock_ms() < end && poll_deadline(connection, POLLOUT, idle_until(end)) && discard_input(connection)) {
		ssize_t sent = send(connection, turn + at, length - at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			break;
		at = (at + (size_t)(sent < 0 ? 0 : sent)) % length;
	}
	return 0;
}

int daytime_stream(const struct settings *settings, int connection)
{
	char text[64];
	size_t length = daytime_text(time(NULL), settings->options.xinetd_text, text, sizeof(text));

	send_deadline(connection, text, length, clock_ms() + IDLE);
	shutdown_and_drain(connection);
	return 0;
}

int time_stream(const struct settings *settings, int connection)
{
	unsigned char bytes[4];

	(void)settings;
	time_bytes(time(NULL), bytes);
	send_deadline(connection, bytes, sizeof(bytes), clock_ms() + IDLE);
	shutdown_and_drain(connection);
	return 0;
}
