/* Reads an endpoint as a person writes it, and explains what is wrong with it.
 *
 * A text without a kind may be a port, a host with a port, a path or a mistake. A refusal names the right form, because
 * most wrong endpoints are one character away from a right one. Some would fail only at bind(2): a path that is too
 * long for sun_path (unix(7)), a directory in place of a socket, a reversed range of versions. They are refused here,
 * where superd can still name the reason.
 *
 * One address has many texts. inet_ntop(3) gives literals one form, a literal determines the family, and both wildcards
 * become "no address". So the table notices two services that claim the same address. */
#include "table/endpoint/endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "lib/pool.h"
#include "lib/scan.h"
#include "table/endpoint/endpoint_internal.h"

#define KINDS \
	"tcp, udp, sctp, unix, unix-dgram, seqpacket, fifo, special, netlink, vsock, mqueue, raw, rpc/tcp, rpc/udp " \
	"and tcpmux"
#define NO_MEMORY "out of memory"
#define INET_MOST 512                   /* room for a host name of 253, a port's name and an interface */
#define RAW_PROTOCOLS 254               /* 255 is IPPROTO_RAW, which only sends: raw(7) */
#define HOST_MOST 253                   /* RFC 1035 */
#define RPC_VERSIONS 100                /* most versions; rpcbind(8) registers each */
#define NODE_MOST (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

/* An endpoint while it is read. Each function endpoint_parse_x reads the text behind the colon of a kind, or a part of
 * it. It returns NULL, or the mistake and its correction. */
struct endpoint_parsing {
	struct pool *pool;              /* borrowed; for texts and messages */
	struct endpoint endpoint;
};

static const char *endpoint_parse_or_memory(const char *reason)
{
	return reason ? reason : NO_MEMORY;
}

static const char *endpoint_parse_text(struct endpoint_parsing *parsing, const char *text, const char **field)
{
	*field = pool_text(parsing->pool, text);
	return *field ? NULL : NO_MEMORY;
}

bool text_only(const char *text, const char *set)
{
	return *text && !text[strspn(text, set)];
}

bool text_is_host(const char *text)
{
	return strlen(text) <= HOST_MOST && isalnum((unsigned char)text[0]) && text_only(text, LETTERS DIGITS "-_.");
}

bool text_is_name(const char *text)
{
	return isalnum((unsigned char)text[0]) && text_only(text, LETTERS DIGITS "-_.+") && strpbrk(text, LETTERS);
}

static const char *endpoint_parse_port(struct endpoint_parsing *parsing, const char *text)
{
	uint32_t port;

	if (scan_unsigned(text, strlen(text), 65535, &port)) {
		parsing->endpoint.port = (uint16_t)port;
		return NULL;
	}
	if (text_is_name(text))
		return endpoint_parse_text(parsing, text, &parsing->endpoint.port_name);
	return "a port is a number up to 65535 or a name of services(5)";
}

static const char *endpoint_parse_interface(struct endpoint_parsing *parsing, const char *name)
{
	if (strpbrk(name, "]:"))
		return "the interface follows the port, as in [fe80::1]:80%eth0";
	if (!*name || strlen(name) >= IF_NAMESIZE || strpbrk(name, "/% \t") || !strcmp(name, ".") ||
	    !strcmp(name, ".."))
		return "the name of an interface has 1 to 15 characters without blanks, /, : and %";
	return endpoint_parse_text(parsing, name, &parsing->endpoint.interface);
}

/* inet_pton(3) has accepted the text, and takes only what inet_ntop(3) writes: no leading zeros, no fewer parts. */
static const char *endpoint_parse_ipv4(struct endpoint_parsing *parsing, const struct in_addr *address,
				       const char *text)
{
	if (parsing->endpoint.family == FAMILY_IPV6)
		return "this is an IPv4 address: use the kind that ends in 4 or has no number";
	parsing->endpoint.family = FAMILY_IPV4;
	if (address->s_addr == htonl(INADDR_ANY))
		return NULL;
	return endpoint_parse_text(parsing, text, &parsing->endpoint.address);
}

static const char *endpoint_parse_ipv6(struct endpoint_parsing *parsing, const char *text)
{
	struct in6_addr address;
	char canonical[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET6, text, &address) != 1)
		return endpoint_parse_or_memory(pool_textf(parsing->pool, "'%s' in brackets is no IPv6 address", text));
	if (parsing->endpoint.family == FAMILY_IPV4)
		return "this is an IPv6 address: use the kind that ends in 6 or has no number";
	if (IN6_IS_ADDR_UNSPECIFIED(&address))
		return NULL;
	parsing->endpoint.family = FAMILY_IPV6;
	inet_ntop(AF_INET6, &address, canonical, sizeof(canonical));
	return endpoint_parse_text(parsing, canonical, &parsing->endpoint.address);
}

static const char *endpoint_parse_host(struct endpoint_parsing *parsing, const char *host)
{
	struct in_addr address;

	if (!strcmp(host, "*"))
		return NULL;
	if (!*host)
		return "a host is missing before the colon: write *:PORT for every address";
	if (inet_pton(AF_INET, host, &address) == 1)
		return endpoint_parse_ipv4(parsing, &address, host);
	if (text_only(host, DIGITS "."))
		return endpoint_parse_or_memory(pool_textf(parsing->pool, "'%s' is no IPv4 address", host));
	if (!text_is_host(host))
		return endpoint_parse_or_memory(pool_textf(parsing->pool, "'%s' is no name of a host", host));
	return endpoint_parse_text(parsing, host, &parsing->endpoint.address);
}

/* Reads [V6]:PORT; changes the text. */
static const char *endpoint_parse_bracketed(struct endpoint_parsing *parsing, char *text)
{
	char *close = strchr(text, ']');
	const char *reason;

	if (!close)
		return "the [ is not closed: [V6]:PORT";
	*close = '\0';
	if (close[1] != ':')
		return endpoint_parse_or_memory(pool_textf(parsing->pool, "a port is missing: [%s]:PORT", text + 1));
	reason = endpoint_parse_ipv6(parsing, text + 1);
	return reason ? reason : endpoint_parse_port(parsing, close + 2);
}

/* Reads the interface at the end of the text, and copies the text in front of it. */
static const char *endpoint_parse_front(struct endpoint_parsing *parsing, const char *text, char copy[INET_MOST])
{
	char *percent;

	if (strlen(text) >= INET_MOST)
		return "this is too long for a host and a port";
	strcpy(copy, text);
	percent = strchr(copy, '%');
	if (!percent)
		return NULL;
	*percent = '\0';
	return endpoint_parse_interface(parsing, percent + 1);
}

static const char *endpoint_parse_protocol(struct endpoint_parsing *parsing, const char *text)
{
	uint32_t number;

	if (scan_unsigned(text, strlen(text), RAW_PROTOCOLS, &number) && number) {
		parsing->endpoint.number = number;
		return NULL;
	}
	if (text_is_name(text))
		return endpoint_parse_text(parsing, text, &parsing->endpoint.port_name);
	return "a protocol is a number from 1 to 254 or a name of protocols(5)";
}

/* Reads the host of raw:PROTOCOL@HOST. An IPv6 address needs no brackets here, as no port follows. */
static const char *endpoint_parse_raw_host(struct endpoint_parsing *parsing, char *host)
{
	char *close = host + strlen(host) - 1;

	if (!*host)
		return "the host after the @ is missing";
	if (host[0] == '[' && *close == ']') {
		*close = '\0';
		host++;
	}
	return strchr(host, ':') ? endpoint_parse_ipv6(parsing, host) : endpoint_parse_host(parsing, host);
}

/* PROTOCOL[@HOST][%IFACE] */
static const char *endpoint_parse_raw(struct endpoint_parsing *parsing, const char *text)
{
	char copy[INET_MOST], *host;
	const char *reason = endpoint_parse_front(parsing, text, copy);

	if (reason)
		return reason;
	host = strchr(copy, '@');
	if (host)
		*host = '\0';
	reason = endpoint_parse_protocol(parsing, copy);
	return reason || !host ? reason : endpoint_parse_raw_host(parsing, host + 1);
}

/* [HOST:]PORT[%IFACE] */
static const char *endpoint_parse_inet(struct endpoint_parsing *parsing, const char *text)
{
	char copy[INET_MOST], *colon;
	const char *reason = endpoint_parse_front(parsing, text, copy);

	if (reason)
		return reason;
	if (copy[0] == '[')
		return endpoint_parse_bracketed(parsing, copy);
	colon = strrchr(copy, ':');
	if (colon && strchr(copy, ':') != colon)
		return "an IPv6 address needs brackets: [::1]:PORT";
	if (!colon && strchr(copy, '.') && text_only(copy, DIGITS "."))
		return endpoint_parse_or_memory(pool_textf(parsing->pool, "a port is missing: %s:PORT", copy));
	if (!colon)
		return endpoint_parse_port(parsing, copy);
	*colon = '\0';
	reason = endpoint_parse_host(parsing, copy);
	return reason ? reason : endpoint_parse_port(parsing, colon + 1);
}

/* By the numbers of linux/netlink.h; names as in systemd.socket(5), ListenNetlink=. */
static const char *const netlink_names[32] = {
	[0] = "route", [2] = "usersock", [3] = "firewall", [4] = "inet-diag", [5] = "nflog", [6] = "xfrm",
	[7] = "selinux", [8] = "iscsi", [9] = "audit", [10] = "fib-lookup", [11] = "connector", [12] = "netfilter",
	[13] = "ip6-fw", [14] = "dnrtmsg", [15] = "kobject-uevent", [16] = "generic", [18] = "scsitransport",
	[19] = "ecryptfs", [20] = "rdma", [21] = "crypto", [22] = "smc",
};

#define NETLINK_FAMILIES (sizeof(netlink_names) / sizeof(netlink_names[0]))

/* Copies a path without double slashes and "." parts, so that one file has one text. */
static void path_simplify(const char *path, char *out)
{
	char *end = out;

	while (*path) {
		size_t length;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length && !(length == 1 && *path == '.')) {
			*end++ = '/';
			memcpy(end, path, length);
			end += length;
		}
		path += length;
	}
	*end = '\0';
}

static bool is_below_runtime(const char *text)
{
	return !strncmp(text, ENDPOINT_RUNTIME "/", sizeof(ENDPOINT_RUNTIME));
}

static const char *endpoint_parse_path(struct endpoint_parsing *parsing, const char *path, size_t most)
{
	bool below = parsing->endpoint.kind != ENDPOINT_SPECIAL && is_below_runtime(path);
	size_t length = strlen(path), prefix = below ? strlen(ENDPOINT_RUNTIME) : 0;
	char simple[PATH_MAX] = ENDPOINT_RUNTIME;

	if (path[prefix] != '/')
		return "a path starts with /";
	if (length > most)
		return endpoint_parse_or_memory(
			pool_textf(parsing->pool, "the path has %zu bytes; %zu is the most it can have", length, most));
	path_simplify(path + prefix, simple + prefix);
	if (!simple[prefix] || path[length - 1] == '/')
		return "the path names a directory; a file name must follow the last /";
	return endpoint_parse_text(parsing, simple, &parsing->endpoint.address);
}

/* /path or @name */
static const char *endpoint_parse_node(struct endpoint_parsing *parsing, const char *text)
{
	if (text[0] == '/' || is_below_runtime(text))
		return endpoint_parse_path(parsing, text, NODE_MOST);
	if (text[0] != '@')
		return "a path starts with /, an abstract name with @";
	if (!text[1])
		return "the name after the @ is missing";
	if (strlen(text) > NODE_MOST)
		return endpoint_parse_or_memory(
			pool_textf(parsing->pool, "an abstract name has at most %zu bytes with its @", NODE_MOST));
	return endpoint_parse_text(parsing, text, &parsing->endpoint.address);
}

/* /path */
static const char *endpoint_parse_file(struct endpoint_parsing *parsing, const char *text)
{
	return endpoint_parse_path(parsing, text, PATH_MAX - 1);
}

/* /name */
static const char *endpoint_parse_mqueue(struct endpoint_parsing *parsing, const char *text)
{
	if (text[0] != '/' || !text[1] || strchr(text + 1, '/') || !strcmp(text, "/.") || !strcmp(text, "/.."))
		return "the name of a message queue is / and then a name without another /";
	if (strlen(text) > NAME_MAX)
		return "the name of a message queue has at most 254 bytes after its /";
	return endpoint_parse_text(parsing, text, &parsing->endpoint.address);
}

static const char *endpoint_parse_netlink_family(struct endpoint_parsing *parsing, const char *text, size_t length)
{
	struct endpoint *endpoint = &parsing->endpoint;
	uint32_t number = NETLINK_FAMILIES;

	if (!scan_unsigned(text, length, UINT32_MAX, &number)) {
		for (number = 0; number < NETLINK_FAMILIES; number++) {
			const char *name = netlink_names[number];

			if (name && scan_is_word(text, length, name))
				break;
		}
	}
	if (number >= NETLINK_FAMILIES)
		return "a netlink family is a number up to 31 or a name such as route, audit or kobject-uevent";
	endpoint->number = number;
	if (netlink_names[number])
		return endpoint_parse_text(parsing, netlink_names[number], &endpoint->address);
	endpoint->address = pool_textf(parsing->pool, "%" PRIu32, number);
	return endpoint->address ? NULL : NO_MEMORY;
}

/* FAMILY [GROUP] */
static const char *endpoint_parse_netlink(struct endpoint_parsing *parsing, const char *text)
{
	const char *family = text + strspn(text, " \t");
	size_t length = strcspn(family, " \t");
	const char *group = family + length + strspn(family + length, " \t");
	const char *reason = endpoint_parse_netlink_family(parsing, family, length);

	if (reason)
		return reason;
	if (*group && !scan_unsigned(group, strlen(group), UINT32_MAX, &parsing->endpoint.group))
		return "a netlink group is a number up to 4294967295 at the end of the text";
	return NULL;
}

/* [CID]:PORT */
static const char *endpoint_parse_vsock(struct endpoint_parsing *parsing, const char *text)
{
	struct endpoint *endpoint = &parsing->endpoint;
	const char *colon = strchr(text, ':');

	if (!colon)
		return "a port is missing: vsock:CID:PORT, or vsock::PORT for any CID";
	endpoint->number = ANY_CID;
	if (colon != text && strncmp(text, "*:", 2) != 0 &&
	    !scan_unsigned(text, (size_t)(colon - text), UINT32_MAX, &endpoint->number))
		return "a CID is a number up to 4294967295, or nothing for any";
	if (!scan_unsigned(colon + 1, strlen(colon + 1), UINT32_MAX, &endpoint->group) || endpoint->group == UINT32_MAX)
		return "a port of vsock is a number up to 4294967294";
	return NULL;
}

static const char *endpoint_parse_rpc_program(struct endpoint_parsing *parsing, const char *text, size_t length)
{
	const char *name;

	if (scan_unsigned(text, length, UINT32_MAX, &parsing->endpoint.number))
		return NULL;
	name = pool_text_n(parsing->pool, text, length);
	if (!name)
		return NO_MEMORY;
	if (!text_is_name(name))
		return "an RPC program is a number up to 4294967295 or a name of rpc(5)";
	parsing->endpoint.port_name = name;
	return NULL;
}

/* PROG/VERS or PROG/LOW-HIGH */
static const char *endpoint_parse_rpc(struct endpoint_parsing *parsing, const char *text)
{
	struct endpoint *endpoint = &parsing->endpoint;
	const char *slash = strchr(text, '/'), *dash, *reason;

	if (!slash)
		return "a version is missing: PROGRAM/VERSION or PROGRAM/LOWEST-HIGHEST";
	reason = endpoint_parse_rpc_program(parsing, text, (size_t)(slash - text));
	if (reason)
		return reason;
	dash = strchrnul(slash, '-');
	if (!scan_unsigned(slash + 1, (size_t)(dash - slash - 1), UINT32_MAX, &endpoint->group))
		return "an RPC version is a number, or two with - between them";
	endpoint->highest = endpoint->group;
	if (*dash && !scan_unsigned(dash + 1, strlen(dash + 1), UINT32_MAX, &endpoint->highest))
		return "an RPC version is a number, or two with - between them";
	if (endpoint->highest < endpoint->group)
		return "the lower of two RPC versions must be first";
	return endpoint->highest - endpoint->group >= RPC_VERSIONS ? "a program has at most 100 RPC versions" : NULL;
}

/* [+]NAME */
static const char *endpoint_parse_tcpmux(struct endpoint_parsing *parsing, const char *text)
{
	const char *name = text + (text[0] == '+');

	if (!*name || strlen(name) > 255 || strpbrk(name, " \t/"))
		return "a TCPMUX name has 1 to 255 characters without blanks and /, with + before it if superd sends "
		       "the greeting";
	if (!strcasecmp(name, "help"))
		return "help is the request of TCPMUX clients for the list of names (RFC 1078)";
	return endpoint_parse_text(parsing, text, &parsing->endpoint.address);
}

static const char *(*const parsers[ENDPOINT_KINDS])(struct endpoint_parsing *parsing, const char *text) = {
	[ENDPOINT_TCP] = endpoint_parse_inet,	     [ENDPOINT_UDP] = endpoint_parse_inet,
	[ENDPOINT_SCTP] = endpoint_parse_inet,	     [ENDPOINT_UNIX] = endpoint_parse_node,
	[ENDPOINT_UNIX_DGRAM] = endpoint_parse_node, [ENDPOINT_SEQPACKET] = endpoint_parse_node,
	[ENDPOINT_FIFO] = endpoint_parse_file,	     [ENDPOINT_SPECIAL] = endpoint_parse_file,
	[ENDPOINT_NETLINK] = endpoint_parse_netlink, [ENDPOINT_VSOCK] = endpoint_parse_vsock,
	[ENDPOINT_RPC_TCP] = endpoint_parse_rpc,     [ENDPOINT_RPC_UDP] = endpoint_parse_rpc,
	[ENDPOINT_TCPMUX] = endpoint_parse_tcpmux,   [ENDPOINT_RAW] = endpoint_parse_raw,
	[ENDPOINT_MQUEUE] = endpoint_parse_mqueue,
};

static const struct prefix *prefix_find(const char *text, size_t length)
{
	for (size_t i = 0; i < endpoint_prefix_count; i++) {
		const char *word = endpoint_prefixes[i].word;

		if (scan_is_word(text, length, word))
			return &endpoint_prefixes[i];
	}
	return NULL;
}

unsigned endpoint_kind_named(const char *text)
{
	size_t length = strcspn(text, ":");
	const struct prefix *prefix = text[length] ? prefix_find(text, length) : NULL;

	return prefix ? 1u << prefix->kind : 0;
}

/* Reads WORD:REST where the word is no kind: it is a host, unless it is near a kind, or what follows is no port. */
static const char *endpoint_parse_unknown(struct endpoint_parsing *parsing, const char *text, const char *colon)
{
	const char *word = pool_text_n(parsing->pool, text, (size_t)(colon - text));
	struct scan_nearest nearest = { .name = word, .most = 2 };

	if (!word)
		return NO_MEMORY;
	for (size_t i = 0; i < endpoint_prefix_count; i++) {
		scan_nearest_look(&nearest, endpoint_prefixes[i].word);
		nearest.word = strcasecmp(word, endpoint_prefixes[i].word) ? nearest.word : endpoint_prefixes[i].word;
	}
	if (nearest.word && !strchr(word, '.'))
		return endpoint_parse_or_memory(pool_textf(parsing->pool,
							   "there is no kind '%s'; did you mean '%s'? A host is "
							   "written tcp:HOST:PORT",
							   word, nearest.word));
	if (strpbrk(colon + 1, "/@: ") || strchr(word, '/'))
		return endpoint_parse_or_memory(
			pool_textf(parsing->pool, "there is no kind '%s'; there are " KINDS, word));
	return endpoint_parse_inet(parsing, text);
}

/* Reads a text without a kind. */
static const char *endpoint_parse_bare(struct endpoint_parsing *parsing, const char *text)
{
	const char *colon = strchr(text, ':');
	const struct prefix *prefix;

	/* A text of the characters of an IPv6 address, too, for a message about the missing brackets. */
	if (text[0] == '[' || text[0] == '*' || strchr("%", text[strspn(text, DIGITS "abcdefABCDEF:.")]))
		return endpoint_parse_inet(parsing, text);
	if (colon)
		return endpoint_parse_unknown(parsing, text, colon);
	if (strchr(text, '/'))
		return "a path starts with /";
	prefix = prefix_find(text, strlen(text));
	if (prefix && prefix->kind != ENDPOINT_TCPMUX)  /* tcpmux is also a name of services(5): port 1 */
		return endpoint_parse_or_memory(
			pool_textf(parsing->pool, "a kind needs an address, as in %s:ADDRESS", text));
	return endpoint_parse_inet(parsing, text);
}

static const char *endpoint_parse_endpoint(struct endpoint_parsing *parsing, const char *text)
{
	const char *colon = strchr(text, ':');
	const struct prefix *prefix = colon ? prefix_find(text, (size_t)(colon - text)) : NULL;

	parsing->endpoint.kind = ENDPOINT_TCP;
	if (text[0] == '/' || text[0] == '@' || !strncmp(text, ENDPOINT_RUNTIME, strlen(ENDPOINT_RUNTIME))) {
		parsing->endpoint.kind = ENDPOINT_UNIX;
		return endpoint_parse_node(parsing, text);
	}
	if (!prefix)
		return endpoint_parse_bare(parsing, text);
	parsing->endpoint.kind = (uint8_t)prefix->kind;
	parsing->endpoint.family = (uint8_t)prefix->family;
	if (!colon[1])
		return "the address after the colon is missing";
	return parsers[prefix->kind](parsing, colon + 1);
}

const char *endpoint_parse(const char *text, struct pool *pool, const struct endpoint **out)
{
	struct endpoint_parsing parsing = { .pool = pool };
	const char *reason;

	if (!*text)
		return "an endpoint is a port, an address with a port, or a path, as in 80, 127.0.0.1:80, /run/x.sock";
	for (const char *c = text; *c; c++) {
		if (iscntrl((unsigned char)*c) && *c != '\t')
			return "an endpoint has no control characters in it";
	}
	reason = endpoint_parse_endpoint(&parsing, text);
	if (reason)
		return endpoint_parse_or_memory(pool_textf(pool, "'%s': %s", text, reason));
	*out = pool_keep(pool, &parsing.endpoint, sizeof(parsing.endpoint));
	return *out ? NULL : NO_MEMORY;
}
