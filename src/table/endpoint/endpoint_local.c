/* Reads endpoints without host and port: paths, abstract names, netlink, vsock, RPC and TCPMUX.
 *
 * Some texts would fail only at bind(2): a path that is too long for sun_path (unix(7)), a directory in place of a
 * socket, a reversed range of versions. They are refused here, where superd can still name the reason. */
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "lib/scan.h"
#include "table/endpoint/endpoint_internal.h"

#define RPC_VERSIONS 100                /* most versions; rpcbind(8) registers each */
#define NODE_MOST (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

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

const char *endpoint_parse_node(struct endpoint_parsing *parsing, const char *text)
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

const char *endpoint_parse_file(struct endpoint_parsing *parsing, const char *text)
{
	return endpoint_parse_path(parsing, text, PATH_MAX - 1);
}

const char *endpoint_parse_mqueue(struct endpoint_parsing *parsing, const char *text)
{
	if (text[0] != '/' || !text[1] || strchr(text + 1, '/') || !strcmp(text, "/.") || !strcmp(text, "/.."))
		return "the name of a message queue is / and then a name without another /";
	if (strlen(text) > NAME_MAX)
		return "the name of a message queue has at most 254 bytes after its /";
	return endpoint_parse_text(parsing, text, &parsing->endpoint.address);
}

static const char *netlink_suggest(struct endpoint_parsing *parsing, const char *text, int length)
{
	const char *word = pool_text_n(parsing->pool, text, (size_t)length), *nearest = NULL;
	unsigned best = 3;

	for (size_t i = 0; word && i < NETLINK_FAMILIES; i++) {
		unsigned distance = netlink_names[i] ? scan_distance(word, netlink_names[i], 2) : best;

		if (distance < best) {
			best = distance;
			nearest = netlink_names[i];
		}
	}
	if (nearest)
		return endpoint_parse_or_memory(pool_textf(parsing->pool,
							   "there is no netlink family '%s'; did you mean '%s'?",
							   word, nearest));
	return "a netlink family is a number up to 31 or a name such as route, audit or kobject-uevent";
}

static const char *endpoint_parse_netlink_family(struct endpoint_parsing *parsing, const char *text, size_t length)
{
	struct endpoint *endpoint = &parsing->endpoint;
	uint32_t number = NETLINK_FAMILIES;

	if (!endpoint_parse_number(text, length, &number)) {
		for (number = 0; number < NETLINK_FAMILIES; number++) {
			const char *name = netlink_names[number];

			if (name && strlen(name) == length && !memcmp(name, text, length))
				break;
		}
	}
	if (number >= NETLINK_FAMILIES)
		return netlink_suggest(parsing, text, (int)length);
	endpoint->number = number;
	if (netlink_names[number])
		return endpoint_parse_text(parsing, netlink_names[number], &endpoint->address);
	endpoint->address = pool_textf(parsing->pool, "%" PRIu32, number);
	return endpoint->address ? NULL : NO_MEMORY;
}

const char *endpoint_parse_netlink(struct endpoint_parsing *parsing, const char *text)
{
	const char *family = text + strspn(text, " \t");
	size_t length = strcspn(family, " \t");
	const char *group = family + length + strspn(family + length, " \t");
	const char *reason = endpoint_parse_netlink_family(parsing, family, length);

	if (reason)
		return reason;
	if (*group && !endpoint_parse_number(group, strlen(group), &parsing->endpoint.group))
		return "a netlink group is a number up to 4294967295 at the end of the text";
	return NULL;
}

const char *endpoint_parse_vsock(struct endpoint_parsing *parsing, const char *text)
{
	struct endpoint *endpoint = &parsing->endpoint;
	const char *colon = strchr(text, ':');

	if (!colon)
		return "a port is missing: vsock:CID:PORT, or vsock::PORT for any CID";
	endpoint->number = ANY_CID;
	if (colon != text && strncmp(text, "*:", 2) != 0 &&
	    !endpoint_parse_number(text, (size_t)(colon - text), &endpoint->number))
		return "a CID is a number up to 4294967295, or nothing for any";
	if (!endpoint_parse_number(colon + 1, strlen(colon + 1), &endpoint->group) || endpoint->group == UINT32_MAX)
		return "a port of vsock is a number up to 4294967294";
	return NULL;
}

static const char *endpoint_parse_rpc_program(struct endpoint_parsing *parsing, const char *text, size_t length)
{
	const char *name;

	if (endpoint_parse_number(text, length, &parsing->endpoint.number))
		return NULL;
	name = pool_text_n(parsing->pool, text, length);
	if (!name)
		return NO_MEMORY;
	if (!text_is_name(name))
		return "an RPC program is a number up to 4294967295 or a name of rpc(5)";
	parsing->endpoint.port_name = name;
	return NULL;
}

const char *endpoint_parse_rpc(struct endpoint_parsing *parsing, const char *text)
{
	struct endpoint *endpoint = &parsing->endpoint;
	const char *slash = strchr(text, '/'), *dash, *reason;

	if (!slash)
		return "a version is missing: PROGRAM/VERSION or PROGRAM/LOWEST-HIGHEST";
	reason = endpoint_parse_rpc_program(parsing, text, (size_t)(slash - text));
	if (reason)
		return reason;
	dash = strchrnul(slash, '-');
	if (!endpoint_parse_number(slash + 1, (size_t)(dash - slash - 1), &endpoint->group))
		return "an RPC version is a number, or two with - between them";
	endpoint->highest = endpoint->group;
	if (*dash && !endpoint_parse_number(dash + 1, strlen(dash + 1), &endpoint->highest))
		return "an RPC version is a number, or two with - between them";
	if (endpoint->highest < endpoint->group)
		return "the lower of two RPC versions must be first";
	return endpoint->highest - endpoint->group >= RPC_VERSIONS ? "a program has at most 100 RPC versions" : NULL;
}

const char *endpoint_parse_tcpmux(struct endpoint_parsing *parsing, const char *text)
{
	const char *name = text + (text[0] == '+');

	if (!*name || strlen(name) > 255 || strpbrk(name, " \t/"))
		return "a TCPMUX name has 1 to 255 characters without blanks and /, with + before it if superd sends "
		       "the greeting";
	if (!strcasecmp(name, "help"))
		return "help is the request of TCPMUX clients for the list of names (RFC 1078)";
	return endpoint_parse_text(parsing, text, &parsing->endpoint.address);
}
