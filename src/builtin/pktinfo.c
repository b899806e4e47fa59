/* Receives datagrams with the address they were sent to, and replies from that address.
 *
 * The kernel reports the address only once the option is set. A datagram that came before pktinfo_prepare may lack
 * it. */
#include "builtin/pktinfo.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr header;          /* for its alignment */
	char bytes[256];
};

void pktinfo_prepare(int fd)
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

static bool is_multicast_or_broadcast(struct in_addr address)
{
	return ntohl(address.s_addr) >> 28 >= 14;
}

/* Reads the address to reply from. It clears the interface index, so that the kernel finds the route. */
static void read_v4(struct pktinfo *pktinfo, const struct cmsghdr *header)
{
	memcpy(&pktinfo->v4, CMSG_DATA(header), sizeof(pktinfo->v4));
	pktinfo->is_v4 = true;
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
	pktinfo->is_v6 = true;
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

ssize_t pktinfo_receive(struct pktinfo *pktinfo, int fd, struct sender *sender, void *to, size_t size)
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

/* Writes one control message (cmsg(3)). Returns the length of the buffer that it uses. */
static size_t put_control(union control *control, int level, int type, const void *data, size_t length)
{
	memset(control, 0, sizeof(*control));
	control->header.cmsg_level = level;
	control->header.cmsg_type = type;
	control->header.cmsg_len = CMSG_LEN(length);
	memcpy(CMSG_DATA(&control->header), data, length);
	return CMSG_SPACE(length);
}

void pktinfo_send(const struct pktinfo *pktinfo, int fd, const struct sender *sender, const void *bytes, size_t length)
{
	union control control;
	struct iovec part = { (void *)(uintptr_t)bytes, length };
	struct msghdr message = { .msg_name = (void *)(uintptr_t)&sender->address,
				  .msg_namelen = sender->length,
				  .msg_iov = &part,
				  .msg_iovlen = 1 };

	if (pktinfo->is_v4)
		message.msg_controllen =
			put_control(&control, IPPROTO_IP, IP_PKTINFO, &pktinfo->v4, sizeof(pktinfo->v4));
	else if (pktinfo->is_v6)
		message.msg_controllen =
			put_control(&control, IPPROTO_IPV6, IPV6_PKTINFO, &pktinfo->v6, sizeof(pktinfo->v6));
	if (message.msg_controllen)
		message.msg_control = &control;
	sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}
