/* Which sockets close without waiting. */

#include "os/socket/socket.h"
#include "tests/unit/unit.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define SMC 256                         /* of AF_INET, Linux 6.11 */

/* Where this kernel has no such socket there is nothing to be told. */
static void expect(int family, int type, int protocol, bool plain, bool plain_inet)
{
	int fd = socket(family, type, protocol);

	if (fd < 0)
		return;
	cr_expect_eq(socket_is_plain(fd), plain, "family %d, protocol %d", family, protocol);
	cr_expect_eq(socket_is_plain_inet(fd), plain_inet, "family %d, protocol %d", family, protocol);
	close(fd);
}

Test(plain_socket, is_of_what_superd_makes)
{
	expect(AF_INET, SOCK_STREAM, 0, true, true);
	expect(AF_INET6, SOCK_STREAM, 0, true, true);
	expect(AF_INET, SOCK_DGRAM, 0, true, true);
	expect(AF_INET, SOCK_RAW, 254, true, true);
	expect(AF_UNIX, SOCK_STREAM, 0, true, false);
	expect(AF_NETLINK, SOCK_RAW, 0, true, false);
	expect(AF_VSOCK, SOCK_STREAM, 0, true, false);
}

Test(plain_socket, others_may_wait)
{
	expect(AF_INET, SOCK_STREAM, IPPROTO_MPTCP, true, false);
	expect(AF_INET, SOCK_STREAM, SMC, false, false);
	expect(AF_INET, SOCK_DGRAM, IPPROTO_ICMP, false, false);
	expect(AF_PACKET, SOCK_RAW, 0, false, false);
	expect(AF_ALG, SOCK_SEQPACKET, 0, false, false);
}

Test(plain_socket, what_is_no_socket_is_none)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_expect_not(socket_is_plain(ends[0]));
	cr_expect_not(socket_is_plain_inet(ends[0]));
	cr_expect_not(socket_is_plain(-1));
}
