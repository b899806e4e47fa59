/* An endpoint: read as a person writes it, with an explanation of what is wrong with it; its canonical text; its
 * properties.
 *
 * A text without a kind may be a port, a host with a port, a path or a mistake. A refusal names the right form, because
 * most wrong endpoints are one character away from a right one. Some would fail only at bind(2): a path that is too
 * long for sun_path (unix(7)), a directory in place of a socket, a reversed range of versions. They are refused here,
 * where superd can still name the reason.
 *
 * One address has many texts. inet_ntop(3) gives literals one form, a literal determines the family, and both wildcards
 * become "no address". So the table notices two services that claim the same address.
 *
 * --print, the control socket and the comparison of tables at a reload use the canonical text. So endpoint_parse must
 * read every text that endpoint_format writes back to the same bytes. */
#include "table/endpoint/endpoint.h"

#include <arpa/inet.h>
#include <net/if.h>

#define KINDS \
	"tcp, udp, sctp, unix, unix-dgram, seqpacket, fifo, special, netlink, vsock, mqueue, raw, rpc/tcp, rpc/udp " \
	"and tcpmux"
#define INET_MOST 512	  /* room for a host name of 253, a port's name and an interface */
#define RAW_PROTOCOLS 254 /* 255 is IPPROTO_RAW, which only sends: raw(7) */
#define HOST_MOST 253	  /* RFC 1035 */
#define RPC_VERSIONS 100  /* most versions; rpcbind(8) registers each */
#define NODE_MOST (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)
#define ANY_CID UINT32_MAX /* VMADDR_CID_ANY */

/* An endpoint while it is read. Each function endpoint_parse_x reads the text behind the colon of a kind, or a part of
 * it. It returns NULL, or the mistake and its correction. */
struct endpoint_parsing {
	struct pool *pool; /* borrowed; for texts and messages */
	struct endpoint endpoint;
};

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

static const char *endpoint_parse_ipv6(struct endpoint_parsing *parsing, const char *text)
{
	struct in6_addr address;
	char canonical[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET6, text, &address) != 1)
		return reason_or_memory(pool_textf(parsing->pool, "'%s' in brackets is no IPv6 address", text));
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
	if (inet_pton(AF_INET, host, &address) == 1) {
		/* It takes only what inet_ntop(3) writes: no leading zeros, no fewer parts. */
		if (parsing->endpoint.family == FAMILY_IPV6)
			return "this is an IPv4 address: use the kind that ends in 4 or has no number";
		parsing->endpoint.family = FAMILY_IPV4;
		if (address.s_addr == htonl(INADDR_ANY))
			return NULL;
		return endpoint_parse_text(parsing, host, &parsing->endpoint.address);
	}
	if (text_only(host, DIGITS "."))
		return reason_or_memory(pool_textf(parsing->pool, "'%s' is no IPv4 address", host));
	if (!text_is_host(host))
		return reason_or_memory(pool_textf(parsing->pool, "'%s' is no name of a host", host));
	return endpoint_parse_text(parsing, host, &parsing->endpoint.address);
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

/* PROTOCOL[@HOST][%IFACE]. An IPv6 address needs no brackets, as no port follows. */
static const char *endpoint_parse_raw(struct endpoint_parsing *parsing, const char *text)
{
	char copy[INET_MOST], *host, *close;
	const char *reason = endpoint_parse_front(parsing, text, copy);
	uint32_t number;

	if (reason)
		return reason;
	host = strchr(copy, '@');
	if (host)
		*host++ = '\0';
	if (scan_unsigned(copy, strlen(copy), RAW_PROTOCOLS, &number) && number)
		parsing->endpoint.number = number;
	else if (text_is_name(copy))
		reason = endpoint_parse_text(parsing, copy, &parsing->endpoint.port_name);
	else
		reason = "a protocol is a number from 1 to 254 or a name of protocols(5)";
	if (reason || !host)
		return reason;
	if (!*host)
		return "the host after the @ is missing";
	close = host + strlen(host) - 1;
	if (*host == '[' && *close == ']') {
		*close = '\0';
		host++;
	}
	return strchr(host, ':') ? endpoint_parse_ipv6(parsing, host) : endpoint_parse_host(parsing, host);
}

/* [HOST:]PORT[%IFACE] */
static const char *endpoint_parse_inet(struct endpoint_parsing *parsing, const char *text)
{
	char copy[INET_MOST], *colon, *close;
	const char *reason = endpoint_parse_front(parsing, text, copy);

	if (reason)
		return reason;
	if (copy[0] == '[') {
		close = strchr(copy, ']');
		if (!close)
			return "the [ is not closed: [V6]:PORT";
		*close = '\0';
		if (close[1] != ':')
			return reason_or_memory(pool_textf(parsing->pool, "a port is missing: [%s]:PORT", copy + 1));
		reason = endpoint_parse_ipv6(parsing, copy + 1);
		return reason ? reason : endpoint_parse_port(parsing, close + 2);
	}
	colon = strrchr(copy, ':');
	if (colon && strchr(copy, ':') != colon)
		return "an IPv6 address needs brackets: [::1]:PORT";
	if (!colon && strchr(copy, '.') && text_only(copy, DIGITS "."))
		return reason_or_memory(pool_textf(parsing->pool, "a port is missing: %s:PORT", copy));
	if (!colon)
		return endpoint_parse_port(parsing, copy);
	*colon = '\0';
	reason = endpoint_parse_host(parsing, copy);
	return reason ? reason : endpoint_parse_port(parsing, colon + 1);
}

/* By the numbers of linux/netlink.h; names as in systemd.socket(5), ListenNetlink=. */
static const char *const netlink_names[32] = {
	[0] = "route",	    [2] = "usersock",	    [3] = "firewall",  [4] = "inet-diag", [5] = "nflog",
	[6] = "xfrm",	    [7] = "selinux",	    [8] = "iscsi",     [9] = "audit",	  [10] = "fib-lookup",
	[11] = "connector", [12] = "netfilter",	    [13] = "ip6-fw",   [14] = "dnrtmsg",  [15] = "kobject-uevent",
	[16] = "generic",   [18] = "scsitransport", [19] = "ecryptfs", [20] = "rdma",	  [21] = "crypto",
	[22] = "smc",
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

/* /path */
static const char *endpoint_parse_path(struct endpoint_parsing *parsing, const char *path)
{
	size_t most = endpoint_is(&parsing->endpoint, KINDS_UNIX) ? NODE_MOST : PATH_MAX - 1;
	bool below = parsing->endpoint.kind != ENDPOINT_SPECIAL && is_below_runtime(path);
	size_t length = strlen(path), prefix = below ? strlen(ENDPOINT_RUNTIME) : 0;
	char simple[PATH_MAX] = ENDPOINT_RUNTIME;

	if (path[prefix] != '/')
		return "a path starts with /";
	if (length > most)
		return reason_or_memory(
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
		return endpoint_parse_path(parsing, text);
	if (text[0] != '@')
		return "a path starts with /, an abstract name with @";
	if (!text[1])
		return "the name after the @ is missing";
	if (strlen(text) > NODE_MOST)
		return reason_or_memory(
			pool_textf(parsing->pool, "an abstract name has at most %zu bytes with its @", NODE_MOST));
	return endpoint_parse_text(parsing, text, &parsing->endpoint.address);
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

/* FAMILY [GROUP] */
static const char *endpoint_parse_netlink(struct endpoint_parsing *parsing, const char *text)
{
	const char *family = text + strspn(text, " \t");
	size_t length = strcspn(family, " \t");
	const char *group = family + length + strspn(family + length, " \t");
	struct endpoint *endpoint = &parsing->endpoint;
	uint32_t *number = &endpoint->number;

	if (!scan_unsigned(family, length, UINT32_MAX, number)) {
		for (*number = 0; *number < NETLINK_FAMILIES; ++*number) {
			const char *name = netlink_names[*number];

			if (name && scan_is_word(family, length, name))
				break;
		}
	}
	if (*number >= NETLINK_FAMILIES)
		return "a netlink family is a number up to 31 or a name such as route, audit or kobject-uevent";
	if (netlink_names[*number])
		endpoint->address = pool_text(parsing->pool, netlink_names[*number]);
	else
		endpoint->address = pool_textf(parsing->pool, "%" PRIu32, *number);
	if (!endpoint->address)
		return NO_MEMORY;
	if (*group && !scan_unsigned(group, strlen(group), UINT32_MAX, &endpoint->group))
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

/* PROG/VERS or PROG/LOW-HIGH */
static const char *endpoint_parse_rpc(struct endpoint_parsing *parsing, const char *text)
{
	struct endpoint *endpoint = &parsing->endpoint;
	const char *slash = strchr(text, '/'), *dash, *high;

	if (!slash)
		return "a version is missing: PROGRAM/VERSION or PROGRAM/LOWEST-HIGHEST";
	if (!scan_unsigned(text, (size_t)(slash - text), UINT32_MAX, &endpoint->number)) {
		endpoint->port_name = pool_text_n(parsing->pool, text, (size_t)(slash - text));
		if (!endpoint->port_name)
			return NO_MEMORY;
		if (!text_is_name(endpoint->port_name))
			return "an RPC program is a number up to 4294967295 or a name of rpc(5)";
	}
	dash = strchrnul(slash, '-');
	high = *dash ? dash + 1 : slash + 1;
	if (!scan_unsigned(slash + 1, (size_t)(dash - slash - 1), UINT32_MAX, &endpoint->group) ||
	    !scan_unsigned(high, strlen(high), UINT32_MAX, &endpoint->highest))
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

#define FAMILIES 3

/* In the order in which "did you mean" prefers them. */
static const struct {
	const char *words[FAMILIES]; /* in front of the colon, by the family that they say */
	const char *(*parse)(struct endpoint_parsing *parsing, const char *text);
} kinds[ENDPOINT_KINDS] = {
	[ENDPOINT_TCP] = { { "tcp", "tcp4", "tcp6" }, endpoint_parse_inet },
	[ENDPOINT_UDP] = { { "udp", "udp4", "udp6" }, endpoint_parse_inet },
	[ENDPOINT_SCTP] = { { "sctp", "sctp4", "sctp6" }, endpoint_parse_inet },
	[ENDPOINT_UNIX] = { { "unix" }, endpoint_parse_node },
	[ENDPOINT_UNIX_DGRAM] = { { "unix-dgram" }, endpoint_parse_node },
	[ENDPOINT_SEQPACKET] = { { "seqpacket" }, endpoint_parse_node },
	[ENDPOINT_FIFO] = { { "fifo" }, endpoint_parse_path },
	[ENDPOINT_SPECIAL] = { { "special" }, endpoint_parse_path },
	[ENDPOINT_NETLINK] = { { "netlink" }, endpoint_parse_netlink },
	[ENDPOINT_VSOCK] = { { "vsock" }, endpoint_parse_vsock },
	[ENDPOINT_MQUEUE] = { { "mqueue" }, endpoint_parse_mqueue },
	[ENDPOINT_RPC_TCP] = { { "rpc/tcp", "rpc/tcp4", "rpc/tcp6" }, endpoint_parse_rpc },
	[ENDPOINT_RPC_UDP] = { { "rpc/udp", "rpc/udp4", "rpc/udp6" }, endpoint_parse_rpc },
	[ENDPOINT_TCPMUX] = { { "tcpmux" }, endpoint_parse_tcpmux },
	[ENDPOINT_RAW] = { { "raw", "raw4", "raw6" }, endpoint_parse_raw }, /* raw: is raw4: */
};

/* The word of a kind and a family by its number; NULL: none. */
static const char *kind_word(unsigned n)
{
	return kinds[n / FAMILIES].words[n % FAMILIES];
}

/* Sets what the text names. false: it is no kind. */
static bool kind_find(const char *text, size_t length, struct endpoint *out)
{
	for (unsigned n = 0; n < ENDPOINT_KINDS * FAMILIES; n++) {
		if (!kind_word(n) || !scan_is_word(text, length, kind_word(n)))
			continue;
		out->kind = (uint8_t)(n / FAMILIES);
		out->family = (uint8_t)(n % FAMILIES);
		if (out->kind == ENDPOINT_RAW && out->family == FAMILY_ANY)
			out->family = FAMILY_IPV4;
		return true;
	}
	return false;
}

unsigned endpoint_kind_named(const char *text)
{
	size_t length = strcspn(text, ":");
	struct endpoint named;

	return text[length] && kind_find(text, length, &named) ? 1u << named.kind : 0;
}

/* Reads WORD:REST where the word is no kind: it is a host, unless it is near a kind, or what follows is no port. */
static const char *endpoint_parse_unknown(struct endpoint_parsing *parsing, const char *text, const char *colon)
{
	const char *word = pool_text_n(parsing->pool, text, (size_t)(colon - text));
	struct scan_nearest nearest = { .name = word, .most = 2 };

	if (!word)
		return NO_MEMORY;
	for (unsigned n = 0; n < ENDPOINT_KINDS * FAMILIES; n++) {
		if (kind_word(n))
			scan_nearest_look(&nearest, kind_word(n));
		if (kind_word(n) && !strcasecmp(word, kind_word(n)))
			nearest.word = kind_word(n);
	}
	if (nearest.word && !strchr(word, '.'))
		return reason_or_memory(pool_textf(parsing->pool,
						   "there is no kind '%s'; did you mean '%s'? A host is "
						   "written tcp:HOST:PORT",
						   word, nearest.word));
	if (strpbrk(colon + 1, "/@: ") || strchr(word, '/'))
		return reason_or_memory(pool_textf(parsing->pool, "there is no kind '%s'; there are " KINDS, word));
	return endpoint_parse_inet(parsing, text);
}

/* Reads a text without a kind. */
static const char *endpoint_parse_bare(struct endpoint_parsing *parsing, const char *text)
{
	const char *colon = strchr(text, ':');
	struct endpoint named;

	/* A text of the characters of an IPv6 address, too, for a message about the missing brackets. */
	if (text[0] == '[' || text[0] == '*' || strchr("%", text[strspn(text, DIGITS "abcdefABCDEF:.")]))
		return endpoint_parse_inet(parsing, text);
	if (colon)
		return endpoint_parse_unknown(parsing, text, colon);
	if (strchr(text, '/'))
		return "a path starts with /";
	/* tcpmux is also a name of services(5): port 1. */
	if (kind_find(text, strlen(text), &named) && named.kind != ENDPOINT_TCPMUX)
		return reason_or_memory(pool_textf(parsing->pool, "a kind needs an address, as in %s:ADDRESS", text));
	return endpoint_parse_inet(parsing, text);
}

const char *endpoint_parse(const char *text, struct pool *pool, const struct endpoint **out)
{
	struct endpoint_parsing parsing = { .pool = pool, .endpoint.kind = ENDPOINT_TCP };
	const char *colon = strchr(text, ':'), *reason;

	if (!*text)
		return "an endpoint is a port, an address with a port, or a path, as in 80, 127.0.0.1:80, /run/x.sock";
	for (const char *c = text; *c; c++) {
		if (iscntrl((unsigned char)*c) && *c != '\t')
			return "an endpoint has no control characters in it";
	}
	if (text[0] == '/' || text[0] == '@' || !strncmp(text, ENDPOINT_RUNTIME, strlen(ENDPOINT_RUNTIME))) {
		parsing.endpoint.kind = ENDPOINT_UNIX;
		reason = endpoint_parse_node(&parsing, text);
	} else if (!colon || !kind_find(text, (size_t)(colon - text), &parsing.endpoint)) {
		reason = endpoint_parse_bare(&parsing, text);
	} else {
		reason = colon[1] ? kinds[parsing.endpoint.kind].parse(&parsing, colon + 1)
				  : "the address after the colon is missing";
	}
	if (reason)
		return reason_or_memory(pool_textf(pool, "'%s': %s", text, reason));
	*out = pool_keep(pool, &parsing.endpoint, sizeof(parsing.endpoint));
	return *out ? NULL : NO_MEMORY;
}

/* pool_keep compares bytes, so the struct must have no padding. */
_Static_assert(offsetof(struct endpoint, address) == 2 * sizeof(uint8_t) + sizeof(uint16_t) + 3 * sizeof(uint32_t),
	       "struct endpoint has no padding");

/* The program of RPC, or the protocol of RAW. */
static void format_number(const struct endpoint *endpoint, struct buf *out)
{
	if (endpoint->port_name)
		buf_text(out, endpoint->port_name);
	else
		buf_addf(out, "%" PRIu32, endpoint->number);
}

/* By no printf(3): a reload writes those of all services several times. */
void endpoint_format(const struct endpoint *endpoint, struct buf *out)
{
	const char *address = endpoint->address;
	unsigned family = endpoint->family;

	/* A literal shows the family. A host name that is all digits and dots was refused by the parser. */
	if ((endpoint_has_port(endpoint) && address && (strchr(address, ':') || text_only(address, DIGITS "."))) ||
	    (endpoint->kind == ENDPOINT_RAW && family == FAMILY_IPV4))
		family = FAMILY_ANY;
	/* A path or an @name alone is a stream socket. */
	if (endpoint->kind != ENDPOINT_UNIX) {
		buf_text(out, kinds[endpoint->kind].words[family]);
		buf_char(out, ':');
	}
	switch (endpoint->kind) {
	case ENDPOINT_TCP:
	case ENDPOINT_UDP:
	case ENDPOINT_SCTP:
		if (address) {
			bool is_ipv6 = strchr(address, ':');

			buf_text(out, is_ipv6 ? "[" : "");
			buf_text(out, address);
			buf_text(out, is_ipv6 ? "]:" : ":");
		}
		if (endpoint->port_name)
			buf_text(out, endpoint->port_name);
		else
			buf_number(out, endpoint->port);
		if (endpoint->interface)
			buf_addf(out, "%%%s", endpoint->interface);
		break;
	case ENDPOINT_RPC_TCP:
	case ENDPOINT_RPC_UDP:
		format_number(endpoint, out);
		buf_addf(out, "/%" PRIu32, endpoint->group);
		if (endpoint->highest > endpoint->group)
			buf_addf(out, "-%" PRIu32, endpoint->highest);
		break;
	case ENDPOINT_RAW:
		format_number(endpoint, out);
		if (address)
			buf_addf(out, "@%s", address);
		if (endpoint->interface)
			buf_addf(out, "%%%s", endpoint->interface);
		break;
	case ENDPOINT_VSOCK:
		if (endpoint->number != ANY_CID)
			buf_addf(out, "%" PRIu32, endpoint->number);
		buf_addf(out, ":%" PRIu32, endpoint->group);
		break;
	case ENDPOINT_NETLINK:
		buf_text(out, address);
		if (endpoint->group)
			buf_addf(out, " %" PRIu32, endpoint->group);
		break;
	default:
		buf_text(out, address);
	}
}

const char *endpoint_text(const struct endpoint *endpoint, char out[ENDPOINT_TEXT])
{
	struct buf text = { 0 };

	endpoint_format(endpoint, &text);
	snprintf(out, ENDPOINT_TEXT, "%s", buf_string(&text));
	buf_free(&text);
	return out;
}

static bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a == b ||
		(a->kind == b->kind && a->family == b->family && a->port == b->port && a->number == b->number &&
		 a->group == b->group && a->highest == b->highest && text_equal(a->address, b->address) &&
		 text_equal(a->port_name, b->port_name) && text_equal(a->interface, b->interface));
}

bool endpoint_is_path(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_FIFO || (endpoint_is(endpoint, KINDS_UNIX) && endpoint->address[0] != '@');
}

bool endpoint_is_below_runtime(const struct endpoint *endpoint)
{
	return endpoint_is_path(endpoint) && endpoint->address[0] == ENDPOINT_RUNTIME[0];
}
