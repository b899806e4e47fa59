/* Between an endpoint and the kernel's address of it, both ways. */
#pragma once

#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "config/endpoint/endpoint.h"

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

/* What socket(2) takes for a kind; AF_INET6 stands for both of the inet families. */
struct socket_form {
	int domain, type, protocol;
};

/* false: this kind is no socket (fifo, special) or superd serves none of it (rpc, tcpmux). */
bool socket_form(const struct endpoint *endpoint, struct socket_form *form);

/* The address to bind, of an endpoint whose names are resolved; family is AF_INET or AF_INET6
 * and ignored by other kinds. false and errno: EAFNOSUPPORT not of this family, ENAMETOOLONG,
 * EINVAL. */
bool socket_address_make(const struct endpoint *endpoint, int family, struct socket_address *address);

/* AF_INET or AF_INET6 where the endpoint says which, as every literal address does; AF_UNSPEC
 * where it leaves both open. */
int socket_address_family(const struct endpoint *endpoint);

/* Whether the address means nothing without its interface: a link-local one of IPv6. */
bool socket_address_is_scoped(const struct endpoint *endpoint);

/* An IPv4-mapped address becomes the IPv4 one. */
void socket_address_unmap(struct socket_address *address);

/* The host as text, "" where there is none. unix: the path, or @name. */
void socket_address_host(const struct socket_address *address, char *out, size_t size);
int socket_address_port(const struct socket_address *address);  /* -1: none */
