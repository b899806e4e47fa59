/* The address that a datagram was sent to (ip(7), IP_PKTINFO; ipv6(7), IPV6_RECVPKTINFO). The reply must come from the
 * same address, else a client of a machine with several addresses takes it for a stranger's. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "builtin/sender.h"

struct pktinfo {
	bool truncated;                 /* the datagram was longer than the buffer (MSG_TRUNC) */
	bool to_many;                   /* the destination is a multicast or broadcast address: no reply comes from it */
	bool is_v4, is_v6;              /* which of v4 and v6 is set; neither: the kernel chooses the reply's address */
	struct in_pktinfo v4;
	struct in6_pktinfo v6;
};

void pktinfo_prepare(int fd);           /* sets the option; does nothing on a unix socket */

/* Receives one datagram without waiting. Returns its length, or -1 and errno. */
ssize_t pktinfo_receive(struct pktinfo *pktinfo, int fd, struct sender *sender, void *to, size_t size);

/* Sends a reply to the sender. Errors are ignored: any datagram may be lost. */
void pktinfo_send(const struct pktinfo *pktinfo, int fd, const struct sender *sender, const void *bytes, size_t length);
