/* An address to listen on, as written in a table. Nothing is looked up here: names of hosts and of services(5) stay
 * names until prepare/resolve. The grammar is superd.conf(5)'s ENDPOINTS.
 *
 *   8888  tcp:80  tcp4:  tcp6:  udp:  udp4:  udp6:  sctp:  sctp4:  sctp6:
 *                                 (then PORT, NAME, HOST:PORT, *:PORT, [V6]:PORT, with %IFACE behind)
 *   127.0.0.1:80  [::1]:80  http  a bare PORT, NAME or HOST:PORT is TCP
 *   /path  unix:/path  unix-dgram:/path  seqpacket:/path  @name (and behind these prefixes)
 *   %{runtime}/path               (in the place of /path of a node: below superd's own runtime folder)
 *   raw:PROTOCOL  raw4:  raw6:    (a name of protocols(5) or its number, with @HOST and %IFACE behind; raw: is raw4:)
 *   fifo:/path  special:/path  netlink:FAMILY [GROUP]  vsock:[CID]:PORT  mqueue:/name
 *   rpc/tcp:PROG/VERS  rpc/udp:PROG/LOW-HIGH (and tcp4, tcp6, udp4, udp6)  tcpmux:NAME  tcpmux:+NAME
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/pool.h"

/* In front of a path: superd's own runtime folder, which only prepare/resolve knows. */
#define ENDPOINT_RUNTIME "%{runtime}"

enum endpoint_kind {
	ENDPOINT_TCP, ENDPOINT_UDP, ENDPOINT_SCTP,
	ENDPOINT_UNIX, ENDPOINT_UNIX_DGRAM, ENDPOINT_SEQPACKET,
	ENDPOINT_FIFO, ENDPOINT_SPECIAL, ENDPOINT_NETLINK, ENDPOINT_VSOCK,
	ENDPOINT_RPC_TCP, ENDPOINT_RPC_UDP, ENDPOINT_TCPMUX, ENDPOINT_RAW, ENDPOINT_MQUEUE,
	ENDPOINT_KINDS
};

enum endpoint_family { FAMILY_ANY, FAMILY_IPV4, FAMILY_IPV6 };  /* ANY: one dual-stack socket, or the host's */

/* Kept in a pool, zero-padded, so equal endpoints of one pool are one pointer. Parsing makes one address one form:
 * a literal sets the family (tcp4:127.0.0.1:80 is tcp:127.0.0.1:80) and is written as inet_ntop does; 0.0.0.0 is
 * family IPV4 without address; [::] is no address at all, family IPV6 behind tcp6: only. */
struct endpoint {
	uint8_t kind;                   /* enum endpoint_kind */
	uint8_t family;                 /* enum endpoint_family */
	uint16_t port;                  /* 0 and no port_name: the kernel chooses, the log says which */
	uint32_t number;                /* IP protocol of RAW, vsock CID (UINT32_MAX any), RPC program, netlink family */
	uint32_t group;                 /* netlink group, vsock port, lowest RPC version */
	uint32_t highest;               /* highest RPC version; at least `group` */
	const char *address;            /* host without brackets, path, @name, netlink family, mux name; NULL: any */
	const char *port_name;          /* of services(5), RPC program or IP protocol name; NULL: numeric */
	const char *interface;          /* behind %; NULL: any */
};

/* Parses text into a kept endpoint. NULL when it succeeded, else what is wrong and would be right, as a sentence that
 * quotes the text. */
const char *endpoint_parse(const char *text, struct pool *pool, const struct endpoint **out);

/* Writes the canonical form: endpoint_parse reads it back the same. */
void endpoint_format(const struct endpoint *endpoint, struct buf *out);

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);        /* across pools */
uint64_t endpoint_hash(const struct endpoint *endpoint);                        /* equal ones have equal hashes */

/* Whether two listeners would claim the same address, as Linux decides for sockets without SO_REUSEPORT, TCP's with
 * SO_REUSEADDR and UDP's without: 0.0.0.0:80 does not go with 127.0.0.1:80, nor a dual-stack :80 with either or with
 * [::1]:80, while IPv4 and IPv6-only go together and so do two interfaces. A port the kernel chooses never clashes. A
 * host that is still a name clashes with its equal and with what covers every address. Where ipv6_only = yes stands,
 * pass a copy with FAMILY_IPV6. */
bool endpoint_clash(const struct endpoint *a, const struct endpoint *b);

bool endpoint_accepts(const struct endpoint *endpoint);         /* connections can be accepted from it */
bool endpoint_is_datagram(const struct endpoint *endpoint);     /* UDP, also RPC's, and unix datagram */
bool endpoint_shows_clients(const struct endpoint *endpoint);   /* superd can tell whether anybody uses it (os/netdiag/conn_count) */
bool endpoint_is_inet(const struct endpoint *endpoint);         /* of an Internet protocol: TCP, UDP, SCTP, RPC's, raw */
bool endpoint_has_port(const struct endpoint *endpoint);        /* the same without raw; of RPC the kernel chooses it */
bool endpoint_is_rpc(const struct endpoint *endpoint);
bool endpoint_is_path(const struct endpoint *endpoint);         /* superd makes a node for it: unix path, fifo */
bool endpoint_is_below_runtime(const struct endpoint *endpoint);        /* and its path begins with ENDPOINT_RUNTIME */
