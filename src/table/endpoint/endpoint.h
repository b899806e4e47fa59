/* An address to listen on, as written in a table. Names of hosts and of services(5) stay names until
 * superd/machine/resolve looks them up. The grammar is in superd.conf(5), "ENDPOINTS".
 *
 *   8888  tcp:80  tcp4:  tcp6:  udp:  udp4:  udp6:  sctp:  sctp4:  sctp6:
 *                                 (then PORT, NAME, HOST:PORT, *:PORT, [V6]:PORT; then %IFACE or nothing)
 *   127.0.0.1:80  [::1]:80  http  a bare PORT, NAME or HOST:PORT is TCP
 *   /path  unix:/path  unix-dgram:/path  seqpacket:/path  @name (also behind these prefixes)
 *   %{runtime}/path               (in place of /path: below superd's own runtime directory)
 *   raw:PROTOCOL  raw4:  raw6:    (a name of protocols(5) or its number; then @HOST, %IFACE; raw: is raw4:)
 *   fifo:/path  special:/path  netlink:FAMILY [GROUP]  vsock:[CID]:PORT  mqueue:/name
 *   rpc/tcp:PROG/VERS  rpc/udp:PROG/LOW-HIGH (and tcp4, tcp6, udp4, udp6)  tcpmux:NAME  tcpmux:+NAME
 */
#pragma once

#include "lib/lib.h"

/* A prefix of paths: superd's own runtime directory, which superd/machine/resolve inserts. */
#define ENDPOINT_RUNTIME "%{runtime}"

enum endpoint_kind {
	ENDPOINT_TCP, ENDPOINT_UDP, ENDPOINT_SCTP,
	ENDPOINT_UNIX, ENDPOINT_UNIX_DGRAM, ENDPOINT_SEQPACKET,
	ENDPOINT_FIFO, ENDPOINT_SPECIAL, ENDPOINT_NETLINK, ENDPOINT_VSOCK, ENDPOINT_MQUEUE,
	ENDPOINT_RPC_TCP, ENDPOINT_RPC_UDP, ENDPOINT_TCPMUX, ENDPOINT_RAW,
	ENDPOINT_KINDS
};

/* Kinds, as a set of bits. */
#define KIND(name) (1u << ENDPOINT_##name)

enum {
	KINDS_RPC = KIND(RPC_TCP) | KIND(RPC_UDP),
	KINDS_UNIX = KIND(UNIX) | KIND(UNIX_DGRAM) | KIND(SEQPACKET),
	KINDS_PORT = KIND(TCP) | KIND(UDP) | KIND(SCTP) | KINDS_RPC,   /* an Internet protocol with ports; RPC's may be 0 */
	KINDS_INET = KINDS_PORT | KIND(RAW),
	KINDS_STREAM = KIND(TCP) | KIND(SCTP) | KIND(UNIX) | KIND(VSOCK) | KIND(RPC_TCP) | KIND(TCPMUX),
	KINDS_ACCEPTING = KINDS_STREAM | KIND(SEQPACKET),              /* have connections, for accept(2) */
	KINDS_DATAGRAM = KIND(UDP) | KIND(UNIX_DGRAM) | KIND(RPC_UDP),
	/* superd can see their clients (superd/clients.c). */
	KINDS_SHOWN = KIND(TCP) | KIND(UDP) | KIND(UNIX) | KIND(SEQPACKET) | KINDS_RPC,
};

enum endpoint_family { FAMILY_ANY, FAMILY_IPV4, FAMILY_IPV6 };  /* ANY: one dual-stack socket, or the host's family */

/* Kept in a pool, zero-padded, so equal endpoints of one pool are one pointer. Parsing gives each address one form: a
 * literal sets the family (tcp4:127.0.0.1:80 is tcp:127.0.0.1:80) and is written as inet_ntop(3) does; 0.0.0.0 is
 * FAMILY_IPV4 without an address; [::] is no address, and FAMILY_IPV6 only behind tcp6:. */
struct endpoint {
	uint8_t kind;                   /* enum endpoint_kind */
	uint8_t family;                 /* enum endpoint_family */
	uint16_t port;                  /* 0 without port_name: the kernel chooses one, which superd logs */
	uint32_t number;                /* protocol of RAW, vsock CID (UINT32_MAX: any), RPC program, netlink family */
	uint32_t group;                 /* netlink group, vsock port, lowest RPC version */
	uint32_t highest;               /* highest RPC version; at least `group` */
	const char *address;            /* host without brackets, path, @name, netlink family, mux name; NULL: any */
	const char *port_name;          /* name of services(5), rpc(5) or protocols(5); NULL: it is a number */
	const char *interface;          /* the name behind %; NULL: any */
};

/* Parses text into an endpoint in the pool. Returns NULL, or the mistake and its correction, a sentence in the pool
 * that quotes the text. */
const char *endpoint_parse(const char *text, struct pool *pool, const struct endpoint **out);

unsigned endpoint_kind_named(const char *text);         /* as a bit: the word before a colon; 0: it is no kind */

/* Writes the canonical form, which endpoint_parse reads back to an equal endpoint. */
void endpoint_format(const struct endpoint *endpoint, struct buf *out);

/* Writes the same for a message, which cuts a longer text anyway. Returns out. */
#define ENDPOINT_TEXT 512
const char *endpoint_text(const struct endpoint *endpoint, char out[ENDPOINT_TEXT]);

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);        /* also of two pools */

/* The addresses of a listener of TCP, SCTP or UDP. */
struct endpoint_reach {
	bool ipv4, ipv6;                /* the families */
	bool all;                       /* every address of the families; else the one below */
	const char *name;               /* a host that is not looked up yet; NULL: `address` is valid */
	struct in6_addr address;        /* IPv4 as ::ffff:a.b.c.d */
};

struct endpoint_reach endpoint_reach(const struct endpoint *endpoint);

/* Whether Linux refuses to bind the second of two listeners, as sockets without SO_REUSEPORT, TCP with SO_REUSEADDR and
 * UDP without. 0.0.0.0:80 clashes with 127.0.0.1:80, and a dual-stack :80 with both and with [::1]:80. IPv4 and
 * IPv6-only do not clash, and neither do two interfaces, nor a port that the kernel chooses. A host that is still a
 * name clashes with the same name and with a wildcard. For a socket with ipv6_only = yes, pass a copy with
 * FAMILY_IPV6. */
bool endpoint_clash(const struct endpoint *a, const struct endpoint *b);

static inline bool endpoint_is(const struct endpoint *endpoint, unsigned kinds)
{
	return kinds >> endpoint->kind & 1;
}

static inline bool endpoint_accepts(const struct endpoint *endpoint)
{
	return endpoint_is(endpoint, KINDS_ACCEPTING);
}

static inline bool endpoint_is_datagram(const struct endpoint *endpoint)
{
	return endpoint_is(endpoint, KINDS_DATAGRAM);
}

static inline bool endpoint_is_inet(const struct endpoint *endpoint)
{
	return endpoint_is(endpoint, KINDS_INET);
}

static inline bool endpoint_has_port(const struct endpoint *endpoint)
{
	return endpoint_is(endpoint, KINDS_PORT);
}

static inline bool endpoint_is_rpc(const struct endpoint *endpoint)
{
	return endpoint_is(endpoint, KINDS_RPC);
}

/* For a host or a port that is no endpoint's. */
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
bool text_only(const char *text, const char *set);      /* not empty, and only characters of set */
bool text_is_host(const char *text);
bool text_is_name(const char *text);                    /* can be a name of services(5) or rpc(5) */

bool endpoint_is_path(const struct endpoint *endpoint);         /* superd creates a file for it: unix path, fifo */
bool endpoint_is_below_runtime(const struct endpoint *endpoint);        /* is such a path below ENDPOINT_RUNTIME */
