/* Reads NetBSD's notation SERVICE on KEY = VALUE ..., KEY = VALUE; over any number of lines.
 *
 * Without a semicolon a definition would go on to the end of the file. So a line that looks like the beginning of
 * another definition, a line of fields or a directive ends the definition before it, which is then left out. */
#include <string.h>

#include "lib/scan.h"
#include "read/inetd/netbsd.h"

static bool refuse_at(struct inetd_netbsd *netbsd, size_t at, const char *what)
{
	return inetd_refuse(netbsd->inetd, source_origin(netbsd->source, at), "%s: %s", netbsd->entry->service, what);
}

static bool begins_entry(const struct source_file *source, size_t at)
{
	const char *text = source->text + at;

	return !inetd_is_blank(*text) && *text != '#' &&
	       (scan_begins_with(text, strcspn(text, " \t\r\n"), ".include") ||
		inetd_begins_entry(text, source->text + source_line_end(source, at)));
}

/* Skips blanks, line ends and comments. false: the next token belongs to another definition, or there is none. */
static bool skip_space(struct inetd_netbsd *netbsd)
{
	const struct source_file *source = netbsd->source;

	while (netbsd->at < source->length) {
		char c = source->text[netbsd->at];

		if (c == '#') {
			netbsd->at = source_line_end(source, netbsd->at);
		} else if (c == '\n' && begins_entry(source, netbsd->at + 1)) {
			netbsd->is_unfinished = true;
			return false;
		} else if (c == '\n' || inetd_is_blank(c)) {
			netbsd->at++;
		} else {
			return true;
		}
	}
	return false;
}

static bool refuse_end(struct inetd_netbsd *netbsd)
{
	return refuse_at(netbsd, netbsd->at < netbsd->source->length ? netbsd->at : netbsd->source->length,
			 "a ; is missing at the end of its definition");
}

/* Adds the character of the escape whose backslash is at `at`. Returns the offset behind it; 0: it is no escape. */
static size_t scan_escape(const char *text, size_t at, struct buf *out)
{
	static const char from[] = "\\ntr'\"", to[] = "\\\n\t\r'\"";
	const char *known = text[at + 1] ? strchr(from, text[at + 1]) : NULL;
	char byte;

	if (known) {
		buf_char(out, to[known - from]);
		return at + 2;
	}
	byte = text[at + 1] == 'x' ? scan_hex_byte(text + at + 2) : '\0';
	if (!byte)
		return 0;
	buf_char(out, byte);
	return at + 4;
}

static bool scan_quoted_value(struct inetd_netbsd *netbsd, struct buf *out)
{
	const char *text = netbsd->source->text;
	size_t start = netbsd->at, at = start + 1;

	while (at < netbsd->source->length && text[at] != '\n' && text[at] != text[start]) {
		size_t next = at + 1;

		if (text[at] == '\\')
			next = scan_escape(text, at, out);
		else
			buf_char(out, text[at]);
		if (!next)
			return refuse_at(
				netbsd, at,
				"a backslash must be followed by one of \\ n t r ' \" or x and two hexadecimal digits "
				"that are not 00");
		at = next;
	}
	if (at >= netbsd->source->length || text[at] == '\n')
		return refuse_at(netbsd, start, "a quote is not closed on its line");
	netbsd->at = at + 1;
	return true;
}

static bool ends_value(char c)
{
	return inetd_is_blank(c) || strchr("#,;\n", c);
}

static bool read_key_value(struct inetd_netbsd *netbsd)
{
	struct pool *pool = inetd_entries(netbsd->inetd->reading)->pool;
	const struct source_file *source = netbsd->source;
	size_t start = netbsd->at;
	struct buf value = { 0 };
	bool ok = true;

	while (ok && netbsd->at < source->length && !ends_value(source->text[netbsd->at])) {
		if (strchr("\"'", source->text[netbsd->at]))
			ok = scan_quoted_value(netbsd, &value);
		else
			buf_char(&value, source->text[netbsd->at++]);
	}
	if (ok)
		inetd_line_add(&netbsd->values, pool, buf_string(&value), value.length, source_origin(source, start));
	buf_free(&value);
	return ok;
}

static bool refuse_key(struct inetd_netbsd *netbsd, size_t start, size_t length)
{
	inetd_refuse(netbsd->inetd, source_origin(netbsd->source, start), "%s: there is no key '%.*s'",
		     netbsd->entry->service, (int)length, netbsd->source->text + start);
	diags_hint(netbsd->inetd->reading->diags,
		   "known are bind, socktype, protocol, wait, user, group, exec, args, "
		   "service_max, ip_max, accept_max, sndbuf and recvbuf");
	return false;
}

/* Reads KEY = VALUES up to the comma or semicolon, which is not read. */
static bool read_key(struct inetd_netbsd *netbsd)
{
	const char *text = netbsd->source->text;
	size_t start = netbsd->at,
	       length = strspn(text + start, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	const struct key_row *row = key_find(&inetd_keys, inetd_keep(netbsd->inetd, text + start, length));
	size_t key = row ? (size_t)(row - key_list(&inetd_keys).list) : KEYS;

	if (!length)
		return refuse_at(netbsd, start, "a key is missing here, as in user = root");
	if (key == KEYS)
		return refuse_key(netbsd, start, length);
	if (netbsd->keys[key].is_set)
		return refuse_at(netbsd, start, "this key was there already");
	netbsd->keys[key].is_set = true;
	netbsd->keys[key].at = source_origin(netbsd->source, start);
	netbsd->keys[key].first = netbsd->values.count;
	netbsd->at += length;
	if (!skip_space(netbsd))
		return refuse_end(netbsd);
	if (text[netbsd->at] != '=')
		return refuse_at(netbsd, netbsd->at, "the = after the key is missing");
	netbsd->at++;
	for (;;) {
		if (!skip_space(netbsd))
			return refuse_end(netbsd);
		if (strchr(",;", text[netbsd->at]))
			break;
		if (!read_key_value(netbsd))
			return false;
	}
	netbsd->keys[key].count = netbsd->values.count - netbsd->keys[key].first;
	return true;
}

static bool read_keys(struct inetd_netbsd *netbsd)
{
	for (;;) {
		if (!skip_space(netbsd))
			return refuse_end(netbsd);
		if (!read_key(netbsd))
			return false;
		if (netbsd->source->text[netbsd->at++] == ';')
			return true;
	}
}

/* After a mistake: skips to behind the semicolon, or to the next definition. */
static void skip_rest(struct inetd_netbsd *netbsd)
{
	const char *text = netbsd->source->text;

	while (!netbsd->is_unfinished && skip_space(netbsd) && text[netbsd->at] != ';') {
		size_t end = source_line_end(netbsd->source, netbsd->at), quote = netbsd->at + 1;

		if (strchr("\"'", text[netbsd->at])) {
			while (quote < end && text[quote] != text[netbsd->at])
				quote += text[quote] == '\\' ? 2 : 1;
			netbsd->at = quote < end ? quote : netbsd->at;
		}
		netbsd->at++;
	}
	if (netbsd->at < netbsd->source->length)
		netbsd->at++;
}

bool inetd_netbsd_read(struct inetd *inetd, struct inetd_entry *entry, size_t *at)
{
	const char *field = entry->service;
	struct inetd_netbsd netbsd = { .inetd = inetd, .entry = entry, .source = inetd->source, .at = *at };
	bool ok = read_keys(&netbsd);

	if (ok)
		ok = inetd_netbsd_apply(&netbsd, field, entry->at);
	else
		skip_rest(&netbsd);
	*at = netbsd.at;
	inetd_line_free(&netbsd.values);
	return ok;
}
