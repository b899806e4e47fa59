/* Types of clients and networks: addresses, times, rates, groups, and where a builtin or redirect leads. */
#include "table/option/internal.h"

#include <net/if.h>

/* Types of the options that admit clients: address rules, times of day, the load, connections a second.
 *
 * Each of these restricts, and a word that superd misreads may let a client in. So no form has a part that is
 * ignored. */

#define LOAD_MOST INT64_C(1000000000)   /* higher than any load average, in thousandths */
#define PAUSE_MOST INT64_C(31536000000000)      /* a year in microseconds */
#define PAUSE_USUAL INT64_C(10000000)   /* xinetd's 10 seconds */

const struct type type_addresses = WORDS_TYPE("list of addresses", access_refuse_word);

const struct type type_times = WORDS_TYPE("list of times", times_refuse_word);

static const char *load_scan(const char *text, int64_t *out)
{
	const char *end = decimal_scan(text, 3, out);

	return end && !*end && *out > 0 && *out <= LOAD_MOST
		? NULL : "expected a load average above 0, as in 2.5, with at most three decimal digits";
}

static void load_show(int64_t load, char *buf)
{
	decimal_show(load, 3, buf);
}

static const struct number load_kind = { .scan = load_scan, .show = load_show, .most = INT64_MAX, .decimals = 3 };

const struct type type_load = NUMBER_TYPE("load", load_kind);

static const char *rate_parse(struct parse *parse, void *field)
{
	struct rate rate = { .number = 0, .pause = PAUSE_USUAL };
	words list = parse->words;

	if (parse->count < 1 || parse->count > 2)
		return "expected the number of connections in a second, and the seconds of the pause";
	if (parse->count == 1 && !scan_unlimited(list[0], &rate.number) && rate.number == UNLIMITED) {
		*(struct rate *)field = (struct rate){ .number = UNLIMITED };
		return NULL;
	}
	if (scan_count(list[0], &rate.number) || rate.number < 1 || rate.number > UINT32_MAX)
		return "connections per second are a number from 1 on, or unlimited";
	if (parse->count == 2 && (scan_duration(list[1], &rate.pause) || rate.pause < 1 || rate.pause > PAUSE_MOST)) {
		parse->bad = 1;
		return "the time for which the service then rests is a duration, longer than 0 and at most a year";
	}
	*(struct rate *)field = rate;
	return NULL;
}

static void rate_show(const struct option_def *option, const void *field, struct buf *out)
{
	const struct rate *rate = field;
	char text[32];

	(void)option;
	count_show(rate->number, text);
	word_add(out, text);
	if (rate->number == UNLIMITED)
		return;
	scan_duration_format(rate->pause, text);
	word_add(out, text);
}

const struct type type_rate = { SET_TYPE("rate", struct rate, rate_parse, rate_show), .is_tuple = true };

/* The type of networks that a backend may exchange packets with: IPAddressAllow= of systemd.resource-control(5). Its
 * words differ from those of only_from: 10.0.0.0 is one address here, and there are no names. */

static const struct {
	const char *word;
	const char *networks[NETWORKS_MOST];
} words_of_networks[] = {
	{ "any", { "0.0.0.0/0", "::/0" } },
	{ "localhost", { "127.0.0.0/8", "::1/128" } },
	{ "link-local", { "169.254.0.0/16", "fe80::/64" } },
	{ "multicast", { "224.0.0.0/4", "ff00::/8" } },
};

size_t networks_read(const char *word, struct network networks[NETWORKS_MOST])
{
	for (size_t n = 0; n < sizeof(words_of_networks) / sizeof(*words_of_networks); n++) {
		if (strcmp(words_of_networks[n].word, word) != 0)
			continue;
		for (size_t i = 0; i < NETWORKS_MOST; i++)
			network_read(words_of_networks[n].networks[i], &networks[i]);
		return NETWORKS_MOST;
	}
	return network_read(word, &networks[0]);
}

bool network_is_v4(const struct network *network)
{
	return network->bits >= 96 && !memcmp(network->address, "\0\0\0\0\0\0\0\0\0\0\377\377", 12);
}

static const char *network_refuse(const char *word)
{
	struct network networks[NETWORKS_MOST];

	if (networks_read(word, networks))
		return NULL;
	return "expected an address, a network as 192.0.2.0/24, or any, localhost, link-local or multicast";
}

const struct type type_networks = WORDS_TYPE("list of networks", network_refuse);

/* The type of multicast groups: addresses, each with %IFACE or without. Other addresses are refused here; the kernel
 * would refuse them only when superd opens the socket. */

static const char *group_refuse(const char *word)
{
	size_t length = strcspn(word, "%");
	struct in6_addr address;
	int family = scan_address(word, length, &address);
	bool is_group = family == AF_INET ? address.s6_addr[12] >> 4 == 14
					  : family == AF_INET6 && IN6_IS_ADDR_MULTICAST(&address);

	if (!is_group)
		return "expected an address from 224.0.0.0 to 239.255.255.255, or one that begins with ff";
	if (word[length] && (!word[length + 1] || strlen(word + length + 1) >= IF_NAMESIZE))
		return "the % must be followed by the name of an interface";
	return NULL;
}

const struct type type_multicast = WORDS_TYPE("list of addresses", group_refuse);

/* Types of builtin and redirect.
 *
 * People write host and port as two words, or as one word with a colon between them, although an IPv6 address has
 * colons, too. Each form becomes two words. */

#define HOST_AND_PORT \
	"expected a host and a port, as in \"192.0.2.1 80\" or \"[2001:db8::1]:80\", or the path of a unix socket"
#define PATH_MOST 107                   /* bytes of sun_path (unix(7)), without the NUL */

static const char *builtin_parse(struct parse *parse, void *field)
{
	const char *const *known = parse->option->words;
	const char *name = parse->count ? parse->words[0] : "";

	if (words_have(known, name))
		return list_field_parse(parse, field);
	if (!strcmp(name, "auth"))
		return "superd no longer has it: exec can start an ident daemon, such as oidentd --stdio";
	return words_refuse(known, name, parse->pool);
}

const struct type type_builtin = {
	.name = "builtin", .kind = FIELD_WORDS, .is_tuple = true, .parse = builtin_parse,
};

static const char *host_refuse(const char *host)
{
	size_t length = strcspn(host, "%");
	struct in6_addr address;
	int family = scan_address(host, length, &address);

	if (!*host)
		return "a host is missing before the port";
	if (strchr(host, ':'))          /* of IPv6, also with an interface, as fe80::1%eth0 */
		return family != AF_INET6 || (host[length] && !host[length + 1]) || strlen(host + length) > IF_NAMESIZE
			? "this host is no IPv6 address" : NULL;
	if (family && !host[length])
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

static const char *redirect_parse(struct parse *parse, void *field)
{
	const char *first = parse->count ? parse->words[0] : "", *parts[2], *reason;
	size_t length = strlen(first);

	if (parse->count < 1 || parse->count > 2)
		return HOST_AND_PORT;
	if (parse->count == 1 && (*first == '/' || *first == '@')) {
		if (length > PATH_MOST)
			return "the path of a unix socket has at most 107 bytes";
		return first[1] ? list_keep(parse, &first, 1, field) : "a name is missing";
	}
	if (parse->count == 1) {
		reason = redirect_split(first, parse->pool, parts);
		if (reason)
			return reason;
	} else {
		bool has_brackets = length > 2 && *first == '[' && first[length - 1] == ']';

		parts[0] = has_brackets ? pool_text_n(parse->pool, first + 1, length - 2) : first;
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

const struct type type_redirect = {
	.name = "host and port", .kind = FIELD_WORDS, .is_tuple = true, .parse = redirect_parse,
};
