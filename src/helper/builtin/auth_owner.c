/* Finds the user that a connection belongs to.
 *
 * sock_diag(7) finds a connection by its two ends, at a cost that does not grow with their number. Without it, as
 * in some containers, /proc/net/tcp and tcp6 list all connections.
 *
 * An IPv4 connection may belong to an IPv6 socket, so both forms are searched. The kernel also returns a listener
 * if there is no such connection, and connections without a process, whose owner it reports as root: both are
 * refused. */
#include "helper/builtin/auth.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "os/netdiag/sock_diag.h"

/* Turns an IPv4-mapped IPv6 address into an IPv4 one. */
static void unmap(struct sockaddr_storage *address)
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

#ifdef HAVE_LINUX_INET_DIAG_H
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

static void put_end(const struct sockaddr_storage *address, __be16 *port, __be32 host[4])
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
	uid_t uid;
	bool is_one;
};

static void see(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct connection_owner *found = context;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
		return;
	found->uid = socket->idiag_uid;
	found->is_one = socket->idiag_inode && socket->idiag_state != TCP_LISTEN;
}

static bool ask_kernel(const struct both_ends *ends, uid_t *owner)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} question = {
		.header = { .nlmsg_len = sizeof(question),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST },
		.request = { .sdiag_family = (unsigned char)ends->local.ss_family,
			     .sdiag_protocol = IPPROTO_TCP,
			     .idiag_states = ~0u,
			     .id = { .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } },
	};
	struct connection_owner found = { 0 };

	put_end(&ends->local, &question.request.id.idiag_sport, question.request.id.idiag_src);
	put_end(&ends->remote, &question.request.id.idiag_dport, question.request.id.idiag_dst);
	sock_diag_ask(&question, sizeof(question), see, &found);
	*owner = found.uid;
	return found.is_one;
}
#else
static bool ask_kernel(const struct both_ends *ends, uid_t *owner)
{
	(void)ends, (void)owner;
	return false;
}
#endif

/* "0100007F:1F90" as /proc/net/tcp has it, or with the four words of tcp6. */
static void write_end(const struct sockaddr_storage *address, bool as_v6, char text[64])
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

static bool read_list(const char *path, const struct both_ends *ends, bool as_v6, uid_t *owner)
{
	char local[64], remote[64], line[512];
	FILE *file = fopen(path, "re");
	bool found = false;

	if (!file)
		return false;
	write_end(&ends->local, as_v6, local);
	write_end(&ends->remote, as_v6, remote);
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

	unmap(&ends.local);
	unmap(&ends.remote);
	is_v4 = ends.local.ss_family == AF_INET;
	if ((!is_v4 && ends.local.ss_family != AF_INET6) || ends.remote.ss_family != ends.local.ss_family)
		return false;
	if (ask_kernel(&ends, owner))
		return true;
	return (is_v4 && read_list("/proc/net/tcp", &ends, false, owner)) ||
		read_list("/proc/net/tcp6", &ends, true, owner);
}
