/* The fields of an HTTP request's head (RFC 9112, section 5). Any client may send any bytes. */
#include "lib/http_field.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "lib/scan.h"

#define NAME_MOST 253                   /* characters of a host name (RFC 1123) */

static struct substring substring_trim(struct substring part)
{
	while (part.length && scan_is_blank(*part.at)) {
		part.at++;
		part.length--;
	}
	while (part.length && scan_is_blank(part.at[part.length - 1]))
		part.length--;
	return part;
}

struct substring substring_take(struct substring *rest, char end)
{
	const char *found = memchr(rest->at, end, rest->length);
	struct substring part = { rest->at, found ? (size_t)(found - rest->at) : rest->length };
	size_t taken = part.length + (found ? 1 : 0);

	*rest = (struct substring){ rest->at + taken, rest->length - taken };
	return substring_trim(part);
}

bool substring_is(struct substring part, const char *word)
{
	return part.length == strlen(word) && !strncasecmp(part.at, word, part.length);
}

size_t http_field(const char *text, size_t length, const char *name, struct substring *found)
{
	struct substring rest = { text, length };
	size_t count = 0;

	(void)substring_take(&rest, '\n');
	while (rest.length) {
		struct substring value = substring_take(&rest, '\n');

		if (value.length && value.at[value.length - 1] == '\r')
			value.length--;
		if (!value.length)
			break;
		if (!substring_is(substring_take(&value, ':'), name))
			continue;
		*found = substring_trim(value);
		count++;
	}
	return count;
}

static bool is_address(struct substring host)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	bool is_ipv6 = host.length > 2 && host.at[0] == '[' && host.at[host.length - 1] == ']';

	if (is_ipv6)
		host = (struct substring){ host.at + 1, host.length - 2 };
	if (host.length >= sizeof(text))
		return false;
	memcpy(text, host.at, host.length);
	text[host.length] = 0;
	return inet_pton(is_ipv6 ? AF_INET6 : AF_INET, text, &address) == 1;
}

/* The name or address in the field Host, without a port. false: there is no such field, or several. */
static bool find_host(const char *text, size_t length, struct substring *host)
{
	size_t name;

	if (http_field(text, length, "Host", host) != 1)
		return false;
	for (name = host->length; name && host->at[name - 1] >= '0' && host->at[name - 1] <= '9';)
		name--;
	if (name && host->at[name - 1] == ':')
		host->length = name - 1;
	return true;
}

bool http_host_is_own(const char *text, size_t length, const char *const *names)
{
	struct substring host = { 0 };

	if (!find_host(text, length, &host))
		return false;
	if (is_address(host) || substring_is(host, "localhost"))
		return true;
	for (; *names; names++) {
		if (substring_is(host, *names))
			return true;
	}
	return false;
}

/* Whether builtin would take it for a host name. Any client chooses it, so nothing else is worth repeating. */
static bool is_name(struct substring host)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

	for (size_t n = 0; n < host.length; n++) {
		if (!memchr(characters, host.at[n], sizeof(characters) - 1))
			return false;
	}
	return host.length && host.length <= NAME_MOST;
}

void http_add_elsewhere(struct buf *out, const char *text, size_t length, const char *builtin, const char *const *names)
{
	struct substring host = { 0 };

	buf_text(out, "use the address, localhost, or a host name that builtin lists");
	if (find_host(text, length, &host) && is_name(host)) {
		buf_addf(out, ": builtin = { %s%s, %.*s }", builtin, *names ? ", ..." : "", (int)host.length, host.at);
	}
	buf_char(out, '\n');
}
