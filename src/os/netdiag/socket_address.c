/* Endpoints as socket addresses. Their ends differ: a path ends with a NUL (unix(7)), but an abstract name ends by its
 * length alone, and one NUL more would be another name. */
#include "os/netdiag/netdiag.h"

#include <arpa/inet.h>
#include <net/if.h>

bool socket_form(const struct endpoint *endpoint, struct socket_form *form)
{
	static const struct socket_form forms[ENDPOINT_KINDS] = {
		[ENDPOINT_TCP] = { AF_INET6, SOCK_STREAM, IPPROTO_TCP },
		[ENDPOINT_UDP] = { AF_INET6, SOCK_DGRAM, IPPROTO_UDP },
		[ENDPOINT_SCTP] = { AF_INET6, SOCK_STREAM, IPPROTO_SCTP },
		[ENDPOINT_UNIX] = { AF_UNIX, SOCK_STREAM, 0 },
		[ENDPOINT_UNIX_DGRAM] = { AF_UNIX, SOCK_DGRAM, 0 },
		[ENDPOINT_SEQPACKET] = { AF_UNIX, SOCK_SEQPACKET, 0 },
		[ENDPOINT_NETLINK] = { AF_NETLINK, SOCK_RAW, 0 },
		[ENDPOINT_VSOCK] = { AF_VSOCK, SOCK_STREAM, 0 },
		[ENDPOINT_RAW] = { AF_INET6, SOCK_RAW, 0 },
	};

	if (endpoint->kind >= ENDPOINT_KINDS || !forms[endpoint->kind].domain)
		return false;
	*form = forms[endpoint->kind];
	if (endpoint->kind == ENDPOINT_NETLINK || endpoint->kind == ENDPOINT_RAW)
		form->protocol = (int)endpoint->number;
	return true;
}

int socket_address_family(const struct endpoint *endpoint)
{
	switch (endpoint->family) {
	case FAMILY_IPV4:
		return AF_INET;
	case FAMILY_IPV6:
		return AF_INET6;
	default:
		return AF_UNSPEC;
	}
}

bool socket_address_is_scoped(const struct endpoint *endpoint)
{
	struct in6_addr in6;

	return endpoint->address && inet_pton(AF_INET6, endpoint->address, &in6) == 1 && IN6_IS_ADDR_LINKLOCAL(&in6);
}

static bool inet_make(const struct endpoint *endpoint, int family, struct socket_address *address)
{
	void *host = &address->in6.sin6_addr;

	if (family == AF_INET) {
		address->in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(endpoint->port) };
		address->length = sizeof(address->in);
		host = &address->in.sin_addr;
	} else {
		address->in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(endpoint->port) };
		address->length = sizeof(address->in6);
	}
	if (endpoint->address && inet_pton(family, endpoint->address, host) != 1) {
		errno = EAFNOSUPPORT;
		return false;
	}
	if (family == AF_INET6 && endpoint->interface && socket_address_is_scoped(endpoint))
		address->in6.sin6_scope_id = if_nametoindex(endpoint->interface);
	return true;
}

bool socket_address_make(const struct endpoint *endpoint, int family, struct socket_address *address)
{
	*address = (struct socket_address){ .length = 0 };
	if (endpoint_is_inet(endpoint))
		return inet_make(endpoint, family, address);
	switch (endpoint->kind) {
	case ENDPOINT_UNIX:
	case ENDPOINT_UNIX_DGRAM:
	case ENDPOINT_SEQPACKET:
		return notify_address(endpoint->address, &address->un, &address->length);
	case ENDPOINT_VSOCK:
		address->vm = (struct sockaddr_vm){ .svm_family = AF_VSOCK, .svm_cid = endpoint->number,
						    .svm_port = endpoint->group };
		address->length = sizeof(address->vm);
		return true;
	case ENDPOINT_NETLINK:
		address->nl = (struct sockaddr_nl){ .nl_family = AF_NETLINK, .nl_groups = endpoint->group };
		address->length = sizeof(address->nl);
		return true;
	default:
		errno = EINVAL;
		return false;
	}
}

void socket_address_unmap(struct socket_address *address)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	if (address->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr))
		return;
	in.sin_port = address->in6.sin6_port;
	memcpy(&in.sin_addr, &address->in6.sin6_addr.s6_addr[12], sizeof(in.sin_addr));
	address->in = in;
	address->length = sizeof(in);
}

/* As inet_ntop(3), which glibc does by printf(3): a tenth of all that superd computes before it starts a client's
 * program. */
static void write_ipv4(const struct in_addr *address, char *out, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)&address->s_addr;
	char text[INET_ADDRSTRLEN + 1], *at = text + sizeof(text);

	*--at = '\0';
	for (int n = 3; n >= 0; n--) {
		at = number_digits(bytes[n], at);
		if (n)
			*--at = '.';
	}
	text_copy(out, size, at);
}

void socket_address_host(const struct socket_address *address, char *out, size_t size)
{
	const size_t head = offsetof(struct sockaddr_un, sun_path);
	size_t length = address->length > head ? address->length - head : 0;
	bool is_abstract = length && !address->un.sun_path[0];

	if (!size)
		return;
	out[0] = '\0';
	if (address->length < sizeof(sa_family_t))
		return;
	switch (address->any.sa_family) {
	case AF_INET:
		write_ipv4(&address->in.sin_addr, out, size);
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &address->in6.sin6_addr, out, (socklen_t)size);
		break;
	case AF_UNIX:
		snprintf(out, size, "%s%.*s", is_abstract ? "@" : "", (int)(length - is_abstract),
			 address->un.sun_path + is_abstract);
		break;
	case AF_VSOCK:
		snprintf(out, size, "vsock:%u", address->vm.svm_cid);
		break;
	}
}

int socket_address_port(const struct socket_address *address)
{
	if (address->length < sizeof(sa_family_t))
		return -1;
	switch (address->any.sa_family) {
	case AF_INET:
		return ntohs(address->in.sin_port);
	case AF_INET6:
		return ntohs(address->in6.sin6_port);
	case AF_VSOCK:
		return address->vm.svm_port <= INT_MAX ? (int)address->vm.svm_port : -1;
	default:
		return -1;
	}
}

bool socket_address_bytes(const struct socket_address *address, unsigned char bytes[16])
{
	memset(bytes, 0, 16);
	switch (address->length ? address->any.sa_family : AF_UNSPEC) {
	case AF_INET:
		bytes[10] = bytes[11] = 0xff;
		memcpy(bytes + 12, &address->in.sin_addr, 4);
		return true;
	case AF_INET6:
		memcpy(bytes, &address->in6.sin6_addr, 16);
		return true;
	default:
		return false;
	}
}

/* The two leading bytes keep numbers apart from every address that can arrive (100::/8 is discarded). */
bool socket_address_source(const struct socket_address *address, int fd, unsigned prefix, unsigned char source[16])
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (socket_address_bytes(address, source)) {
		if (address->any.sa_family == AF_INET || IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr))
			prefix = 128;
		for (unsigned bit = prefix; bit < 128; bit++)
			source[bit / 8] &= (unsigned char)~(0x80u >> bit % 8);
		return true;
	}
	source[0] = 0x01;
	switch (address->length ? address->any.sa_family : AF_UNSPEC) {
	case AF_UNIX:
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
			return false;
		source[1] = 'u';
		memcpy(source + 12, &peer.uid, sizeof(peer.uid));
		return true;
	case AF_VSOCK:
		source[1] = 'v';
		memcpy(source + 12, &address->vm.svm_cid, sizeof(address->vm.svm_cid));
		return true;
	default:
		return false;
	}
}
