/* Writes headers of the PROXY protocol. A client of IPv4 at a socket for both families has a mapped address; the header
 * has it as IPv4. */
#include "builtin/proxy_header.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "builtin/sender.h"

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
