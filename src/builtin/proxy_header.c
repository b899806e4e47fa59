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

static bool find_end(int (*name)(int fd, struct sockaddr *address, socklen_t *length), int fd, struct end *end)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	} of = { .any.sa_family = AF_UNSPEC };
	socklen_t length = sizeof(of);

	memset(end, 0, sizeof(*end));
	if (name(fd, &of.any, &length) < 0)
		return false;
	if (of.any.sa_family == AF_INET6) {
		end->address = of.in6.sin6_addr;
		end->port = of.in6.sin6_port;
		return true;
	}
	end->address.s6_addr[10] = end->address.s6_addr[11] = 0xff;
	memcpy(&end->address.s6_addr[12], &of.in.sin_addr, 4);
	end->port = of.in.sin_port;
	return of.any.sa_family == AF_INET;
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

static int peer_name(int fd, struct sockaddr *address, socklen_t *length)
{
	return getpeername(fd, address, length);
}

static int own_name(int fd, struct sockaddr *address, socklen_t *length)
{
	return getsockname(fd, address, length);
}

size_t proxy_header_write(unsigned version, int connection, char out[PROXY_HEADER_MOST])
{
	struct end client, server;
	bool known = connection >= 0 && find_end(peer_name, connection, &client) &&
		     find_end(own_name, connection, &server);
	bool v4 = known && IN6_IS_ADDR_V4MAPPED(&client.address) && IN6_IS_ADDR_V4MAPPED(&server.address);

	return version == 1 ? write_text(known, v4, &client, &server, out)
			    : write_binary(known, v4, &client, &server, out);
}
