/* Types of builtin and redirect.
 *
 * People write host and port as two words, or as one word with a colon between them, although an IPv6 address has
 * colons, too. Each form becomes two words. */
#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

#include "lib/scan.h"
#include "lib/shell_words.h"
#include "table/endpoint/endpoint_internal.h"
#include "table/type/type_internal.h"

#define HOST_AND_PORT \
	"expected a host and a port, as in \"192.0.2.1 80\" or \"[2001:db8::1]:80\", or the path of a unix socket"
#define PATH_MOST 107                   /* bytes of sun_path (unix(7)), without the NUL */

static const char *builtin_parse(struct parse *parse, void *field)
{
	const char *const *known = parse->directive->words;
	const char *name = parse->count ? parse->words[0] : "";

	for (size_t i = 0; known[i]; i++) {
		if (!strcmp(known[i], name))
			return list_field_parse(parse, field);
	}
	if (!strcmp(name, "auth"))
		return "superd no longer has it: exec can start an ident daemon, such as oidentd --stdio";
	return words_refuse(known, name, parse->pool);
}

const struct type type_builtin = {
	.name = "builtin", .kind = FIELD_WORDS, .is_tuple = true,
	.parse = builtin_parse, .format = command_field_format,
};

/* Whether it is an IPv6 address, also with an interface, as fe80::1%eth0. */
static bool is_ipv6(const char *host)
{
	struct in6_addr parsed;
	size_t length = strcspn(host, "%");

	if (host[length] && (!host[length + 1] || strlen(host + length) > IF_NAMESIZE))
		return false;
	return scan_address(host, length, &parsed) == AF_INET6;
}

static const char *host_refuse(const char *host)
{
	struct in_addr address;

	if (!*host)
		return "a host is missing before the port";
	if (strchr(host, ':'))
		return is_ipv6(host) ? NULL : "this host is no IPv6 address";
	if (inet_pton(AF_INET, host, &address) == 1)
		return NULL;
	if (text_only(host, DIGITS "."))
		return "this host is no IPv4 address";
	return text_is_host(host) ? NULL : "this is no name of a host";
}

static const char *port_refuse(const char *port)
{
	uint32_t number;

	if (scan_unsigned(port, strlen(port), UINT32_MAX, &number) ? number && number <= 65535 : text_is_name(port))
		return NULL;
	return "a port is a number from 1 to 65535 or a name of services(5)";
}

/* Splits HOST:PORT or [V6]:PORT. */
static const char *redirect_split(const char *text, struct pool *pool, const char *parts[2])
{
	const char *colon = strrchr(text, ':');
	bool bracketed = text[0] == '[';

	if (!colon)
		return HOST_AND_PORT;
	if (bracketed && (colon == text || colon[-1] != ']'))
		return "the port must follow the bracket: [V6]:PORT";
	if (!bracketed && strchr(text, ':') != colon)
		return "write an IPv6 address in brackets, [V6]:PORT, or separate from its port";
	parts[0] = pool_text_n(pool, text + bracketed, (size_t)(colon - text) - (bracketed ? 2 : 0));
	parts[1] = colon + 1;
	return parts[0] ? NULL : NO_MEMORY;
}

/* Keeps a host without its brackets, if it has any. */
static const char *host_keep(const char *host, struct pool *pool)
{
	size_t length = strlen(host);

	if (length > 2 && host[0] == '[' && host[length - 1] == ']')
		return pool_text_n(pool, host + 1, length - 2);
	return pool_text(pool, host);
}

static bool is_path(const char *text)
{
	return text[0] == '/' || text[0] == '@';
}

static const char *socket_refuse(const char *path)
{
	if (strlen(path) > PATH_MOST)
		return "the path of a unix socket has at most 107 bytes";
	return path[1] ? NULL : "a name is missing";
}

static const char *redirect_parse(struct parse *parse, void *field)
{
	const char *parts[2], *reason;

	if (parse->count == 1 && is_path(parse->words[0])) {
		reason = socket_refuse(parse->words[0]);
		return reason ? reason : list_keep(parse, parse->words, 1, field);
	}
	if (parse->count < 1 || parse->count > 2)
		return HOST_AND_PORT;
	if (parse->count == 1) {
		reason = redirect_split(parse->words[0], parse->pool, parts);
		if (reason)
			return reason;
	} else {
		parts[0] = host_keep(parse->words[0], parse->pool);
		parts[1] = parse->words[1];
		if (!parts[0])
			return NO_MEMORY;
	}
	reason = host_refuse(parts[0]);
	if (!reason) {
		parse->bad = 1;
		reason = port_refuse(parts[1]);
	}
	return reason ? reason : list_keep(parse, parts, 2, field);
}

/* One text alone is split into words when it is read, so a path with blanks needs quotes of its own. */
static void redirect_format(const struct directive *directive, const void *field, struct buf *out)
{
	words list = *(const words *)field;
	struct buf path = { 0 };

	(void)directive;
	if (!list || !list[0] || list[1]) {
		native_list(out, list);
		return;
	}
	shell_words_quote(&path, list[0]);
	buf_text(out, "{ ");
	native_quoted(out, buf_string(&path));
	buf_text(out, " }");
	out->failed |= path.failed;
	buf_free(&path);
}

const struct type type_redirect = {
	.name = "host and port", .kind = FIELD_WORDS, .is_tuple = true,
	.parse = redirect_parse, .format = redirect_format,
};
