/* The way a datagram came, and its answer goes back: on a machine with several addresses an answer has to come from the
 * one that was asked, or the client takes it for a stranger's. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "helper/builtin/sender.h"

struct pktinfo {
	bool to_many;                   /* it was sent to a multicast or broadcast address, which can't answer */
	bool is_v4, is_v6;              /* which of the two is known; none: the kernel chooses */
	struct in_pktinfo v4;
	struct in6_pktinfo v6;
};

void pktinfo_prepare(int fd);           /* has the kernel tell the way of each datagram, as far as the socket has one */

/* One datagram, without waiting; whole is false when it was cut. -1 and errno. */
ssize_t pktinfo_receive(struct pktinfo *pktinfo, int fd, struct sender *sender, void *to, size_t size, bool *whole);

/* Sends an answer back; it may get lost, as any datagram. */
void pktinfo_send(const struct pktinfo *pktinfo, int fd, const struct sender *sender, const void *bytes, size_t length);
