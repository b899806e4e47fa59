/* Reads [HOST:]PORT[%IFACE], alone or behind tcp:, udp: and sctp:, and the address behind raw:.
 *
 * One address has many texts. inet_ntop(3) gives literals one form, a literal determines the family, and both wildcards
 * become "no address". So the table notices two services that claim the same address. */
#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <string.h>

#include "table/endpoint/endpoint_internal.h"

#define INET_MOST 512                   /* room for a host name of 253, a port's name and an interface */
#define RAW_PROTOCOLS 254               /* 255 is IPPROTO_RAW, which only sends: raw(7) */
#define HOST_MOST 253                   /* RFC 1035 */

static const char *endpoint_parse_port(struct endpoint_parsing *parsing, const char *text)
{
	uint32_t port;

	if (endpoint_parse_number(text, strlen(text), &port) && port <= 65535) {
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
	if (strlen(host) > HOST_MOST || !isalnum((unsigned char)host[0]) || !text_only(host, LETTERS DIGITS "-_."))
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

	if (endpoint_parse_number(text, strlen(text), &number) && number >= 1 && number <= RAW_PROTOCOLS) {
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

const char *endpoint_parse_raw(struct endpoint_parsing *parsing, const char *text)
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

const char *endpoint_parse_inet(struct endpoint_parsing *parsing, const char *text)
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
