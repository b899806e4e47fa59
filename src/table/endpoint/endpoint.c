/* A parsed endpoint: its canonical text and its properties.
 *
 * --print, the control socket and the comparison of tables at a reload use the canonical text. So endpoint_parse must
 * read every text that endpoint_format writes back to the same bytes. */
#include "table/endpoint/endpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "table/endpoint/endpoint_internal.h"

/* In the order in which "did you mean" prefers them. */
const struct prefix endpoint_prefixes[] = {
	{ "tcp", ENDPOINT_TCP, FAMILY_ANY },
	{ "tcp4", ENDPOINT_TCP, FAMILY_IPV4 },
	{ "tcp6", ENDPOINT_TCP, FAMILY_IPV6 },
	{ "udp", ENDPOINT_UDP, FAMILY_ANY },
	{ "udp4", ENDPOINT_UDP, FAMILY_IPV4 },
	{ "udp6", ENDPOINT_UDP, FAMILY_IPV6 },
	{ "sctp", ENDPOINT_SCTP, FAMILY_ANY },
	{ "sctp4", ENDPOINT_SCTP, FAMILY_IPV4 },
	{ "sctp6", ENDPOINT_SCTP, FAMILY_IPV6 },
	{ "unix", ENDPOINT_UNIX, FAMILY_ANY },
	{ "unix-dgram", ENDPOINT_UNIX_DGRAM, FAMILY_ANY },
	{ "seqpacket", ENDPOINT_SEQPACKET, FAMILY_ANY },
	{ "fifo", ENDPOINT_FIFO, FAMILY_ANY },
	{ "special", ENDPOINT_SPECIAL, FAMILY_ANY },
	{ "netlink", ENDPOINT_NETLINK, FAMILY_ANY },
	{ "vsock", ENDPOINT_VSOCK, FAMILY_ANY },
	{ "mqueue", ENDPOINT_MQUEUE, FAMILY_ANY },
	{ "rpc/tcp", ENDPOINT_RPC_TCP, FAMILY_ANY },
	{ "rpc/tcp4", ENDPOINT_RPC_TCP, FAMILY_IPV4 },
	{ "rpc/tcp6", ENDPOINT_RPC_TCP, FAMILY_IPV6 },
	{ "rpc/udp", ENDPOINT_RPC_UDP, FAMILY_ANY },
	{ "rpc/udp4", ENDPOINT_RPC_UDP, FAMILY_IPV4 },
	{ "rpc/udp6", ENDPOINT_RPC_UDP, FAMILY_IPV6 },
	{ "tcpmux", ENDPOINT_TCPMUX, FAMILY_ANY },
	{ "raw", ENDPOINT_RAW, FAMILY_IPV4 },
	{ "raw4", ENDPOINT_RAW, FAMILY_IPV4 },
	{ "raw6", ENDPOINT_RAW, FAMILY_IPV6 },
};

const size_t endpoint_prefix_count = sizeof(endpoint_prefixes) / sizeof(endpoint_prefixes[0]);

/* pool_keep compares bytes, so the struct must have no padding. */
_Static_assert(offsetof(struct endpoint, address) == 2 * sizeof(uint8_t) + sizeof(uint16_t) + 3 * sizeof(uint32_t),
	       "struct endpoint has no padding");

static bool address_is_literal(const struct endpoint *endpoint)
{
	const char *address = endpoint->address;

	/* A host name that is all digits and dots was refused by the parser. */
	return address && (strchr(address, ':') || !address[strspn(address, "0123456789.")]);
}

static const char *endpoint_prefix(const struct endpoint *endpoint)
{
	unsigned family = endpoint->family;

	if (endpoint_has_port(endpoint) && address_is_literal(endpoint))
		family = FAMILY_ANY;    /* the address shows the family */
	for (size_t i = 0; i < endpoint_prefix_count; i++) {
		const struct prefix *prefix = &endpoint_prefixes[i];

		if (prefix->kind == endpoint->kind && prefix->family == family)
			return prefix->word;
	}
	return "";
}

static void format_inet(const struct endpoint *endpoint, struct buf *out)
{
	if (endpoint->address)
		buf_addf(out, strchr(endpoint->address, ':') ? "[%s]:" : "%s:", endpoint->address);
	if (endpoint->port_name)
		buf_text(out, endpoint->port_name);
	else
		buf_addf(out, "%u", endpoint->port);
	if (endpoint->interface)
		buf_addf(out, "%%%s", endpoint->interface);
}

/* The program of RPC, or the protocol of RAW. */
static void format_number(const struct endpoint *endpoint, struct buf *out)
{
	if (endpoint->port_name)
		buf_text(out, endpoint->port_name);
	else
		buf_addf(out, "%" PRIu32, endpoint->number);
}

static void format_rpc(const struct endpoint *endpoint, struct buf *out)
{
	format_number(endpoint, out);
	buf_addf(out, "/%" PRIu32, endpoint->group);
	if (endpoint->highest > endpoint->group)
		buf_addf(out, "-%" PRIu32, endpoint->highest);
}

static void format_raw(const struct endpoint *endpoint, struct buf *out)
{
	format_number(endpoint, out);
	if (endpoint->address)
		buf_addf(out, "@%s", endpoint->address);
	if (endpoint->interface)
		buf_addf(out, "%%%s", endpoint->interface);
}

static void format_vsock(const struct endpoint *endpoint, struct buf *out)
{
	if (endpoint->number != ANY_CID)
		buf_addf(out, "%" PRIu32, endpoint->number);
	buf_addf(out, ":%" PRIu32, endpoint->group);
}

static void format_netlink(const struct endpoint *endpoint, struct buf *out)
{
	buf_text(out, endpoint->address);
	if (endpoint->group)
		buf_addf(out, " %" PRIu32, endpoint->group);
}

void endpoint_format(const struct endpoint *endpoint, struct buf *out)
{
	/* A path or an @name alone is a stream socket. */
	if (endpoint->kind != ENDPOINT_UNIX)
		buf_addf(out, "%s:", endpoint_prefix(endpoint));
	switch (endpoint->kind) {
	case ENDPOINT_TCP:
	case ENDPOINT_UDP:
	case ENDPOINT_SCTP:
		format_inet(endpoint, out);
		break;
	case ENDPOINT_RPC_TCP:
	case ENDPOINT_RPC_UDP:
		format_rpc(endpoint, out);
		break;
	case ENDPOINT_RAW:
		format_raw(endpoint, out);
		break;
	case ENDPOINT_VSOCK:
		format_vsock(endpoint, out);
		break;
	case ENDPOINT_NETLINK:
		format_netlink(endpoint, out);
		break;
	default:
		buf_text(out, endpoint->address);
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
	return a == b || (a->kind == b->kind && a->family == b->family && a->port == b->port &&
			  a->number == b->number && a->group == b->group && a->highest == b->highest &&
			  text_equal(a->address, b->address) && text_equal(a->port_name, b->port_name) &&
			  text_equal(a->interface, b->interface));
}

bool endpoint_is_path(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_FIFO || (endpoint_is(endpoint, KINDS_UNIX) && endpoint->address[0] != '@');
}

bool endpoint_is_below_runtime(const struct endpoint *endpoint)
{
	return endpoint_is_path(endpoint) && endpoint->address[0] == ENDPOINT_RUNTIME[0];
}
