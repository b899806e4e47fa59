/* Parses and compiles address rules, and checks addresses and names against them.
 *
 * A rule that matches more than its author meant lets strangers in. So the parser skips nothing: an address has all its
 * parts, and a number is decimal without leading zeros (inet_aton(3) reads 010 as 8).
 *
 * Compiled networks are sorted, and networks inside another are dropped. So at most one network of a list contains an
 * address, and a binary search finds it among thousands. Names come last: superd looks up a client's name only if no
 * network decides. */
#include "table/service/service.h"

#define IPV4_FORM "an IPv4 address has four numbers up to 255, as in 192.0.2.1; a network is 192.0.2.0 or 192.0.2.0/24"
#define NAME_FORM "expected an address, a network such as 192.0.2.0/24, a name, or a domain such as .example.org"
#define NETWORK_FORM "a network is an address, / and a number of bits: 0 to 32 for IPv4, 0 to 128 for IPv6"
#define FACTOR_FORM "the braces hold numbers up to 255 and end the address, as in 192.0.2.{1,7}"

enum access_form { ACCESS_NETWORKS, ACCESS_NAME, ACCESS_DOMAIN };

/* A parsed word. */
struct access_rule {
	enum access_form form;
	size_t count; /* of networks; 0 with ACCESS_NETWORKS: the word matches no client */
	struct network networks[ACCESS_FACTORS];
};

/* Sets the bits behind the network's prefix to zero. */
static void network_mask(struct network *network)
{
	size_t whole = network->bits / 8;

	if (whole < sizeof(network->address) && network->bits % 8)
		network->address[whole++] &= (unsigned char)(0xff << (8 - network->bits % 8));
	memset(network->address + whole, 0, sizeof(network->address) - whole);
}

/* Parses a number up to `most`. Returns the text behind it; NULL: there is no such number. */
static const char *parse_number(const char *text, unsigned most, unsigned *out)
{
	const char *first = text;

	for (*out = 0; isdigit((unsigned char)*text) && *out <= most; text++)
		*out = *out * 10 + (unsigned)(*text - '0');
	return text == first || *out > most || (*first == '0' && text > first + 1) ? NULL : text;
}

/* Parses 192.0.2.{1,7}, or 192.0.{2,3}, where the octets behind the braces match anything. */
static const char *parse_factors(const char *word, struct access_rule *out)
{
	struct network network = { .address = { [10] = 0xff, [11] = 0xff }, .bits = 96 };
	const char *text = word;
	unsigned octet;

	for (; *text != '{'; network.bits += 8) {
		text = network.bits < 120 ? parse_number(text, 255, &octet) : NULL;
		if (!text || *text++ != '.')
			return FACTOR_FORM;
		network.address[network.bits / 8] = (unsigned char)octet;
	}
	network.bits += 8;
	do {
		text = parse_number(text + 1, 255, &octet);
		if (!text || (*text != ',' && *text != '}') || out->count == ACCESS_FACTORS)
			return FACTOR_FORM;
		network.address[network.bits / 8 - 1] = (unsigned char)octet;
		out->networks[out->count++] = network;
	} while (*text == ',');
	return text[1] ? FACTOR_FORM : NULL;
}

static bool network_contains(const struct network *network, const unsigned char address[16])
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;

	if (memcmp(network->address, address, whole) != 0)
		return false;
	return !rest || !((network->address[whole] ^ address[whole]) >> (8 - rest));
}

/* IPv4 clients have addresses of ::ffff:0:0/96. A wider network of IPv6, such as ::/0, means no client of IPv4: it
 * becomes the networks that it consists of beside that one, at most 96. */
static void add_network(struct access_rule *out, struct network network)
{
	static const unsigned char ipv4[16] = { [10] = 0xff, [11] = 0xff };

	if (network.bits >= 96 || !network_contains(&network, ipv4)) {
		out->networks[out->count++] = network;
		return;
	}
	while (network.bits < 96) {
		struct network beside = { .bits = ++network.bits };
		unsigned bit = network.bits - 1;

		memcpy(beside.address, ipv4, sizeof(ipv4));
		beside.address[bit / 8] ^= (unsigned char)(0x80 >> bit % 8);
		network_mask(&beside);
		out->networks[out->count++] = beside;
	}
}

bool network_read(const char *word, struct network *network)
{
	size_t length = strcspn(word, "/");
	struct in6_addr address;
	int family = scan_address(word, length, &address);
	unsigned most = family == AF_INET ? 32 : 128, bits = most;
	const char *end = word[length] ? parse_number(word + length + 1, most, &bits) : "";

	if (!family || !end || *end)
		return false;
	memcpy(network->address, &address, sizeof(address));
	network->bits = bits + 128 - most;
	network_mask(network);
	return true;
}

/* Parses an address or a network. Zeros at the end of an IPv4 address match anything; :: alone matches nothing. */
static const char *parse_address(const char *word, struct access_rule *out)
{
	bool is_network = strchr(word, '/'), is_ipv6 = strchr(word, ':');
	struct network network;

	if (!network_read(word, &network))
		return is_network ? NETWORK_FORM : is_ipv6 ? "this is no IPv6 address" : IPV4_FORM;
	while (!is_network && !is_ipv6 && network.bits > 96 && !network.address[network.bits / 8 - 1])
		network.bits -= 8;
	if (is_network || memcmp(network.address, &in6addr_any, sizeof(in6addr_any)) != 0)
		add_network(out, network);
	return NULL;
}

static const char *parse_name(const char *word, struct access_rule *out)
{
	const char *name = word + (*word == '.');

	out->form = *word == '.' ? ACCESS_DOMAIN : ACCESS_NAME;
	if (*name && !text_only(name, LETTERS DIGITS "-_."))
		return NAME_FORM;
	if (!text_is_host(name) || !strpbrk(name, LETTERS))
		return "a name begins with a letter or digit, has a letter in it, and at most 253 characters";
	return strstr(name, "..") ? "a name has no two dots in a row" : NULL;
}

/* Returns NULL, or why the word has none of the forms. */
static const char *access_rule_read(const char *word, struct access_rule *out)
{
	out->form = ACCESS_NETWORKS;
	out->count = 0;
	if (!*word)
		return "an address, a network or a name is missing; none refuses all";
	if (!strcasecmp(word, "none"))
		return NULL;
	if (strchr(word, '%'))
		return "rules know no interfaces: bind_to_device limits a socket to one, as does its address, 80%eth0";
	if (strchr(word, '{'))
		return parse_factors(word, out);
	if (strchr(word, ','))
		return "commas are allowed only in braces: write each address separately";
	if (strpbrk(word, "/:") || (*word != '.' && !word[strspn(word, "0123456789.")]))
		return parse_address(word, out);
	if (!strcasecmp(word, "localhost")) { /* these are fixed (RFC 6761), so it needs no look-up */
		parse_address("127.0.0.1", out);
		return parse_address("::1", out);
	}
	return parse_name(word, out);
}

const char *access_refuse_word(const char *word)
{
	struct access_rule parsed;

	return access_rule_read(word, &parsed);
}

bool access_is_name(const char *word)
{
	struct access_rule parsed;

	return !access_rule_read(word, &parsed) && parsed.form == ACCESS_NAME;
}

/* A compiled list. */
struct rules {
	const struct network *networks; /* sorted, none inside another */
	size_t count;
	words names; /* host names, and .domains */
};

struct access {
	struct rules permits, denials;
	bool restricts; /* only_from is set */
};

/* A list during its compilation. */
struct compilation {
	struct network *networks;
	size_t count, capacity;
	const char **names;
	size_t name_count;
	bool (*find)(void *context, const char *name, struct network *network); /* access_compile's, or NULL */
	void *context;
};

static bool add_compiled(struct compilation *compilation, const struct network *network)
{
	struct network *networks =
		array_grow(compilation->networks, &compilation->capacity, compilation->count, sizeof(*networks));

	if (!networks)
		return false;
	compilation->networks = networks;
	compilation->networks[compilation->count++] = *network;
	return true;
}

static bool compile_word(struct compilation *compilation, const char *word)
{
	struct access_rule parsed;
	struct network network;

	if (access_rule_read(word, &parsed))
		return true; /* not possible: the type refuses such words */
	for (size_t i = 0; i < parsed.count; i++) {
		if (!add_compiled(compilation, &parsed.networks[i]))
			return false;
	}
	if (parsed.form == ACCESS_NETWORKS)
		return true;
	if (parsed.form == ACCESS_NAME && compilation->find &&
	    compilation->find(compilation->context, word, &network)) {
		network_mask(&network);
		return add_compiled(compilation, &network);
	}
	compilation->names[compilation->name_count++] = word;
	return true;
}

static int compare_networks(const void *a, const void *b)
{
	const struct network *left = a, *right = b;
	int order = memcmp(left->address, right->address, sizeof(left->address));

	return order ? order : (left->bits > right->bits) - (left->bits < right->bits);
}

/* Sorts the networks, and drops those inside another. Returns the number that remains. */
static size_t merge_networks(struct network *networks, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(networks, count, sizeof(*networks), compare_networks);
	for (size_t i = 0; i < count; i++) {
		if (!kept || !network_contains(&networks[kept - 1], networks[i].address))
			networks[kept++] = networks[i];
	}
	return kept;
}

static bool compile_rules(struct rules *rules, words list, struct compilation *compilation, struct pool *pool)
{
	bool ok = true;

	compilation->count = compilation->name_count = 0;
	compilation->names = calloc(words_count(list) + 1, sizeof(*compilation->names));
	if (!compilation->names)
		return false;
	for (; ok && list && *list; list++)
		ok = compile_word(compilation, *list);
	rules->count = merge_networks(compilation->networks, compilation->count);
	if (ok && rules->count) {
		rules->networks = pool_keep(pool, compilation->networks, rules->count * sizeof(*rules->networks));
		ok = rules->networks;
	}
	if (ok && compilation->name_count) {
		rules->names = pool_list(pool, compilation->names, compilation->name_count);
		ok = rules->names;
	}
	free(compilation->names);
	return ok;
}

const struct access *access_compile(words only_from, words no_access,
				    bool (*find)(void *context, const char *name, struct network *network),
				    void *context, struct pool *pool)
{
	struct compilation compilation = { .find = find, .context = context };
	const struct access *kept = NULL;
	struct access access;

	if (!only_from && !no_access)
		return NULL;
	memset(&access, 0, sizeof(access));
	access.restricts = only_from;
	if (compile_rules(&access.permits, only_from, &compilation, pool) &&
	    compile_rules(&access.denials, no_access, &compilation, pool))
		kept = pool_keep(pool, &access, sizeof(access));
	free(compilation.networks);
	return kept;
}

static int compare_address(const void *address, const void *network)
{
	return network_contains(network, address) ? 0 : memcmp(address, ((const struct network *)network)->address, 16);
}

static bool rules_contain(const struct rules *rules, const unsigned char address[16])
{
	return rules->count &&
		bsearch(address, rules->networks, rules->count, sizeof(*rules->networks), compare_address);
}

enum access_verdict access_judge(const struct access *access, const unsigned char address[16])
{
	bool permitted;

	if (!access)
		return ACCESS_PERMITTED;
	if (!address)
		return access->restricts ? ACCESS_DENIED : ACCESS_PERMITTED;
	if (rules_contain(&access->denials, address))
		return ACCESS_DENIED;
	permitted = !access->restricts || rules_contain(&access->permits, address);
	if (!permitted && !access->permits.names)
		return ACCESS_DENIED;
	return permitted && !access->denials.names ? ACCESS_PERMITTED : ACCESS_BY_NAME;
}

bool access_lists(const struct access *access, int family, const void *address)
{
	unsigned char whole[16] = { [10] = 0xff, [11] = 0xff };

	if (!access)
		return false;
	if (family == AF_INET)
		memcpy(whole + 12, address, 4);
	else
		memcpy(whole, address, sizeof(whole));
	return access_judge(access, whole) == ACCESS_PERMITTED;
}

/* The length without the dot that may end a name. */
static size_t name_length(const char *name)
{
	size_t length = strlen(name);

	return length && name[length - 1] == '.' ? length - 1 : length;
}

static bool names_match(words names, const char *name)
{
	for (; names && *names && name; names++) {
		size_t length = name_length(name), own = name_length(*names);

		if (**names == '.' ? length > own && !strncasecmp(name + length - own, *names, own)
				   : length == own && !strncasecmp(name, *names, length))
			return true;
	}
	return false;
}

enum access_verdict access_judge_name(const struct access *access, const unsigned char address[16], const char *name)
{
	enum access_verdict verdict = access_judge(access, address);

	if (verdict != ACCESS_BY_NAME)
		return verdict;
	if (names_match(access->denials.names, name))
		return ACCESS_DENIED;
	if (!access->restricts || rules_contain(&access->permits, address) || names_match(access->permits.names, name))
		return ACCESS_PERMITTED;
	return ACCESS_DENIED;
}

bool access_has_names(const struct access *access)
{
	return access && (access->permits.names || access->denials.names);
}

const struct network *access_networks(const struct access *access, bool denials, size_t *count)
{
	const struct rules *rules = denials ? &access->denials : &access->permits;
	static const struct network nowhere;

	*count = rules->count;
	if (!denials && !access->restricts)
		return NULL;
	return rules->networks ? rules->networks : &nowhere;
}
