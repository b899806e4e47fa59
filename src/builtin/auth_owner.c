/* Finds the user that a connection belongs to.
 *
 * sock_diag(7) finds a connection by its two ends, at a cost that does not grow with the number of connections. Without
 * it, as in some containers, /proc/net/tcp and tcp6 (proc(5)) list all connections.
 *
 * An IPv4 connection may belong to an IPv6 socket, so both forms are searched. Two results are refused: a listener,
 * which the kernel returns if there is no such connection, and a connection without a process, whose owner the kernel
 * reports as root. */
#include "builtin/auth.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/scan.h"
#include "os/netdiag/sock_diag.h"

/* Turns an IPv4-mapped IPv6 address into an IPv4 one. */
static void unmap_address(struct sockaddr_storage *address)
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	memcpy(&v6, address, sizeof(v6));
	if (address->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
		return;
	v4.sin_port = v6.sin6_port;
	memcpy(&v4.sin_addr, &v6.sin6_addr.s6_addr[12], 4);
	memcpy(address, &v4, sizeof(v4));
}

/* Fills one end of a struct inet_diag_sockid. */
static void put_sockid_end(const struct sockaddr_storage *address, __be16 *port, __be32 host[4])
{
	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;

		*port = v4->sin_port;
		host[0] = v4->sin_addr.s_addr;
	} else {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

		*port = v6->sin6_port;
		memcpy(host, &v6->sin6_addr, 16);
	}
}

struct connection_owner {
	uid_t uid;                      /* of the socket */
	bool is_connection;             /* the socket is a connection of a process */
};

static void on_socket(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct connection_owner *found = context;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
		return;
	found->uid = socket->idiag_uid;
	found->is_connection = socket->idiag_inode && socket->idiag_state != TCP_LISTEN;
}

static bool find_by_sock_diag(const struct both_ends *ends, uid_t *owner)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = { .nlmsg_len = sizeof(message),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST },
		.request = { .sdiag_family = (unsigned char)ends->local.ss_family,
			     .sdiag_protocol = IPPROTO_TCP,
			     .idiag_states = ~0u,
			     .id = { .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } },
	};
	struct connection_owner found = { 0 };

	put_sockid_end(&ends->local, &message.request.id.idiag_sport, message.request.id.idiag_src);
	put_sockid_end(&ends->remote, &message.request.id.idiag_dport, message.request.id.idiag_dst);
	sock_diag_ask(&message, sizeof(message), on_socket, &found);
	*owner = found.uid;
	return found.is_connection;
}

/* Writes "0100007F:1F90" as in /proc/net/tcp, or four words and the port as in tcp6. */
static void format_proc_end(const struct sockaddr_storage *address, bool as_v6, char text[64])
{
	struct in6_addr v6 = { .s6_addr = { [10] = 0xff, [11] = 0xff } };
	unsigned parts[4], port;

	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;

		memcpy(&v6.s6_addr[12], &v4->sin_addr, 4);
		port = ntohs(v4->sin_port);
	} else {
		v6 = ((const struct sockaddr_in6 *)address)->sin6_addr;
		port = ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
	}
	memcpy(parts, &v6, sizeof(parts));
	if (as_v6)
		snprintf(text, 64, "%08X%08X%08X%08X:%04X", parts[0], parts[1], parts[2], parts[3], port);
	else
		snprintf(text, 64, "%08X:%04X", parts[3], port);
}

static bool find_by_proc_net(const char *path, const struct both_ends *ends, bool as_v6, uid_t *owner)
{
	char local[64], remote[64], line[512];
	FILE *file = fopen(path, "re");
	bool found = false;

	if (!file)
		return false;
	format_proc_end(&ends->local, as_v6, local);
	format_proc_end(&ends->remote, as_v6, remote);
	while (!found && fgets(line, sizeof(line), file)) {
		char here[64], there[64], uid[16], inode[24];
		int64_t number;

		found = sscanf(line, " %*[0-9]: %63s %63s %*s %*s %*s %*s %15s %*s %23s", here, there, uid,
			       inode) == 4 &&
			!strcmp(here, local) && !strcmp(there, remote) && strcmp(inode, "0") != 0 &&
			!scan_count(uid, &number);
		if (found)
			*owner = (uid_t)number;
	}
	fclose(file);
	return found;
}

bool auth_find_owner(const struct both_ends *given, uid_t *owner)
{
	struct both_ends ends = *given;
	bool is_v4;

	unmap_address(&ends.local);
	unmap_address(&ends.remote);
	is_v4 = ends.local.ss_family == AF_INET;
	if ((!is_v4 && ends.local.ss_family != AF_INET6) || ends.remote.ss_family != ends.local.ss_family)
		return false;
	if (find_by_sock_diag(&ends, owner))
		return true;
	return (is_v4 && find_by_proc_net("/proc/net/tcp", &ends, false, owner)) ||
		find_by_proc_net("/proc/net/tcp6", &ends, true, owner);
}
