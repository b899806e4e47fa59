/* Accepts clients. On Linux a connection inherits the listener's options, so accept4(2) is usually the only call.
 *
 * An error of accept4(2) may mean that this client is gone, that superd is short of descriptors or memory, or that the
 * listener is unusable, since a service that shares it may shut it down. */
#include "os/socket/socket.h"

#include "os/socket/internal.h"

#define DRAIN_READS_MOST 8              /* reads of a refused client's unread data */

enum accepted client_accept(int listener, const struct listen *listen, struct client *client)
{
	client->asks_mux = client->is_counted = false;
	client->peer.length = sizeof(client->peer.storage);
	client->fd = accept4(listener, &client->peer.any, &client->peer.length,
			     SOCK_CLOEXEC | (listen->options->non_blocking ? SOCK_NONBLOCK : 0));
	if (client->fd < 0) {
		client->peer.length = 0;
		switch (errno) {
		case EAGAIN:
			return ACCEPT_NOTHING;
		case EINTR:
		case ECONNABORTED: case ECONNREFUSED: case ECONNRESET: case EHOSTDOWN: case EHOSTUNREACH:
		case ENETDOWN: case ENETRESET: case ENETUNREACH: case ENONET: case ENOPROTOOPT: case ENOTCONN:
		case EOPNOTSUPP: case EPIPE: case EPROTO: case ESHUTDOWN: case ETIMEDOUT:
			return ACCEPT_AGAIN;
		case EBADF:
		case EINVAL:
		case ENOTSOCK:
			return ACCEPT_BROKEN;
		/* EMFILE, ENFILE, ENOBUFS, ENOMEM; EACCES, EPERM: a security module refuses. The client stays in the
		 * queue, which would go with the listener. */
		default:
			return ACCEPT_EXHAUSTED;
		}
	}
	/* A unix peer without a name has a family and nothing behind it. */
	if (client->peer.length <= sizeof(sa_family_t) && client->peer.length)
		client->peer.any.sa_family = AF_UNIX;
	socket_options_accepted(client->fd, listen);
	return ACCEPTED;
}

bool client_peek(int listener, struct client *client)
{
	ssize_t got;

	client->fd = -1;
	client->asks_mux = client->is_counted = false;
	client->peer.length = sizeof(client->peer.storage);
	got = recvfrom(listener, NULL, 0, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC, &client->peer.any,
		       &client->peer.length);
	if (got < 0)
		client->peer.length = 0;
	return got >= 0;
}

void client_shut_and_drain(const struct client *client)
{
	char unread[512];

	shutdown(client->fd, SHUT_WR);
	for (int n = 0; n < DRAIN_READS_MOST; n++) {
		if (recv(client->fd, unread, sizeof(unread), MSG_DONTWAIT) <= 0)
			break;
	}
}

/* The peer's address, an IPv4-mapped one as IPv4. */
static struct socket_address unmapped_peer(const struct client *client)
{
	struct socket_address address = client->peer;

	socket_address_unmap(&address);
	return address;
}

void client_address(const struct client *client, char *out, size_t size)
{
	struct socket_address address = unmapped_peer(client);

	socket_address_host(&address, out, size);
}

int client_port(const struct client *client)
{
	struct socket_address address = unmapped_peer(client);

	return socket_address_port(&address);
}

bool client_local(const struct client *client, char *out, size_t size, int *port)
{
	struct socket_address address = { .length = sizeof(address.storage) };

	if (client->fd < 0 || socket_int(client->fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP ||
	    getsockname(client->fd, &address.any, &address.length) < 0)
		return false;
	socket_address_unmap(&address);
	socket_address_host(&address, out, size);
	*port = socket_address_port(&address);
	return *port >= 0;
}

bool client_source(const struct client *client, unsigned prefix, unsigned char source[16])
{
	return socket_address_source(&client->peer, client->fd, prefix, source);
}

/* The name of a connection's instance. Source: systemd.socket(5), "Accept=". Scripts parse these names, so they follow
 * systemd's form exactly: an IPv6 address without brackets, a mapped one as IPv4. */

static void add_address(const struct socket_address *address, struct buf *out)
{
	char host[128];

	socket_address_host(address, host, sizeof(host));
	buf_addf(out, "%s:%d", host + (strncmp(host, "vsock:", 6) ? 0 : 6), socket_address_port(address));
}

void client_instance_name(const struct client *client, uint64_t number, char *out, size_t size)
{
	struct socket_address local = { .length = sizeof(local.storage) }, peer = unmapped_peer(client);
	struct buf name = { 0 };
	struct ucred unix_peer;
	socklen_t length = sizeof(unix_peer);

	buf_addf(&name, "%" PRIu64 "-%" PRIu64 "-", number, socket_id(client->fd));
	if (getsockname(client->fd, &local.any, &local.length) < 0 ||
	    (local.any.sa_family == AF_UNIX &&
	     getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &unix_peer, &length) < 0)) {
		buf_text(&name, "unknown");
	} else if (local.any.sa_family == AF_UNIX) {
		buf_addf(&name, "%ld-%lu", (long)unix_peer.pid, (unsigned long)unix_peer.uid);
	} else {
		socket_address_unmap(&local);
		add_address(&local, &name);
		buf_char(&name, '-');
		add_address(&peer, &name);
	}
	snprintf(out, size, "%s", buf_string(&name));
	buf_free(&name);
}
