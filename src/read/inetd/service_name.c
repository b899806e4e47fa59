/* Names of services of inetd.conf: NAME for TCP, NAME-udp and the like for other protocols, with @HOST behind.
 *
 * A reload recognises a service by its name. So the name comes from the entry alone, not from its place in the file,
 * and entries for the same socket have the same name. An entry gets its long name if another has its short one: a
 * service foo-udp over TCP becomes foo-udp-tcp. */
#include <ctype.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/scan.h"
#include "read/inetd/entry.h"

/* Adds text without blanks, colons and slashes, which a name of superd.conf cannot have. */
static void add_clean_text(struct buf *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == ':')
			buf_char(out, '.');
		else if (c == '/')
			buf_char(out, '-');
		else
			buf_char(out, isgraph((unsigned char)c) ? c : '_');
	}
}

/* Adds a path. A dash stands for a slash, and two dashes for a dash. */
static void add_escaped_path(struct buf *out, const char *path)
{
	for (; *path; path++) {
		if (*path == '-')
			buf_char(out, '-');
		add_clean_text(out, path, 1);
	}
}

/* Adds a host. An IPv6 address has brackets and _ for its colons: [__1] is ::1. */
static void add_host(struct buf *out, const char *host)
{
	bool is_six = strchr(host, ':');

	if (is_six)
		buf_char(out, '[');
	for (; *host; host++) {
		if (*host == ':')
			buf_char(out, '_');
		else
			add_clean_text(out, host, 1);
	}
	if (is_six)
		buf_char(out, ']');
}

/* Adds the first part of the name: the service without its folder or version. */
static void add_base(const struct inetd_entry *entry, bool is_long, struct buf *out)
{
	const char *text = entry->service;
	size_t length = strlen(text);

	switch (entry->transport) {
	case INETD_UNIX:
		if (is_long) {
			add_escaped_path(out, text + (*text == '/'));
			return;
		}
		text = scan_base_name(text);
		length = strlen(text);
		break;
	case INETD_RPC_TCP:
	case INETD_RPC_UDP:
		length = is_long ? length : strcspn(text, "/");
		break;
	case INETD_MUX:
		text = entry->address + (entry->address[0] == '+');
		length = strlen(text);
		break;
	default:
		break;
	}
	add_clean_text(out, text, length);
}

static void add_kind(const struct inetd_entry *entry, bool is_long, bool six, struct buf *out)
{
	static const char *const kinds[] = {
		[INETD_TCP] = "-tcp",	      [INETD_UDP] = "-udp",	    [INETD_SCTP] = "-sctp",
		[INETD_RPC_TCP] = "-rpc-tcp", [INETD_RPC_UDP] = "-rpc-udp", [INETD_MUX] = "-tcpmux",
	};

	if (entry->transport == INETD_UNIX) {
		buf_text(out,
			 entry->type == INETD_STREAM	      ? "-unix"
				 : entry->type == INETD_DGRAM ? "-unix-dgram"
							      : "-seqpacket");
	} else if (entry->transport == INETD_IP) {
		buf_char(out, '-');
		add_clean_text(out, entry->protocol, strlen(entry->protocol));
	} else if (entry->transport != INETD_TCP || six || is_long) {
		buf_text(out, kinds[entry->transport]);
		if (six)
			buf_char(out, '6');
	}
}

static const char *make_name(const struct inetd_entry *entry, bool is_long, bool six, struct pool *pool)
{
	struct buf out = { 0 };

	add_base(entry, is_long, &out);
	add_kind(entry, is_long, six, &out);
	if (entry->host) {
		buf_char(&out, '@');
		add_host(&out, entry->host);
	}
	return buf_keep(&out, pool);
}

/* tcp6 is IPv6's also where it takes IPv4 clients. */
static bool is_of_ipv6(const struct inetd_entry *entry)
{
	bool has_families =
		entry->transport != INETD_UNIX && entry->transport != INETD_MUX && entry->transport != INETD_IP;

	return has_families && (entry->families == INETD_IPV6 || entry->yields == INETD_IPV4);
}

void inetd_name(struct inetd_entry *entry, struct pool *pool)
{
	bool six = is_of_ipv6(entry);

	entry->name = make_name(entry, false, six, pool);
	entry->rival = entry->yields ? make_name(entry, false, !six, pool) : entry->name;
}

void inetd_lengthen_name(struct inetd_entry *entry, struct pool *pool)
{
	entry->name = make_name(entry, true, is_of_ipv6(entry), pool);
}
