/* Decides which senders of datagrams get an answer, and how many.
 *
 * A sender can forge its address and port. So addresses and ports that no honest client has are refused, even if
 * only_from allows them. */
#include "builtin/builtin.h"

#include <arpa/inet.h>

#define REFUSALS_LOGGED 10 /* refused senders that a process logs: a flood must not fill the log */

bool address_is_mapped(const unsigned char bytes[16])
{
	static const unsigned char prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(bytes, prefix, sizeof(prefix));
}

void sender_describe(const struct socket_address *sender, char text[SENDER_TEXT])
{
	struct socket_address plain = *sender;
	char host[INET6_ADDRSTRLEN];
	int port = socket_address_port(sender);

	socket_address_unmap(&plain);
	socket_address_host(&plain, host, sizeof(host));
	if (port < 0)
		snprintf(text, SENDER_TEXT, "a local client");
	else
		snprintf(text, SENDER_TEXT, "%s port %d", host, port);
}

/* Whether no host can have the address: 0.0.0.0/8, multicast, reserved and broadcast; ff00::/8 and ::. */
static bool is_unusable_source(const unsigned char bytes[16])
{
	static const unsigned char zero[16];

	if (address_is_mapped(bytes))
		return bytes[12] == 0 || bytes[12] >= 224;
	return bytes[0] == 0xff || !memcmp(bytes, zero, sizeof(zero));
}

/* Whether the address is this machine's: the kernel then sends from the address to which it sends. */
static bool is_own_address(const struct socket_address *sender, const unsigned char bytes[16])
{
	int fd = socket(sender->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct socket_address own = { .length = sizeof(own.storage) };
	unsigned char own_bytes[16];
	bool is_own = fd >= 0 && connect(fd, &sender->any, sender->length) == 0 &&
		getsockname(fd, &own.any, &own.length) == 0 && socket_address_bytes(&own, own_bytes) &&
		!memcmp(bytes, own_bytes, sizeof(own_bytes));

	fd_close(&fd);
	return is_own || (address_is_mapped(bytes) && bytes[12] == IN_LOOPBACKNET);
}

/* Whether the service on this port may reply to a reply, and so on without end. Ports below 1024 are services. */
static bool may_loop(int port, const struct settings *settings)
{
	for (size_t n = 0; n < settings->loop_count; n++) {
		if (settings->loops[n] == port)
			return true;
	}
	return port < SERVICE_PORTS;
}

const char *sender_refuse(const struct socket_address *sender, int peers, const struct settings *settings)
{
	int port = socket_address_port(sender);
	unsigned char bytes[16];

	if (!socket_address_bytes(sender, bytes))
		return sender->length > sizeof(sa_family_t) ? NULL : "it has no address to answer to";
	if (is_unusable_source(bytes))
		return "that is not the address of a host";
	if (port == peers ? is_own_address(sender, bytes) : may_loop(port, settings))
		return "a sender at that port may answer the answer, and so on";
	return NULL;
}

bool replies_count(struct replies *replies, const unsigned char bytes[16], int64_t second)
{
	struct source_counts *sources = &replies->sources;
	unsigned char source[16];

	if (replies->second != second)
		source_count_free(sources);
	replies->second = second;
	memcpy(source, bytes, 16);
	if (!address_is_mapped(source))
		memset(source + 8, 0, 8);
	return (sources->used < SOURCES_AT_ONCE || source_count_count(sources, replies, source)) &&
		source_count_enter(sources, replies, source, REPLIES_A_SECOND);
}

bool replies_allow(struct replies *replies, const struct socket_address *sender, const char *refusal, bool counts)
{
	unsigned char bytes[16];
	char text[SENDER_TEXT];

	if (!refusal && counts && socket_address_bytes(sender, bytes) &&
	    !replies_count(replies, bytes, clock_ms() / 1000))
		refusal = "it has received as many answers as one source may receive in a second";
	if (refusal && ++replies->refusals_logged <= REFUSALS_LOGGED) {
		sender_describe(sender, text);
		builtin_log("loop request or stranger REFUSED from %s: %s%s", text, refusal,
			    replies->refusals_logged == REFUSALS_LOGGED ? " (further ones are not logged)" : "");
	}
	return !refusal;
}

/* ---- pktinfo ----
 *
 * Receives datagrams with the address they were sent to, and replies from that address.
 *
 * The kernel reports the address only once the option is set. A datagram that came before pktinfo_prepare may lack
 * it. */

union control {
	struct cmsghdr header; /* for its alignment */
	char bytes[256];
};

void pktinfo_prepare(int fd)
{
	int on = 1, domain = socket_int(fd, SOL_SOCKET, SO_DOMAIN);

	if (domain == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	else if (domain == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
}

static bool is_multicast_or_broadcast(struct in_addr address)
{
	return ntohl(address.s_addr) >> 28 >= 14;
}

/* Reads the address to reply from. It clears the interface index, so that the kernel finds the route. */
static void read_v4(struct pktinfo *pktinfo, const struct cmsghdr *header)
{
	memcpy(&pktinfo->v4, CMSG_DATA(header), sizeof(pktinfo->v4));
	pktinfo->type = IP_PKTINFO;
	pktinfo->v4.ipi_ifindex = 0;
	if (pktinfo->v4.ipi_spec_dst.s_addr == 0)
		pktinfo->v4.ipi_spec_dst = pktinfo->v4.ipi_addr;
	pktinfo->to_many = is_multicast_or_broadcast(pktinfo->v4.ipi_addr) ||
		pktinfo->v4.ipi_spec_dst.s_addr != pktinfo->v4.ipi_addr.s_addr;
}

static void read_v6(struct pktinfo *pktinfo, const struct cmsghdr *header)
{
	struct in_addr mapped;

	memcpy(&pktinfo->v6, CMSG_DATA(header), sizeof(pktinfo->v6));
	pktinfo->type = IPV6_PKTINFO;
	if (!IN6_IS_ADDR_LINKLOCAL(&pktinfo->v6.ipi6_addr))
		pktinfo->v6.ipi6_ifindex = 0;
	memcpy(&mapped, &pktinfo->v6.ipi6_addr.s6_addr[12], sizeof(mapped));
	pktinfo->to_many = IN6_IS_ADDR_MULTICAST(&pktinfo->v6.ipi6_addr) ||
		(IN6_IS_ADDR_V4MAPPED(&pktinfo->v6.ipi6_addr) && is_multicast_or_broadcast(mapped));
}

/* Closes descriptors that a client has sent over a unix socket. */
static void close_passed_fds(const struct cmsghdr *header)
{
	size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t n = 0; n < count; n++) {
		int passed;

		memcpy(&passed, CMSG_DATA(header) + n * sizeof(int), sizeof(passed));
		close(passed);
	}
}

ssize_t pktinfo_receive(struct pktinfo *pktinfo, int fd, struct socket_address *sender, void *to, size_t size)
{
	union control control;
	struct iovec part = { to, size };
	struct msghdr message = { .msg_name = &sender->storage,
				  .msg_namelen = sizeof(sender->storage),
				  .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*pktinfo = (struct pktinfo){ 0 };
	if (got < 0)
		return got;
	sender->length = message.msg_namelen;
	pktinfo->truncated = message.msg_flags & MSG_TRUNC;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
		if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO)
			read_v4(pktinfo, at);
		else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO)
			read_v6(pktinfo, at);
		else if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_RIGHTS)
			close_passed_fds(at);
	}
	return got;
}

void pktinfo_send(const struct pktinfo *pktinfo, int fd, const struct socket_address *sender, const void *bytes,
		  size_t length)
{
	bool v4 = pktinfo->type == IP_PKTINFO;
	size_t size = v4 ? sizeof(pktinfo->v4) : sizeof(pktinfo->v6);
	union control control = { .header = { .cmsg_len = CMSG_LEN(size),
					      .cmsg_level = v4 ? IPPROTO_IP : IPPROTO_IPV6,
					      .cmsg_type = pktinfo->type } };
	struct iovec part = { (void *)(uintptr_t)bytes, length };
	struct msghdr message = { .msg_name = (void *)(uintptr_t)&sender->storage,
				  .msg_namelen = sender->length,
				  .msg_iov = &part,
				  .msg_iovlen = 1 };

	if (pktinfo->type) {
		memcpy(CMSG_DATA(&control.header), v4 ? (const void *)&pktinfo->v4 : &pktinfo->v6, size);
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(size);
	}
	sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}
