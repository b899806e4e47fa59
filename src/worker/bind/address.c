/* Compares what a program passes to bind(2) with superd's listeners. */
#include "worker/bind/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define PATH_START offsetof(struct sockaddr_un, sun_path)

void bind_address_normalize(struct socket_address *address)
{
	if (address->any.sa_family == AF_UNIX && address->length > PATH_START && address->un.sun_path[0])
		address->length =
			(socklen_t)(PATH_START + strnlen(address->un.sun_path, address->length - PATH_START));
	socket_address_unmap(address);
}

static bool read_address(struct socket_address *address, size_t length)
{
	switch (address->any.sa_family) {
	case AF_INET:
		if (length < sizeof(address->in))
			return false;
		address->length = sizeof(address->in);
		return true;
	case AF_INET6:
		if (length < 24)        /* SIN6_LEN_RFC2133, without the scope (the kernel's inet6_bind) */
			return false;
		address->length = sizeof(address->in6);
		return true;
	case AF_UNIX:
		if (length <= PATH_START || length > sizeof(address->un))
			return false;   /* a name of the kernel's choice, or too long */
		address->length = (socklen_t)length;
		return true;
	default:
		return false;
	}
}

bool bind_wish_read(struct bind_wish *wish, const void *bytes, size_t length)
{
	struct socket_address *address = &wish->address;

	memset(address, 0, sizeof(*address));
	if (length < sizeof(address->any.sa_family))
		return false;
	memcpy(&address->storage, bytes, length < sizeof(address->storage) ? length : sizeof(address->storage));
	/* Linux takes AF_UNSPEC with 0.0.0.0 for AF_INET (ip(7)). */
	if (wish->kind.domain == AF_INET && address->any.sa_family == AF_UNSPEC && !address->in.sin_addr.s_addr)
		address->any.sa_family = AF_INET;
	if (address->any.sa_family != wish->kind.domain || !read_address(address, length))
		return false;
	bind_address_normalize(address);
	return true;
}

static bool protocol_fits(const struct bind_kind *asked, const struct bind_kind *kind)
{
	int protocol = asked->protocol == IPPROTO_MPTCP ? IPPROTO_TCP : asked->protocol;

	return protocol == (kind->protocol == IPPROTO_MPTCP ? IPPROTO_TCP : kind->protocol);
}

static bool is_any(const struct socket_address *address)
{
	if (address->any.sa_family == AF_INET)
		return address->in.sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&address->in6.sin6_addr);
}

static bool is_same_host(const struct socket_address *a, const struct socket_address *b)
{
	if (a->any.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
}

/* Whether a socket of this kind at this address takes clients of both IP versions. */
static bool is_dual(const struct bind_kind *kind, const struct socket_address *address)
{
	return kind->domain == AF_INET6 && !kind->ipv6_only && address->any.sa_family == AF_INET6 && is_any(address);
}

static enum bind_fit inet_fit(const struct bind_wish *wish, const struct bind_kind *kind,
			      const struct socket_address *address)
{
	const struct socket_address *asked = &wish->address;
	bool wild = is_any(asked) || is_any(address);

	if (!asked->in.sin_port || asked->in.sin_port != address->in.sin_port)
		return FITS_NOT;        /* the port stands at one place in both families */
	if (asked->any.sa_family != address->any.sa_family)
		return is_dual(&wish->kind, asked) || is_dual(kind, address) ? FITS_OTHER_FAMILY : FITS_NOT;
	if (!wild && !is_same_host(asked, address))
		return FITS_NOT;
	if (wish->kind.domain != kind->domain)
		return FITS_OTHER_FAMILY;
	return is_any(asked) == is_any(address) && is_dual(&wish->kind, asked) == is_dual(kind, address)
		? FITS
		: FITS_WILDCARD;
}

static const char *base_of(const struct socket_address *address, size_t *length)
{
	const char *path = address->un.sun_path, *slash;
	size_t most = address->length - PATH_START;

	slash = memrchr(path, '/', most);
	*length = slash ? most - (size_t)(slash + 1 - path) : most;
	return slash ? slash + 1 : path;
}

static bool is_same_path(const struct bind_wish *wish, const struct socket_address *address, dev_t device, ino_t folder)
{
	size_t asked_length, length;
	const char *asked = base_of(&wish->address, &asked_length), *base = base_of(address, &length);

	return wish->folder && wish->device == device && wish->folder == folder && asked_length == length &&
	       !memcmp(asked, base, length);
}

static enum bind_fit unix_fit(const struct bind_wish *wish, const struct socket_address *address, dev_t device,
			      ino_t folder)
{
	const struct socket_address *asked = &wish->address;

	if (address->any.sa_family != AF_UNIX)
		return FITS_NOT;
	if (asked->length == address->length && !memcmp(&asked->un, &address->un, asked->length))
		return FITS;            /* by its text, whatever the program has for a root */
	if (!asked->un.sun_path[0] || !address->un.sun_path[0])
		return FITS_NOT;
	return is_same_path(wish, address, device, folder) ? FITS : FITS_NOT;
}

enum bind_fit bind_wish_fit(const struct bind_wish *wish, const struct bind_kind *kind,
			    const struct socket_address *address, dev_t device, ino_t folder)
{
	if (wish->kind.type != kind->type)
		return FITS_NOT;
	if (wish->kind.domain == AF_UNIX)
		return kind->domain == AF_UNIX ? unix_fit(wish, address, device, folder) : FITS_NOT;
	if (kind->domain == AF_UNIX || !protocol_fits(&wish->kind, kind) || address->any.sa_family == AF_UNIX)
		return FITS_NOT;
	return inet_fit(wish, kind, address);
}

/* ---- as text ---- */

static const char *prefix_of(const struct bind_kind *kind)
{
	if (kind->domain == AF_UNIX)
		return kind->type == SOCK_DGRAM ? "unix-dgram:" : kind->type == SOCK_SEQPACKET ? "seqpacket:" : "";
	if (kind->protocol == IPPROTO_SCTP)
		return "sctp:";
	return kind->type == SOCK_DGRAM ? "udp:" : kind->type == SOCK_STREAM ? "tcp:" : "raw:";
}

void bind_wish_format(const struct bind_wish *wish, char out[BIND_TEXT])
{
	char host[sizeof(wish->address.un.sun_path) + 2];

	socket_address_host(&wish->address, host, sizeof(host));
	if (wish->address.any.sa_family == AF_UNIX)
		snprintf(out, BIND_TEXT, "%s%s", prefix_of(&wish->kind), host);
	else
		snprintf(out, BIND_TEXT, wish->address.any.sa_family == AF_INET6 ? "%s[%s]:%d" : "%s%s:%d",
			 prefix_of(&wish->kind), host, socket_address_port(&wish->address));
	for (char *at = out; *at; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
}
