/* NetBSD's other notation: SERVICE on KEY = VALUE ..., KEY = VALUE; over any number of lines.
 *
 * Without its semicolon a definition would take the rest of the file as further values. So a line that looks like
 * the beginning of another definition, a row or a directive ends the definition before it, which is left out. */
#include <ctype.h>
#include <string.h>

#include "base/scan.h"
#include "parse/inetd/netbsd.h"

static bool refuse(struct inetd_netbsd *netbsd, size_t at, const char *what)
{
	return inetd_refuse(netbsd->inetd, source_origin(netbsd->source, at), "%s: %s", netbsd->entry->service, what);
}

static bool is_on_or_off(const char *text, size_t length)
{
	return (length == 2 && !memcmp(text, "on", 2)) || (length == 3 && !memcmp(text, "off", 3));
}

/* The next word of a line: its length, with *text moved to its beginning. */
static size_t next_word(const char **text)
{
	*text += strspn(*text, " \t");
	return strcspn(*text, " \t\r\n");
}

/* Whether the line is a row of the usual form: NAME stream PROTOCOL nowait. */
static bool is_row(const char *text)
{
	static const char *const types[] = { "stream", "dgram", "raw", "seqpacket", "rdm" };
	bool has_type = false;
	size_t length;

	text += strcspn(text, " \t\r\n");
	length = next_word(&text);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		has_type |= scan_begins_with(text, length, types[i]);
	text += length;
	text += next_word(&text);
	length = next_word(&text);
	return has_type && (scan_begins_with(text, length, "wait") || scan_begins_with(text, length, "nowait"));
}

/* Whether the line at `at` begins a definition: a word in its first column, on or off, and a key. */
static bool begins_definition(const struct source_file *source, size_t at)
{
	const char *text = source->text + at;
	size_t length = strcspn(text, " \t\n");

	if (!length || !strchr(" \t", text[length]))
		return false;
	text += length;
	text += strspn(text, " \t");
	length = strcspn(text, " \t\r\n");
	if (!is_on_or_off(text, length))
		return false;
	text += length;
	text += strspn(text, " \t\r\n");
	length = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
	return length && text[length + strspn(text + length, " \t")] == '=';
}

static bool begins_entry(const struct source_file *source, size_t at)
{
	const char *text = source->text + at;

	if (inetd_is_blank(*text) || *text == '#')
		return false;
	return scan_begins_with(text, strcspn(text, " \t\r\n"), ".include") || is_row(text) ||
		begins_definition(source, at);
}

/* To the next token, over blanks, line ends and comments. false: there is none, or it is another definition's. */
static bool skip_space(struct inetd_netbsd *netbsd)
{
	const struct source_file *source = netbsd->source;

	while (netbsd->at < source->length) {
		char c = source->text[netbsd->at];

		if (c == '#') {
			netbsd->at = source_line_end(source, netbsd->at);
		} else if (c == '\n' && begins_entry(source, netbsd->at + 1)) {
			netbsd->torn = true;
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
	return refuse(netbsd, netbsd->at < netbsd->source->length ? netbsd->at : netbsd->source->length,
		      "a ; is missing at the end of its definition");
}

static int hex_digit(char c)
{
	return isdigit((unsigned char)c)     ? c - '0'
		: isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
					     : -1;
}

/* Adds the character of an escape, whose backslash is at `at`; gives the place behind it, or 0. */
static size_t take_escape(const char *text, size_t at, struct buf *out)
{
	static const char from[] = "\\ntr'\"", to[] = "\\\n\t\r'\"";
	const char *known = text[at + 1] ? strchr(from, text[at + 1]) : NULL;
	int high = -1, low = -1;

	if (known) {
		buf_char(out, to[known - from]);
		return at + 2;
	}
	if (text[at + 1] == 'x') {
		high = hex_digit(text[at + 2]);
		low = high < 0 ? -1 : hex_digit(text[at + 3]);
	}
	if (low < 0 || !(high << 4 | low))
		return 0;
	buf_char(out, (char)(high << 4 | low));
	return at + 4;
}

static bool take_quoted(struct inetd_netbsd *netbsd, struct buf *out)
{
	const char *text = netbsd->source->text;
	size_t start = netbsd->at, at = start + 1;

	while (at < netbsd->source->length && text[at] != '\n' && text[at] != text[start]) {
		size_t next = at + 1;

		if (text[at] == '\\')
			next = take_escape(text, at, out);
		else
			buf_char(out, text[at]);
		if (!next)
			return refuse(netbsd, at,
				      "behind a backslash stands one of \\ n t r ' \" or x and two hexadecimal digits "
				      "that are not 00");
		at = next;
	}
	if (at >= netbsd->source->length || text[at] == '\n')
		return refuse(netbsd, start, "a quote is not closed on its line");
	netbsd->at = at + 1;
	return true;
}

static bool ends_value(char c)
{
	return inetd_is_blank(c) || strchr("#,;\n", c);
}

static bool take_value(struct inetd_netbsd *netbsd)
{
	struct pool *pool = netbsd->inetd->reading->table->pool;
	const struct source_file *source = netbsd->source;
	size_t start = netbsd->at;
	struct buf value = { 0 };
	bool ok = true;

	while (ok && netbsd->at < source->length && !ends_value(source->text[netbsd->at])) {
		if (strchr("\"'", source->text[netbsd->at]))
			ok = take_quoted(netbsd, &value);
		else
			buf_char(&value, source->text[netbsd->at++]);
	}
	if (ok &&
	    (value.failed ||
	     !inetd_line_add(&netbsd->values, pool, buf_string(&value), value.length, source_origin(source, start))))
		ok = refuse(netbsd, start, "out of memory");
	buf_free(&value);
	return ok;
}

static enum inetd_key find_key(const char *name, size_t length)
{
	enum inetd_key key = 0;

	while (key < KEYS &&
	       (strlen(inetd_key_names[key]) != length || memcmp(inetd_key_names[key], name, length) != 0))
		key++;
	return key;
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

/* KEY = VALUES, up to the comma or semicolon, which is left. */
static bool take_key(struct inetd_netbsd *netbsd)
{
	const char *text = netbsd->source->text;
	size_t start = netbsd->at,
	       length = strspn(text + start, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	enum inetd_key key = find_key(text + start, length);

	if (!length)
		return refuse(netbsd, start, "a key is missing here, as in user = root");
	if (key == KEYS)
		return refuse_key(netbsd, start, length);
	if (netbsd->keys[key].said)
		return refuse(netbsd, start, "this key was there already");
	netbsd->keys[key].said = true;
	netbsd->keys[key].at = source_origin(netbsd->source, start);
	netbsd->keys[key].first = netbsd->values.count;
	netbsd->at += length;
	if (!skip_space(netbsd))
		return refuse_end(netbsd);
	if (text[netbsd->at] != '=')
		return refuse(netbsd, netbsd->at, "a = is missing behind the key");
	netbsd->at++;
	for (;;) {
		if (!skip_space(netbsd))
			return refuse_end(netbsd);
		if (strchr(",;", text[netbsd->at]))
			break;
		if (!take_value(netbsd))
			return false;
	}
	netbsd->keys[key].count = netbsd->values.count - netbsd->keys[key].first;
	return true;
}

static bool take_keys(struct inetd_netbsd *netbsd)
{
	for (;;) {
		if (!skip_space(netbsd))
			return refuse_end(netbsd);
		if (!take_key(netbsd))
			return false;
		if (netbsd->source->text[netbsd->at++] == ';')
			return true;
	}
}

/* Behind a mistake: past the semicolon, or to where the next definition begins. */
static void skip_rest(struct inetd_netbsd *netbsd)
{
	const char *text = netbsd->source->text;

	while (!netbsd->torn && skip_space(netbsd) && text[netbsd->at] != ';') {
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
	bool ok = take_keys(&netbsd);

	if (ok)
		ok = inetd_netbsd_apply(&netbsd, field, entry->at);
	else
		skip_rest(&netbsd);
	*at = netbsd.at;
	inetd_line_free(&netbsd.values);
	return ok;
}
