/* A fresh socket of the same kind has the defaults to compare with. Sources: socket(7), tcp(7), ip(7), ipv6(7). */
#include "os/socket/carried_options.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "os/socket/socket_buffer.h"

#define VALUE_MOST 64                   /* bytes; the longest are a name of 16 and a timeval */

/* An option, and for which sockets it is. */
struct carried_option {
	int level, name;
	int type, protocol;             /* 0: any */
	bool halved;                    /* the kernel doubles what is set (SO_RCVBUF) */
};

static const struct carried_option carried[] = {
	{ SOL_SOCKET, SO_KEEPALIVE, 0, 0, false },
	{ SOL_SOCKET, SO_BROADCAST, 0, 0, false },
	{ SOL_SOCKET, SO_OOBINLINE, 0, 0, false },
	{ SOL_SOCKET, SO_LINGER, 0, 0, false },
	{ SOL_SOCKET, SO_RCVBUF, 0, 0, true },
	{ SOL_SOCKET, SO_SNDBUF, 0, 0, true },
	{ SOL_SOCKET, SO_RCVLOWAT, 0, 0, false },
	{ SOL_SOCKET, SO_RCVTIMEO, 0, 0, false },
	{ SOL_SOCKET, SO_SNDTIMEO, 0, 0, false },
	{ SOL_SOCKET, SO_TIMESTAMP, 0, 0, false },
	{ SOL_SOCKET, SO_PASSCRED, 0, 0, false },
	{ IPPROTO_TCP, TCP_NODELAY, 0, IPPROTO_TCP, false },
	{ IPPROTO_TCP, TCP_DEFER_ACCEPT, 0, IPPROTO_TCP, false },
	{ IPPROTO_TCP, TCP_FASTOPEN, 0, IPPROTO_TCP, false },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 0, IPPROTO_TCP, false },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 0, IPPROTO_TCP, false },
	{ IPPROTO_TCP, TCP_KEEPCNT, 0, IPPROTO_TCP, false },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, 0, IPPROTO_TCP, false },
	{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, 0, IPPROTO_TCP, false },
	{ IPPROTO_TCP, TCP_CONGESTION, 0, IPPROTO_TCP, false },
	{ IPPROTO_IP, IP_TOS, 0, 0, false },
	{ SOL_SOCKET, SO_PRIORITY, 0, 0, false },        /* behind IP_TOS, which sets it, too */
	{ IPPROTO_IP, IP_TTL, 0, 0, false },
	{ IPPROTO_IP, IP_PKTINFO, SOCK_DGRAM, 0, false },
	{ IPPROTO_IP, IP_RECVTTL, SOCK_DGRAM, 0, false },
	{ IPPROTO_IP, IP_RECVTOS, SOCK_DGRAM, 0, false },
	{ IPPROTO_IP, IP_RECVERR, SOCK_DGRAM, 0, false },
	{ IPPROTO_IP, IP_MTU_DISCOVER, SOCK_DGRAM, 0, false },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, 0, 0, false },
	{ IPPROTO_IPV6, IPV6_TCLASS, 0, 0, false },
	{ IPPROTO_IPV6, IPV6_RECVPKTINFO, SOCK_DGRAM, 0, false },
	{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, SOCK_DGRAM, 0, false },
	{ IPPROTO_IPV6, IPV6_RECVTCLASS, SOCK_DGRAM, 0, false },
	{ IPPROTO_IPV6, IPV6_RECVERR, SOCK_DGRAM, 0, false },
	{ IPPROTO_IPV6, IPV6_MTU_DISCOVER, SOCK_DGRAM, 0, false },
};

struct option_value {
	unsigned char bytes[VALUE_MOST];
	socklen_t length;
};

static bool get_value(int fd, const struct carried_option *option, struct option_value *value)
{
	memset(value, 0, sizeof(*value));
	value->length = sizeof(value->bytes);
	return getsockopt(fd, option->level, option->name, value->bytes, &value->length) == 0;
}

static bool is_equal(const struct option_value *a, const struct option_value *b)
{
	return a->length == b->length && !memcmp(a->bytes, b->bytes, a->length);
}

static bool set_value(int fd, const struct carried_option *option, struct option_value *value)
{
	int number;

	if (option->halved && value->length == sizeof(number)) {
		memcpy(&number, value->bytes, sizeof(number));
		number /= 2;
		memcpy(value->bytes, &number, sizeof(number));
	}
	return setsockopt(fd, option->level, option->name, value->bytes, value->length) == 0;
}

static int number_of(int fd, int name)
{
	socklen_t length = sizeof(int);
	int value = 0;

	return getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : 0;
}

static bool is_for(const struct carried_option *option, int domain, int type, int protocol)
{
	bool is_ip = option->level == IPPROTO_IP || option->level == IPPROTO_IPV6;

	return (!option->type || option->type == type) && (!option->protocol || option->protocol == protocol) &&
	       (!is_ip || domain == AF_INET6 || (domain == AF_INET && option->level == IPPROTO_IP));
}

int carried_options_set(int from, int listener)
{
	int domain = number_of(from, SO_DOMAIN), type = number_of(from, SO_TYPE);
	int protocol = number_of(from, SO_PROTOCOL);
	int fresh = socket(domain, type | SOCK_CLOEXEC, protocol), flags = fcntl(from, F_GETFL), failed = 0;
	struct option_value wanted, usual, now;

	for (size_t n = 0; fresh >= 0 && n < sizeof(carried) / sizeof(carried[0]); n++) {
		const struct carried_option *option = &carried[n];

		if (!is_for(option, domain, type, protocol) || !get_value(from, option, &wanted) ||
		    !get_value(fresh, option, &usual) || is_equal(&wanted, &usual))
			continue;
		if (get_value(listener, option, &now) && is_equal(&now, &usual))
			failed += !set_value(listener, option, &wanted);
	}
	if (fresh >= 0)
		close(fresh);
	if (flags < 0 || fd_set_nonblocking(listener, flags & O_NONBLOCK) < 0)
		failed++;
	return failed;
}

void carried_options_clear(int listener)
{
	int domain = number_of(listener, SO_DOMAIN), type = number_of(listener, SO_TYPE);
	int protocol = number_of(listener, SO_PROTOCOL), fresh = socket(domain, type | SOCK_CLOEXEC, protocol);
	struct option_value usual, now;
	struct buf unused = { 0 };

	for (size_t n = 0; fresh >= 0 && n < sizeof(carried) / sizeof(carried[0]); n++) {
		const struct carried_option *option = &carried[n];

		if (!is_for(option, domain, type, protocol) || !get_value(listener, option, &now) ||
		    !get_value(fresh, option, &usual) || is_equal(&now, &usual))
			continue;
		if (option->halved)
			socket_buffer_restore(listener, option->name == SO_RCVBUF ? BUFFER_RECEIVE : BUFFER_SEND,
					      &unused);
		else
			set_value(listener, option, &usual);
	}
	buf_free(&unused);
	if (fresh >= 0)
		close(fresh);
}
