/* The name of a connection's instance. Source: systemd.socket(5), "Accept=". Scripts parse these names, so they follow
 * systemd's form exactly: an IPv6 address without brackets, a mapped one as IPv4. */
#include "os/socket/client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "os/netdiag/socket_address.h"
#include "os/proc/pidfd.h"

uint64_t client_cookie(const struct client *client)
{
	uint64_t cookie = 0;
	socklen_t length = sizeof(cookie);

	return getsockopt(client->fd, SOL_SOCKET, SO_COOKIE, &cookie, &length) < 0 ? 0 : cookie;
}

#ifndef SO_PEERPIDFD /* Linux 6.5; an older kernel refuses it */
#define SO_PEERPIDFD 77
#endif

static uint64_t peer_id(int fd)
{
	socklen_t length = sizeof(int);
	uint64_t id;
	int pidfd;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &length) < 0)
		return 0;
	id = pidfd_id(pidfd);
	close(pidfd);
	return id;
}

static void add_unix_peer(const struct client *client, struct buf *out)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);
	uint64_t id;

	if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) {
		buf_text(out, "unknown");
		return;
	}
	buf_addf(out, "%ld", (long)peer.pid);
	id = peer_id(client->fd);
	if (id)
		buf_addf(out, "_%" PRIu64, id);
	buf_addf(out, "-%lu", (unsigned long)peer.uid);
}

static void add_address(const struct socket_address *address, struct buf *out)
{
	char host[128];

	socket_address_host(address, host, sizeof(host));
	buf_addf(out, "%s:%d", host + (strncmp(host, "vsock:", 6) ? 0 : 6), socket_address_port(address));
}

static void add_addresses(const struct client *client, const struct socket_address *local, struct buf *out)
{
	struct socket_address peer = { .length = client->length };

	memcpy(&peer.storage, &client->peer.storage, sizeof(peer.storage));
	socket_address_unmap(&peer);
	add_address(local, out);
	buf_char(out, '-');
	add_address(&peer, out);
}

void client_instance_name(const struct client *client, uint64_t number, char *out, size_t size)
{
	struct socket_address local = { .length = sizeof(local.storage) };
	struct buf name = { 0 };

	buf_addf(&name, "%" PRIu64 "-%" PRIu64 "-", number, client_cookie(client));
	if (getsockname(client->fd, &local.any, &local.length) < 0) {
		buf_text(&name, "unknown");
	} else if (local.any.sa_family == AF_UNIX) {
		add_unix_peer(client, &name);
	} else {
		socket_address_unmap(&local);
		add_addresses(client, &local, &name);
	}
	snprintf(out, size, "%s", buf_string(&name));
	buf_free(&name);
}
