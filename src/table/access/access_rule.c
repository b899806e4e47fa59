/* Parses a word of only_from or no_access.
 *
 * A rule that matches more than its author meant lets strangers in. So the parser skips nothing: an address has all its
 * parts, and a number is decimal without leading zeros (inet_aton(3) reads 010 as 8). */
#include "table/access/access_rule.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#define NAME_MOST 253                   /* RFC 1035 */
#define IPV4_FORM "an IPv4 address has four numbers up to 255, as in 192.0.2.1; a network is 192.0.2.0 or 192.0.2.0/24"
#define NAME_FORM "expected an address, a network such as 192.0.2.0/24, a name, or a domain such as .example.org"
#define FACTOR_FORM "the braces hold numbers up to 255 and end the address, as in 192.0.2.{1,7}"

void network_mask(struct network *network)
{
	size_t whole = network->bits / 8;

	if (whole < sizeof(network->address) && network->bits % 8)
		network->address[whole++] &= (unsigned char)(0xff << (8 - network->bits % 8));
	memset(network->address + whole, 0, sizeof(network->address) - whole);
}

static struct network network_ipv4(const unsigned char octets[4], unsigned bits)
{
	struct network network = { .address = { [10] = 0xff, [11] = 0xff }, .bits = 96 + bits };

	memcpy(network.address + 12, octets, 4);
	network_mask(&network);
	return network;
}

static void add_network(struct access_rule *out, struct network network)
{
	out->networks[out->count++] = network;
}

/* Parses a number up to `most`. Returns the text behind it; NULL: there is no such number. */
static const char *parse_number(const char *text, unsigned most, unsigned *out)
{
	const char *first = text;

	for (*out = 0; isdigit((unsigned char)*text) && *out <= most; text++)
		*out = *out * 10 + (unsigned)(*text - '0');
	return text == first || *out > most || (*first == '0' && text > first + 1) ? NULL : text;
}

/* Parses the octets in front of a brace, as in A.B.{, and sets *count to their number. Returns the brace, or NULL. */
static const char *parse_octets(const char *text, unsigned char octets[4], unsigned *count)
{
	for (*count = 0; *text != '{'; ++*count) {
		unsigned octet;

		text = *count < 3 ? parse_number(text, 255, &octet) : NULL;
		if (!text || *text++ != '.')
			return NULL;
		octets[*count] = (unsigned char)octet;
	}
	return text;
}

/* Parses 192.0.2.{1,7}, or 192.0.{2,3}, where the octets behind the braces match anything. */
static const char *parse_factors(const char *word, struct access_rule *out)
{
	unsigned char octets[4] = { 0 };
	unsigned count, octet;
	const char *text = parse_octets(word, octets, &count);

	if (!text)
		return FACTOR_FORM;
	do {
		text = parse_number(text + 1, 255, &octet);
		if (!text || (*text != ',' && *text != '}') || out->count == ACCESS_FACTORS)
			return FACTOR_FORM;
		octets[count] = (unsigned char)octet;
		add_network(out, network_ipv4(octets, 8 * (count + 1)));
	} while (*text == ',');
	return text[1] ? FACTOR_FORM : NULL;
}

/* Parses ADDRESS/BITS. */
static const char *parse_prefix(const char *word, const char *slash, struct access_rule *out)
{
	char address[INET6_ADDRSTRLEN];
	unsigned char octets[4];
	struct network network;
	size_t length = (size_t)(slash - word);
	const char *end;
	unsigned bits;

	if (length >= sizeof(address))
		return "an address must precede the /";
	memcpy(address, word, length);
	address[length] = '\0';
	end = parse_number(slash + 1, 128, &bits);
	if (inet_pton(AF_INET, address, octets) == 1) {
		if (!end || *end || bits > 32)
			return "the / of an IPv4 network must be followed by the number of bits, 0 to 32";
		add_network(out, network_ipv4(octets, bits));
		return NULL;
	}
	if (inet_pton(AF_INET6, address, network.address) != 1)
		return "an address must precede the /";
	if (!end || *end)
		return "the / of an IPv6 network must be followed by the number of bits, 0 to 128";
	network.bits = bits;
	network_mask(&network);
	add_network(out, network);
	return NULL;
}

/* Parses an address, where zeros at the end match anything. */
static const char *parse_ipv4(const char *word, struct access_rule *out)
{
	unsigned char octets[4];
	unsigned bits = 32;

	if (inet_pton(AF_INET, word, octets) != 1)
		return IPV4_FORM;
	while (bits && !octets[bits / 8 - 1])
		bits -= 8;
	add_network(out, network_ipv4(octets, bits));
	return NULL;
}

static const char *parse_ipv6(const char *word, struct access_rule *out)
{
	static const unsigned char unspecified[16];
	struct network network = { .bits = 128 };

	if (strchr(word, '%'))
		return "an address in a rule cannot have an interface";
	if (inet_pton(AF_INET6, word, network.address) != 1)
		return "this is no IPv6 address";
	if (memcmp(network.address, unspecified, sizeof(unspecified)) != 0)
		add_network(out, network);
	return NULL;
}

/* The addresses of localhost are fixed (RFC 6761), so it needs no look-up. */
static const char *add_localhost(struct access_rule *out)
{
	static const unsigned char ipv4[4] = { 127, 0, 0, 1 };

	add_network(out, network_ipv4(ipv4, 32));
	add_network(out, (struct network){ .address = { [15] = 1 }, .bits = 128 });
	return NULL;
}

static const char *parse_name(const char *word, struct access_rule *out)
{
	const char *name = word + (*word == '.');
	bool letter = false;

	out->form = *word == '.' ? ACCESS_DOMAIN : ACCESS_NAME;
	for (const char *c = name; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
			return NAME_FORM;
		letter |= isalpha((unsigned char)*c) != 0;
	}
	if (!letter || strlen(name) > NAME_MOST || !isalnum((unsigned char)*name))
		return "a name begins with a letter or digit, has a letter in it, and at most 253 characters";
	return strstr(name, "..") ? "a name has no two dots in a row" : NULL;
}

const char *access_rule_read(const char *word, struct access_rule *out)
{
	const char *slash = strchr(word, '/');

	out->form = ACCESS_NETWORKS;
	out->count = 0;
	if (!*word)
		return "an address, a network or a name is missing; none refuses all";
	if (!strcasecmp(word, "none"))
		return NULL;
	if (strchr(word, '{'))
		return parse_factors(word, out);
	if (strchr(word, ','))
		return "commas are allowed only in braces: write each address separately";
	if (slash)
		return parse_prefix(word, slash, out);
	if (strchr(word, ':'))
		return parse_ipv6(word, out);
	if (*word != '.' && !word[strspn(word, "0123456789.")])
		return parse_ipv4(word, out);
	if (!strcasecmp(word, "localhost"))
		return add_localhost(out);
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
