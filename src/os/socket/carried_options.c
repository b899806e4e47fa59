/* A fresh socket of the same kind has the defaults to compare with. Sources: socket(7), tcp(7), ip(7), ipv6(7),
 * udp(7). */
#include "os/socket/carried_options.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/socket/socket_buffer.h"

#define VALUE_MOST 64                   /* bytes; the longest are a name of 16 and a timeval */

/* What becomes of an option. */
enum carriage {
	CARRIED,
	CARRIED_HALVED,                 /* the kernel doubles what is set (SO_RCVBUF) */
	CARRIED_UNTIL_ZERO,             /* the value 0 gives the kernel's default again */
	LEFT,                           /* it stays behind: the table has it, or it cannot be cleared */
	LEFT_UNCONFINED,                /* the same, and the program meant it to keep clients away */
};

/* An option, and for which sockets it is. */
struct carried_option {
	const char *text;
	int level, name;
	int type, protocol;             /* 0: any */
	enum carriage carriage;
	const char *directive;          /* of the table; NULL: there is none */
};

#define OF_SOCKETS(name) #name, SOL_SOCKET, name, 0, 0
#define OF_TCP(name) #name, IPPROTO_TCP, name, 0, IPPROTO_TCP
#define OF_UDP(name) #name, IPPROTO_UDP, name, 0, IPPROTO_UDP
#define OF_IP(name) #name, IPPROTO_IP, name, 0, 0
#define OF_IP_DATAGRAMS(name) #name, IPPROTO_IP, name, SOCK_DGRAM, 0
#define OF_IPV6(name) #name, IPPROTO_IPV6, name, 0, 0
#define OF_IPV6_DATAGRAMS(name) #name, IPPROTO_IPV6, name, SOCK_DGRAM, 0

/* SO_REUSEADDR, IP_FREEBIND and others are for the bind(2) alone. TCP_SYNCNT of a listener is how often it sends a
 * SYN-ACK; no value gives that its default again (do_tcp_setsockopt, reqsk_timer_handler of the kernel). */
static const struct carried_option carried[] = {
	{ OF_SOCKETS(SO_BINDTODEVICE), LEFT_UNCONFINED, "bind_to_device" },
	{ OF_SOCKETS(SO_KEEPALIVE), CARRIED, NULL },
	{ OF_SOCKETS(SO_BROADCAST), CARRIED, NULL },
	{ OF_SOCKETS(SO_OOBINLINE), CARRIED, NULL },
	{ OF_SOCKETS(SO_LINGER), CARRIED, NULL },
	{ OF_SOCKETS(SO_RCVBUF), CARRIED_HALVED, "receive_buffer" },
	{ OF_SOCKETS(SO_SNDBUF), CARRIED_HALVED, "send_buffer" },
	{ OF_SOCKETS(SO_RCVLOWAT), CARRIED, NULL },
	{ OF_SOCKETS(SO_RCVTIMEO), CARRIED, NULL },
	{ OF_SOCKETS(SO_SNDTIMEO), CARRIED, NULL },
	{ OF_SOCKETS(SO_TIMESTAMP), CARRIED, NULL },
	{ OF_SOCKETS(SO_TIMESTAMPNS), CARRIED, NULL },
	{ OF_SOCKETS(SO_TIMESTAMPING), CARRIED, NULL },
	{ OF_SOCKETS(SO_PASSCRED), CARRIED, NULL },
	{ OF_SOCKETS(SO_PASSSEC), CARRIED, NULL },
	{ OF_SOCKETS(SO_MARK), CARRIED, "mark" },
	{ OF_SOCKETS(SO_DONTROUTE), CARRIED, NULL },
	{ OF_SOCKETS(SO_PEEK_OFF), CARRIED, NULL },
	{ OF_SOCKETS(SO_RXQ_OVFL), CARRIED, NULL },
	{ OF_SOCKETS(SO_SELECT_ERR_QUEUE), CARRIED, NULL },
	{ OF_SOCKETS(SO_NO_CHECK), CARRIED, NULL },
	{ OF_SOCKETS(SO_MAX_PACING_RATE), CARRIED, NULL },
	{ OF_SOCKETS(SO_BUSY_POLL), CARRIED, NULL },
	{ OF_SOCKETS(SO_ZEROCOPY), CARRIED, NULL },
	{ OF_SOCKETS(SO_TXTIME), LEFT, NULL },
	{ OF_SOCKETS(SO_INCOMING_CPU), LEFT, NULL },
	{ OF_TCP(TCP_NODELAY), CARRIED, NULL },
	{ OF_TCP(TCP_CORK), CARRIED, NULL },
	{ OF_TCP(TCP_MAXSEG), CARRIED_UNTIL_ZERO, NULL },
	{ OF_TCP(TCP_LINGER2), CARRIED_UNTIL_ZERO, NULL },
	{ OF_TCP(TCP_SYNCNT), LEFT, NULL },
	{ OF_TCP(TCP_WINDOW_CLAMP), LEFT, NULL },
	{ OF_TCP(TCP_DEFER_ACCEPT), CARRIED, NULL },
	{ OF_TCP(TCP_FASTOPEN), CARRIED, NULL },
	{ OF_TCP(TCP_FASTOPEN_NO_COOKIE), CARRIED, NULL },
	{ OF_TCP(TCP_SAVE_SYN), CARRIED, NULL },
	{ OF_TCP(TCP_KEEPIDLE), CARRIED, NULL },
	{ OF_TCP(TCP_KEEPINTVL), CARRIED, NULL },
	{ OF_TCP(TCP_KEEPCNT), CARRIED, NULL },
	{ OF_TCP(TCP_USER_TIMEOUT), CARRIED, NULL },
	{ OF_TCP(TCP_THIN_LINEAR_TIMEOUTS), CARRIED, NULL },
	{ OF_TCP(TCP_NOTSENT_LOWAT), CARRIED, NULL },
	{ OF_TCP(TCP_CONGESTION), CARRIED, NULL },
	{ OF_UDP(UDP_SEGMENT), CARRIED, NULL },
	{ OF_UDP(UDP_GRO), CARRIED, NULL },
	{ OF_UDP(UDP_NO_CHECK6_TX), CARRIED, NULL },
	{ OF_UDP(UDP_NO_CHECK6_RX), CARRIED, NULL },
	{ OF_UDP(UDP_ENCAP), LEFT, NULL },
	{ OF_IP(IP_TOS), CARRIED, NULL },
	{ OF_SOCKETS(SO_PRIORITY), CARRIED, "priority" },        /* behind IP_TOS, which sets it, too */
	{ OF_IP(IP_TTL), CARRIED, NULL },
	{ OF_IP(IP_MINTTL), CARRIED, NULL },
	{ OF_IP(IP_MTU_DISCOVER), CARRIED, NULL },
	{ OF_IP(IP_TRANSPARENT), LEFT, "transparent" },
	{ OF_IP_DATAGRAMS(IP_PKTINFO), CARRIED, NULL },
	{ OF_IP_DATAGRAMS(IP_RECVTTL), CARRIED, NULL },
	{ OF_IP_DATAGRAMS(IP_RECVTOS), CARRIED, NULL },
	{ OF_IP_DATAGRAMS(IP_RECVERR), CARRIED, NULL },
	{ OF_IP_DATAGRAMS(IP_RECVOPTS), CARRIED, NULL },
	{ OF_IP_DATAGRAMS(IP_RETOPTS), CARRIED, NULL },
	{ OF_IP_DATAGRAMS(IP_RECVORIGDSTADDR), CARRIED, NULL },
	{ OF_IP_DATAGRAMS(IP_UNICAST_IF), CARRIED, NULL },
	{ OF_IP_DATAGRAMS(IP_MULTICAST_IF), CARRIED, NULL },
	{ OF_IP_DATAGRAMS(IP_MULTICAST_TTL), CARRIED, NULL },
	{ OF_IP_DATAGRAMS(IP_MULTICAST_LOOP), CARRIED, NULL },
	{ OF_IP_DATAGRAMS(IP_MULTICAST_ALL), CARRIED, NULL },
	{ OF_IPV6(IPV6_UNICAST_HOPS), CARRIED, NULL },
	{ OF_IPV6(IPV6_TCLASS), CARRIED, NULL },
	{ OF_IPV6(IPV6_MINHOPCOUNT), CARRIED, NULL },
	{ OF_IPV6(IPV6_MTU_DISCOVER), CARRIED, NULL },
	{ OF_IPV6(IPV6_TRANSPARENT), LEFT, "transparent" },
	{ OF_IPV6_DATAGRAMS(IPV6_RECVPKTINFO), CARRIED, NULL },
	{ OF_IPV6_DATAGRAMS(IPV6_RECVHOPLIMIT), CARRIED, NULL },
	{ OF_IPV6_DATAGRAMS(IPV6_RECVTCLASS), CARRIED, NULL },
	{ OF_IPV6_DATAGRAMS(IPV6_RECVERR), CARRIED, NULL },
	{ OF_IPV6_DATAGRAMS(IPV6_RECVHOPOPTS), CARRIED, NULL },
	{ OF_IPV6_DATAGRAMS(IPV6_RECVRTHDR), CARRIED, NULL },
	{ OF_IPV6_DATAGRAMS(IPV6_RECVDSTOPTS), CARRIED, NULL },
	{ OF_IPV6_DATAGRAMS(IPV6_RECVPATHMTU), CARRIED, NULL },
	{ OF_IPV6_DATAGRAMS(IPV6_RECVORIGDSTADDR), CARRIED, NULL },
	{ OF_IPV6_DATAGRAMS(IPV6_DONTFRAG), CARRIED, NULL },
	{ OF_IPV6_DATAGRAMS(IPV6_UNICAST_IF), CARRIED, NULL },
	{ OF_IPV6_DATAGRAMS(IPV6_MULTICAST_IF), CARRIED, NULL },
	{ OF_IPV6_DATAGRAMS(IPV6_MULTICAST_HOPS), CARRIED, NULL },
	{ OF_IPV6_DATAGRAMS(IPV6_MULTICAST_LOOP), CARRIED, NULL },
};

#define CARRIED_COUNT (sizeof(carried) / sizeof(carried[0]))

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

	if (option->carriage == CARRIED_HALVED && value->length == sizeof(number)) {
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

/* ---- what is left behind ---- */

static void add_left(struct left_options *left, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a whole text, or what the rest is, where it has no room. */
static void add_left(struct left_options *left, const char *format, ...)
{
	static const char more[] = ", and more";
	size_t length = strlen(left->text), room = sizeof(left->text) - length - sizeof(more);
	va_list arguments;
	int needed;

	if (left->is_full)
		return;
	va_start(arguments, format);
	needed = vsnprintf(left->text + length, room, format, arguments);
	va_end(arguments);
	left->is_full = needed < 0 || (size_t)needed >= room;
	if (left->is_full)
		memcpy(left->text + length, more, sizeof(more));
}

static void leave(struct left_options *left, const struct carried_option *option, const struct option_value *value)
{
	bool is_name = option->name == SO_BINDTODEVICE;
	const char *comma = *left->text ? ", " : "";
	int number;

	memcpy(&number, value->bytes, sizeof(number));
	if (is_name && option->directive)
		add_left(left, "%s%s = %.*s (%s in the configuration sets it)", comma, option->text, (int)value->length,
			 (const char *)value->bytes, option->directive);
	else if (option->directive)
		add_left(left, "%s%s = %d (%s in the configuration sets it)", comma, option->text, number,
			 option->directive);
	else if (value->length == sizeof(number))
		add_left(left, "%s%s = %d", comma, option->text, number);
	else
		add_left(left, "%s%s", comma, option->text);
	left->unconfined |= option->carriage == LEFT_UNCONFINED;
}

/* A program's own filter cannot be read if it is an eBPF one (EACCES); none has no instructions. */
static bool has_filter(int fd)
{
	socklen_t count = 0;

	return getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &count) < 0 ? errno == EACCES : count > 0;
}

static void carry(const struct carried_option *option, struct option_value *wanted, const struct option_value *usual,
		  int listener, struct left_options *left)
{
	bool stays = option->carriage == LEFT || option->carriage == LEFT_UNCONFINED;
	struct option_value now, value = *wanted;

	if (!get_value(listener, option, &now) || is_equal(&now, wanted) || (!stays && !is_equal(&now, usual)))
		return;
	if (stays || !set_value(listener, option, &value))
		leave(left, option, wanted);
}

void carried_options_set(int from, int listener, struct left_options *left)
{
	int domain = number_of(from, SO_DOMAIN), type = number_of(from, SO_TYPE);
	int protocol = number_of(from, SO_PROTOCOL);
	int fresh = socket(domain, type | SOCK_CLOEXEC, protocol), flags = fcntl(from, F_GETFL);
	struct option_value wanted, usual;

	*left = (struct left_options){ .unconfined = has_filter(from) };
	if (left->unconfined)
		add_left(left, "SO_ATTACH_FILTER");
	for (size_t n = 0; fresh >= 0 && n < CARRIED_COUNT; n++) {
		const struct carried_option *option = &carried[n];

		if (is_for(option, domain, type, protocol) && get_value(from, option, &wanted) &&
		    get_value(fresh, option, &usual) && !is_equal(&wanted, &usual))
			carry(option, &wanted, &usual, listener, left);
	}
	if (fresh >= 0)
		close(fresh);
	if (flags < 0 || fd_set_nonblocking(listener, flags & O_NONBLOCK) < 0)
		add_left(left, "%sO_NONBLOCK", *left->text ? ", " : "");
}

void carried_options_clear(int listener)
{
	int domain = number_of(listener, SO_DOMAIN), type = number_of(listener, SO_TYPE);
	int protocol = number_of(listener, SO_PROTOCOL), fresh = socket(domain, type | SOCK_CLOEXEC, protocol);
	struct option_value usual, now;
	struct buf unused = { 0 };

	for (size_t n = 0; fresh >= 0 && n < CARRIED_COUNT; n++) {
		const struct carried_option *option = &carried[n];

		if (option->carriage == LEFT || option->carriage == LEFT_UNCONFINED ||
		    !is_for(option, domain, type, protocol) || !get_value(listener, option, &now) ||
		    !get_value(fresh, option, &usual) || is_equal(&now, &usual))
			continue;
		if (option->carriage == CARRIED_UNTIL_ZERO)
			memset(usual.bytes, 0, sizeof(usual.bytes));
		if (option->carriage == CARRIED_HALVED)
			socket_buffer_restore(listener, option->name == SO_RCVBUF ? BUFFER_RECEIVE : BUFFER_SEND,
					      &unused);
		else
			set_value(listener, option, &usual);
	}
	buf_free(&unused);
	if (fresh >= 0)
		close(fresh);
}
