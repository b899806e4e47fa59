/* Converts between endpoints and the kernel's socket addresses. */
#pragma once

#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "table/endpoint/endpoint.h"

/* A socket address of any family, with its length. */
struct socket_address {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
		struct sockaddr_nl nl;
		struct sockaddr_storage storage;
	};
	socklen_t length;
};

/* The arguments of socket(2) for a kind of endpoint. AF_INET6 means both IP versions. */
struct socket_form {
	int domain, type, protocol;
};

/* Fills in the form. false: this kind is not a socket (fifo, special), or superd does not serve it (rpc, tcpmux). */
bool socket_form(const struct endpoint *endpoint, struct socket_form *form);

/* Makes the address to bind, for an endpoint whose names are resolved. family is AF_INET or AF_INET6; other kinds
 * ignore it. false and errno: EAFNOSUPPORT: the address is of another family; ENAMETOOLONG; EINVAL. */
bool socket_address_make(const struct endpoint *endpoint, int family, struct socket_address *address);

/* AF_INET or AF_INET6 if the endpoint names one, as every literal address does; AF_UNSPEC for both. */
int socket_address_family(const struct endpoint *endpoint);

/* Whether the address is valid only with an interface: a link-local IPv6 address. */
bool socket_address_is_scoped(const struct endpoint *endpoint);

/* Turns an IPv4-mapped address into the IPv4 address; leaves others alone. */
void socket_address_unmap(struct socket_address *address);

/* Writes the host as text, "" if there is none. unix: the path, or @name. */
void socket_address_host(const struct socket_address *address, char *out, size_t size);
int socket_address_port(const struct socket_address *address);  /* -1: none */
