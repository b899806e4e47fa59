/* The sender of a datagram, and whether it gets a reply. Any host can forge the source address of a datagram, so a
 * reply may hit a host that never asked: a server that replies in turn, a whole network, or the victim of a flood. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "builtin/builtin.h"

struct sender {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	} address;
	socklen_t length;               /* of the address; 0: none */
};

#define REPLIES_A_SECOND 50             /* replies to one source */
#define SOURCES_AT_ONCE 1024

/* Counts replies to each source in the present second. Begins zeroed, but for the seed. */
struct replies {
	struct replied {
		unsigned char source[16];
		int64_t second;         /* of clock_ms; the count is of this second */
		unsigned count;
	} sources[SOURCES_AT_ONCE];     /* hash table, open addressing */
	uint64_t seed;                  /* random, so that no sender can choose addresses that collide */
	unsigned refusals_logged;       /* refused senders of this process; only the first are logged */
};

/* The sender's IPv6 address, or its IPv4 address as a mapped one; false: it has neither. */
bool sender_bytes(const struct sender *sender, unsigned char bytes[16]);

/* Fills in the source that per_source counts: the address, of IPv6 the first `prefix` bits; the user of a client of a
 * unix socket. false: it has none. */
bool sender_source(const struct sender *sender, int fd, unsigned prefix, unsigned char source[16]);

/* Writes "192.0.2.1 port 7". A mapped IPv4 address is written as IPv4. */
#define SENDER_TEXT (INET6_ADDRSTRLEN + sizeof(" port 65535"))
void sender_describe(const struct sender *sender, char text[SENDER_TEXT]);

#define SERVICE_PORTS 1024              /* lower ports are those of services */

in_port_t sender_port(const struct sender *sender);     /* host byte order; 0: it has none */

/* Whether only_from and no_access let it in, as they were when the process began. */
bool sender_is_allowed(const struct sender *sender, const struct settings *settings);

/* The same for a client of a listener or of a redirect's socket. The kernel enforces the present rules on those that
 * come (os/bpf/bpf), so only those that waited when the process began are judged. emptied: whether the queue
 * was empty since then; the caller has set it by queue_is_empty at the beginning. */
bool sender_is_admitted(const struct sender *sender, int fd, bool *emptied, const struct settings *settings);
bool queue_is_empty(int fd);            /* whether no client or datagram waits there */

/* The reason why the sender gets no reply, as the end of a log line; NULL: it may get one. peers: a port that servers
 * of the same protocol on other machines send from, as with NTP and SIP; 0: none. */
const char *sender_refuse(const struct sender *sender, in_port_t peers, const struct settings *settings);

/* Counts one more reply to this address; all of an IPv6 /64 network count as one source. false: it has had
 * REPLIES_A_SECOND, or too many sources are active. */
bool replies_count(struct replies *replies, const unsigned char bytes[16], int64_t second);

/* Whether the sender gets a reply; logs why not. refusal: of sender_refuse. counts: as replies_count. */
bool replies_allow(struct replies *replies, const struct sender *sender, const char *refusal, bool counts);
