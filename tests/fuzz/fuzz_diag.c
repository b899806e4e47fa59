/* Messages of sock_diag(7) from any bytes, of any length: no read behind them, and each is at most one socket. */
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fuzzer.h"
#include "os/netdiag/conn_count_internal.h"
#include "os/netdiag/tcp_destroy.h"

/* Listeners that many messages are of. */
static void set_up(struct conn_count *conns)
{
	conns[0] = (struct conn_count){ .kind = CONN_TCP, .family = AF_INET, .is_wildcard = true, .port = 80,
					.quiet_after = 1000, .moved = UINT32_MAX };
	conns[1] = (struct conn_count){ .kind = CONN_TCP, .family = AF_INET6, .is_wildcard = true, .port = 80 };
	conns[1].wants_words = true;
	conns[2] = (struct conn_count){ .kind = CONN_UNIX, .length = 2, .name = "/x", .inode = 7 };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conn_count conns[3];
	struct tcp_destroy_event event;
	struct conn_count own;
	struct nlmsghdr *message;

	if (size < 1 + NLMSG_HDRLEN || size > 65536)
		return 0;
	message = malloc(size - 1);     /* of its own size, so that a read behind it is seen */
	if (!message)
		return 0;
	memcpy(message, data + 1, size - 1);
	message->nlmsg_len = (uint32_t)size - 1;        /* NLMSG_OK has held it against what was received */
	set_up(conns);
	conn_counts_see_message(conns, 3, data[0] & 1 ? CONN_UNIX : CONN_TCP, message);
	require(conns[0].count + conns[0].quiet <= 1 && conns[1].count <= 1 && !conns[1].quiet);
	require(!conns[0].quiet || conns[0].moved >= conns[0].quiet_after);
	if (own_port_read_unix(message, &own))
		require(own.length <= sizeof(own.name));
	(void)own_port_read_tcp(message, &own);
	(void)tcp_destroy_parse(message, size - 1, &event);
	message->nlmsg_len = UINT32_MAX;                /* longer than what was received of it */
	(void)tcp_destroy_parse(message, size - 1, &event);
	free(message);
	return 0;
}
