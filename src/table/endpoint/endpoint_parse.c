/* Reads an endpoint as a person writes it, and explains what is wrong with it.
 *
 * A text without a kind may be a port, a host with a port, a path or a mistake. A refusal names the right form, because
 * most wrong endpoints are one character away from a right one. endpoint_inet.c and endpoint_local.c read the text
 * behind the kind. */
#include "table/endpoint/endpoint.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/scan.h"
#include "table/endpoint/endpoint_internal.h"

#define KINDS \
	"tcp, udp, sctp, unix, unix-dgram, seqpacket, fifo, special, netlink, vsock, mqueue, raw, rpc/tcp, rpc/udp " \
	"and tcpmux"

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

		if (strlen(word) == length && !memcmp(word, text, length))
			return &endpoint_prefixes[i];
	}
	return NULL;
}

static const char *prefix_suggest(const char *word)
{
	for (size_t i = 0; i < endpoint_prefix_count; i++) {
		const char *known = endpoint_prefixes[i].word;
		unsigned most = strlen(known) < 6 ? 1 : 2;

		if (!strcasecmp(word, known) || scan_distance(word, known, most) <= most)
			return known;
	}
	return NULL;
}

/* Reads WORD:REST where the word is no kind: it is a misspelt kind, or a host. */
static const char *endpoint_parse_unknown(struct endpoint_parsing *parsing, const char *text, const char *colon)
{
	const char *word = pool_text_n(parsing->pool, text, (size_t)(colon - text));
	struct endpoint_parsing host = *parsing;
	const char *nearest;

	if (!word)
		return NO_MEMORY;
	nearest = strchr(word, '.') ? NULL : prefix_suggest(word);
	if (!nearest && (strpbrk(colon + 1, "/@: ") || strchr(word, '/')))
		return endpoint_parse_or_memory(
			pool_textf(parsing->pool, "there is no kind '%s'; there are " KINDS, word));
	if (nearest && endpoint_parse_inet(&host, text) == NULL)
		return endpoint_parse_or_memory(pool_textf(parsing->pool,
							   "there is no kind '%s'; did you mean '%s'? "
							   "(a host of that name is written tcp:%s)",
							   word, nearest, text));
	if (nearest)
		return endpoint_parse_or_memory(pool_textf(parsing->pool, "there is no kind '%s'; did you mean '%s'?",
							   word, nearest));
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
