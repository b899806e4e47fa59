/* Looks up the host name of a client's address.
 *
 * The owner of an address may give it any name in the DNS. So a name counts only if it has the form of a host name, and
 * if its own addresses include the client's (forward-confirmed reverse DNS). */
#include "lookup/lookup.h"

bool lookup_address(int (*get_address)(int fd, struct sockaddr *address, socklen_t *length), int fd,
		    struct socket_address *end)
{
	end->length = sizeof(end->storage);
	if (get_address(fd, &end->any, &end->length) < 0)
		return false;
	socket_address_unmap(end);
	errno = EAFNOSUPPORT;
	return end->any.sa_family == AF_INET || end->any.sa_family == AF_INET6;
}

/* Letters, digits, hyphens, underscores and dots. One of them must be a letter, because rules would take a name that
 * looks like a number or an address for one. */
static bool is_host_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const char others[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

	return strpbrk(name, letters) && !name[strspn(name, others)] && *name != '.' && *name != '-';
}

static bool same_host(const struct socket_address *a, const struct sockaddr *other, socklen_t length)
{
	struct socket_address b = { .length = length };

	if (length > sizeof(b.storage))
		return false;
	memcpy(&b.storage, other, length);
	socket_address_unmap(&b);
	if (a->any.sa_family != b.any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b.in.sin_addr.s_addr;
	return !memcmp(&a->in6.sin6_addr, &b.in6.sin6_addr, sizeof(a->in6.sin6_addr));
}

static bool is_forward_confirmed(const char *name, const struct socket_address *peer)
{
	struct addrinfo hints = { .ai_family = peer->any.sa_family, .ai_socktype = SOCK_STREAM }, *list;
	bool found = false;

	if (getaddrinfo(name, NULL, &hints, &list) != 0)
		return false;
	for (const struct addrinfo *info = list; info && !found; info = info->ai_next)
		found = same_host(peer, info->ai_addr, info->ai_addrlen);
	freeaddrinfo(list);
	return found;
}

bool rdns_find(int fd, char name[RDNS_NAME_SIZE])
{
	struct socket_address peer;
	size_t length;

	if (!lookup_address(getpeername, fd, &peer) ||
	    getnameinfo(&peer.any, peer.length, name, RDNS_NAME_SIZE, NULL, 0, NI_NAMEREQD) != 0)
		return false;
	length = strlen(name);
	if (length > 1 && name[length - 1] == '.')
		name[length - 1] = '\0';
	return is_host_name(name) && is_forward_confirmed(name, &peer);
}
