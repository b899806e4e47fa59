/* Packet information there and back. The hard thing is a datagram that came before way_prepare: the kernel notes where
 * it arrived only for those who asked, so of such a one just the address in its header is known. */
#include "helper/builtin/way.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr header;          /* for its alignment */
	char bytes[256];
};

void way_prepare(int fd)
{
	int on = 1, domain = AF_UNSPEC;
	socklen_t length = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) < 0)
		return;
	if (domain == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	else if (domain == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
}

static bool is_for_many(struct in_addr address)
{
	return ntohl(address.s_addr) >> 28 >= 14;
}

/* The way back is the kernel's to find, but from this address. */
static void take_v4(struct way *way, const struct cmsghdr *header)
{
	memcpy(&way->v4, CMSG_DATA(header), sizeof(way->v4));
	way->is_v4 = true;
	way->v4.ipi_ifindex = 0;
	if (way->v4.ipi_spec_dst.s_addr == 0)
		way->v4.ipi_spec_dst = way->v4.ipi_addr;
	way->to_many = is_for_many(way->v4.ipi_addr) || way->v4.ipi_spec_dst.s_addr != way->v4.ipi_addr.s_addr;
}

static void take_v6(struct way *way, const struct cmsghdr *header)
{
	struct in_addr mapped;

	memcpy(&way->v6, CMSG_DATA(header), sizeof(way->v6));
	way->is_v6 = true;
	if (!IN6_IS_ADDR_LINKLOCAL(&way->v6.ipi6_addr))
		way->v6.ipi6_ifindex = 0;
	memcpy(&mapped, &way->v6.ipi6_addr.s6_addr[12], sizeof(mapped));
	way->to_many = IN6_IS_ADDR_MULTICAST(&way->v6.ipi6_addr) ||
		(IN6_IS_ADDR_V4MAPPED(&way->v6.ipi6_addr) && is_for_many(mapped));
}

/* By a unix socket somebody may send descriptors, which nobody here wants. */
static void close_passed(const struct cmsghdr *header)
{
	size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t n = 0; n < count; n++) {
		int passed;

		memcpy(&passed, CMSG_DATA(header) + n * sizeof(int), sizeof(passed));
		close(passed);
	}
}

ssize_t way_receive(struct way *way, int fd, struct sender *sender, void *to, size_t size, bool *whole)
{
	union control control;
	struct iovec part = { to, size };
	struct msghdr message = { .msg_name = &sender->address,
				  .msg_namelen = sizeof(sender->address),
				  .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*way = (struct way){ 0 };
	if (got < 0)
		return got;
	sender->length = message.msg_namelen;
	*whole = !(message.msg_flags & MSG_TRUNC);
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
		if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO)
			take_v4(way, at);
		else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO)
			take_v6(way, at);
		else if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_RIGHTS)
			close_passed(at);
	}
	return got;
}

static size_t put(union control *control, int level, int type, const void *data, size_t length)
{
	memset(control, 0, sizeof(*control));
	control->header.cmsg_level = level;
	control->header.cmsg_type = type;
	control->header.cmsg_len = CMSG_LEN(length);
	memcpy(CMSG_DATA(&control->header), data, length);
	return CMSG_SPACE(length);
}

void way_send(const struct way *way, int fd, const struct sender *sender, const void *bytes, size_t length)
{
	union control control;
	struct iovec part = { (void *)(uintptr_t)bytes, length };
	struct msghdr message = { .msg_name = (void *)(uintptr_t)&sender->address,
				  .msg_namelen = sender->length,
				  .msg_iov = &part,
				  .msg_iovlen = 1 };

	if (way->is_v4)
		message.msg_controllen = put(&control, IPPROTO_IP, IP_PKTINFO, &way->v4, sizeof(way->v4));
	else if (way->is_v6)
		message.msg_controllen = put(&control, IPPROTO_IPV6, IPV6_PKTINFO, &way->v6, sizeof(way->v6));
	if (message.msg_controllen)
		message.msg_control = &control;
	sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}
