/* Moves data in one direction. A relay that holds data waits only for the receiver, else only for the
 * sender, so the receiver slows the sender down.
 *
 * A turn goes on until a socket is not ready: with edges, no second one comes for what is left. A read that got less
 * than it asked for has emptied the socket. Only the end of the sender may still be in it (epoll(7)), or what follows
 * an urgent byte, at which a read stops (tcp(7)).
 *
 * Most of many connections are quiet at any moment, so a buffer has memory only while it holds bytes from one turn to
 * the next. */
#include "builtin/builtin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"

#define TURN (8 << 20)                  /* bytes at most in one turn */
#define FULL (64 << 10)                 /* bytes; behind a turn that moves as many, a pipe is used … */
#define TURN_TO_PIPE (256 << 10)        /* … or in a turn that has moved so many */
#define LOOPBACK_RTT_MOST 50            /* microseconds; a shorter round trip time is the same machine */
#define LOOPBACK_BUFFER (1 << 20)       /* bytes, SO_RCVBUF and SO_SNDBUF */
#define UNPACED "reno"                  /* TCP_CONGESTION; every kernel has it, and every user may choose it */
#define PIPE_ROOM (1 << 20)             /* bytes of a pipe */

/* ---- the buffer ---- */

static void buffer_close(struct relay_buffer *buffer)
{
	free(buffer->own);
	buffer->own = NULL;
	fd_close(&buffer->pipe[0]);
	fd_close(&buffer->pipe[1]);
}

/* At the end of a turn: the next connection uses the room. false and errno: out of memory. */
static bool buffer_keep(struct relay_buffer *buffer)
{
	if (!buffer->held || !buffer->in_room)
		return true;
	free(buffer->own);
	buffer->own = malloc(buffer->held);
	if (!buffer->own)
		return false;
	memcpy(buffer->own, buffer->bytes, buffer->held);
	buffer->bytes = buffer->own;
	buffer->in_room = false;
	return true;
}

/* Changes to a pipe. The buffer must be empty. A pipe of 16 pages, the default, would take as many system calls as
 * read(2) and write(2). F_SETPIPE_SZ (fcntl(2)) enlarges it, but the memory of all pipes of a user is limited
 * (pipe(7)): if 1 MiB is refused, a smaller pipe is used. Without a pipe, nothing changes. */
static void buffer_use_pipe(struct relay_buffer *buffer)
{
	if (buffer->pipe[0] >= 0 || fd_pipe(buffer->pipe) < 0)
		return;
	for (int size = PIPE_ROOM; size >= 256 << 10 && fcntl(buffer->pipe[0], F_SETPIPE_SZ, size) < 0; size /= 2)
		continue;
}

/* Reads without waiting. The buffer must be empty. Returns the number of bytes; 0: end of file; -1 and errno, EAGAIN if
 * there is nothing. With edges (EPOLLET) nothing else may end a turn, so a signal does not. */
static ssize_t buffer_fill(struct relay_buffer *buffer, int from)
{
	ssize_t got = (ssize_t)buffer->text_length;

	buffer->in_room = !buffer->text && buffer->pipe[0] < 0;
	buffer->bytes = buffer->text ? buffer->text : buffer->room;
	do {
		if (buffer->in_room)
			got = recv(from, buffer->room, BUFFER_ROOM, MSG_DONTWAIT);
		else if (!buffer->text)
			got = splice(from, NULL, buffer->pipe[1], NULL, PIPE_ROOM, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	} while (got < 0 && errno == EINTR);
	buffer->held = got > 0 ? (size_t)got : 0;
	return got;
}

/* Writes held bytes without waiting; to -1: drops them. Returns the number of bytes, or -1 and errno as buffer_fill. */
static ssize_t buffer_drain(struct relay_buffer *buffer, int to)
{
	ssize_t sent;

	do {
		if (to < 0)
			sent = (ssize_t)buffer->held;
		else if (buffer->pipe[0] >= 0)
			sent = splice(buffer->pipe[0], NULL, to, NULL, buffer->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
		else
			sent = send(to, buffer->bytes, buffer->held, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent > 0) {
		buffer->bytes += sent;
		buffer->held -= (size_t)sent;
	}
	return sent;
}

/* ---- one direction ---- */

void relay_open(struct relay *relay, int from, int to)
{
	*relay = (struct relay){ .from = from, .to = to, .buffer.pipe = { -1, -1 } };
}

void relay_close(struct relay *relay)
{
	buffer_close(&relay->buffer);
}

void relay_repeat(struct relay *relay, const char *text, size_t length)
{
	relay->buffer.text = text;
	relay->buffer.text_length = length;
	relay->done = relay->end_passed = false;
}

/* Whether the last error is the machine's own. What the other side or the network does is no news to an operator. */
static bool is_shortage(int error)
{
	return error == ENOMEM || error == ENOBUFS || error == EMFILE || error == ENFILE;
}

static void end_relay(struct relay *relay, bool broken)
{
	relay->done = true;
	relay->broken = broken;
}

static void break_relay(struct relay *relay, int error)
{
	if (is_shortage(error))
		builtin_log("a connection is reset: %s", strerror(error));
	end_relay(relay, true);
}

/* Receives, after `moved` bytes of this turn. false: no data is there now, or the direction has ended. */
static bool fill_relay(struct relay *relay, uint64_t moved)
{
	ssize_t got;

	if (relay->from >= 0 && relay->to >= 0 && (relay->is_busy || moved >= TURN_TO_PIPE))
		buffer_use_pipe(&relay->buffer);
	got = buffer_fill(&relay->buffer, relay->from);
	if (got > 0) {
		relay->waits = !relay->reads_all && relay->buffer.in_room && got < BUFFER_ROOM;
		return true;
	}
	if (got == 0) {
		end_relay(relay, false);
	} else if (errno == EAGAIN) {
		relay->waits = true;
	} else {
		break_relay(relay, errno);
	}
	return false;
}

/* Sends. false: the receiver accepts no more data now, or it is gone. It may have sent some before, so only the sender
 * is shut down then. After any other error both sides are reset: bytes are lost, and nothing would tell of it. */
static bool drain_relay(struct relay *relay)
{
	ssize_t sent = buffer_drain(&relay->buffer, relay->to);

	if (sent >= 0) {
		relay->moved += (uint64_t)sent;
		return true;
	}
	if (errno == EAGAIN) {
		relay->waits = true;
		return false;
	}
	relay->write_failed = !is_shortage(errno);
	if (relay->write_failed)
		shutdown(relay->from, SHUT_RD);
	break_relay(relay, errno);
	return false;
}

void relay_receiver_gone(struct relay *relay, bool reset)
{
	end_relay(relay, reset);
}

static bool turn_is_over(const struct relay *relay, uint64_t moved)
{
	return relay->done || moved >= TURN || (relay->waits && !relay->buffer.held);
}

void relay_run(struct relay *relay)
{
	uint64_t begun = relay->moved;

	relay->waits = false;
	while (!turn_is_over(relay, relay->moved - begun)) {
		if (relay->buffer.held ? !drain_relay(relay) : !fill_relay(relay, relay->moved - begun))
			break;
	}
	if (relay->moved > begun)
		relay->is_busy = relay->moved - begun >= FULL;
	if (!relay->buffer.held && !relay->is_busy)
		buffer_close(&relay->buffer);
	else if (!buffer_keep(&relay->buffer))
		break_relay(relay, errno);
}

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

/* Makes close(2) send a reset (socket(7), SO_LINGER). */
static void set_reset_on_close(int fd)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

/* Keepalive detects a peer that has vanished. Without Nagle's algorithm (TCP_NODELAY) small writes do not wait. */
void relay_prepare(int fd)
{
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void relay_prepare_target(int connection, int target)
{
	static const int options[] = { TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT };

	relay_prepare(target);
	for (size_t n = 0; n < sizeof(options) / sizeof(*options); n++) {
		int value;
		socklen_t length = sizeof(value);

		if (getsockopt(connection, IPPROTO_TCP, options[n], &value, &length) == 0)
			setsockopt(target, IPPROTO_TCP, options[n], &value, sizeof(value));
	}
}

/* close(2) follows if the other direction has ended, too. */
static void pass_end(struct relay *relay, const struct relay *other)
{
	if (!relay->done || relay->broken || relay->end_passed || other->done)
		return;
	shutdown(relay->to, SHUT_WR);
	relay->end_passed = true;
}

void relay_pass_ends(struct relay *in, struct relay *out)
{
	pass_end(in, out);
	pass_end(out, in);
}

bool relay_have_ended(const struct relay *in, const struct relay *out)
{
	bool reset = (in->broken && !in->write_failed) || (out->broken && !out->write_failed);

	return reset || (in->done && out->done);
}

void relay_tune_loopback(const struct relay *in, const struct relay *out, bool *tuned)
{
	if (*tuned || !(in->is_busy || out->is_busy))
		return;
	tune_for_loopback(in->from);
	tune_for_loopback(in->to);
	*tuned = true;
}

void relay_pass_reset(const struct relay *in, const struct relay *out)
{
	if (!in->broken && !out->broken)
		return;
	set_reset_on_close(in->from);
	set_reset_on_close(in->to);
}

/* ---- proxy header ----
 *
 * Writes headers of the PROXY protocol. A client of IPv4 at a socket for both families has a mapped address; the header
 * has it as IPv4. */

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n" /* of version 2, 12 bytes */
#define LOCAL 0x20                      /* version 2, command LOCAL */
#define PROXY 0x21                      /* version 2, command PROXY */
#define TCP4 0x11                       /* AF_INET, STREAM */
#define TCP6 0x21                       /* AF_INET6, STREAM */

/* One end of a connection. */
struct end {
	struct in6_addr address;        /* an IPv4 address is mapped */
	in_port_t port;                 /* network byte order */
};

static bool find_end(bool is_client, int fd, struct end *end)
{
	struct sender of = { .length = sizeof(of.address) };
	int status = is_client ? getpeername(fd, &of.address.any, &of.length)
			       : getsockname(fd, &of.address.any, &of.length);

	end->port = htons(sender_port(&of));
	return status == 0 && sender_bytes(&of, end->address.s6_addr);
}

static size_t write_text(bool known, bool v4, const struct end *client, const struct end *server,
			 char out[PROXY_HEADER_MOST])
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	int skip = v4 ? 12 : 0, length;

	if (!known)
		return (size_t)snprintf(out, PROXY_HEADER_MOST, "PROXY UNKNOWN\r\n");
	inet_ntop(v4 ? AF_INET : AF_INET6, client->address.s6_addr + skip, from, sizeof(from));
	inet_ntop(v4 ? AF_INET : AF_INET6, server->address.s6_addr + skip, to, sizeof(to));
	length = snprintf(out, PROXY_HEADER_MOST, "PROXY %s %s %s %u %u\r\n", v4 ? "TCP4" : "TCP6", from, to,
			  ntohs(client->port), ntohs(server->port));
	return (size_t)length;
}

static char *put_bytes(char *at, const void *bytes, size_t length)
{
	memcpy(at, bytes, length);
	return at + length;
}

static size_t write_binary(bool known, bool v4, const struct end *client, const struct end *server,
			   char out[PROXY_HEADER_MOST])
{
	size_t skip = v4 ? 12 : 0, size = 16 - skip;
	uint16_t length = htons(known ? (uint16_t)(2 * size + 4) : 0);
	char *at = put_bytes(out, SIGNATURE, 12);

	*at++ = known ? PROXY : LOCAL;
	*at++ = (char)(known ? (v4 ? TCP4 : TCP6) : 0);
	at = put_bytes(at, &length, sizeof(length));
	if (known) {
		at = put_bytes(at, client->address.s6_addr + skip, size);
		at = put_bytes(at, server->address.s6_addr + skip, size);
		at = put_bytes(at, &client->port, sizeof(client->port));
		at = put_bytes(at, &server->port, sizeof(server->port));
	}
	return (size_t)(at - out);
}

size_t proxy_header_write(unsigned version, int connection, char out[PROXY_HEADER_MOST])
{
	struct end client, server;
	bool known = connection >= 0 && find_end(true, connection, &client) && find_end(false, connection, &server);
	bool v4 = known && IN6_IS_ADDR_V4MAPPED(&client.address) && IN6_IS_ADDR_V4MAPPED(&server.address);

	return version == 1 ? write_text(known, v4, &client, &server, out)
			    : write_binary(known, v4, &client, &server, out);
}
