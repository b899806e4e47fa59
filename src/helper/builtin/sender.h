/* Who sent a datagram, and whether it may be answered. Anybody can write any address into a datagram, so an answer may
 * hit somebody who never asked: another server that answers in turn, a whole network, or one victim of many. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "helper/builtin/builtin.h"

struct sender {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	} address;
	socklen_t length;
};

/* Replies to one source in one second; a zeroed struct has sent none. */
#define REPLIES_A_SECOND 50
#define SOURCES_AT_ONCE 1024

struct replies {
	struct replied {
		unsigned char source[16];
		int64_t second;
		unsigned count;
	} sources[SOURCES_AT_ONCE];
	uint64_t seed;                  /* so that nobody can choose addresses that crowd out others */
};

/* Its 16 bytes, IPv4 mapped; false: it has no address of the Internet. */
bool sender_bytes(const struct sender *sender, unsigned char bytes[16]);

/* "192.0.2.1 port 7"; IPv4 as IPv4, whatever socket it came by. */
#define SENDER_TEXT (INET6_ADDRSTRLEN + sizeof(" port 65535"))
void sender_describe(const struct sender *sender, char text[SENDER_TEXT]);

/* Why it gets no answer, in a few words; NULL: it may. */
const char *sender_refuse(const struct sender *sender, const struct settings *settings);

/* Counts one reply more to it in this second; IPv6 counts by /64. false: it has had enough. */
bool replies_count(struct replies *replies, const unsigned char bytes[16], int64_t second);
