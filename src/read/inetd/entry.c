/* From the text of an inetd.conf to its entries: recognising the language, lines, and the services of each line.
 *
 * A bad line is one error, at the field that is wrong. The reader skips the line with its continuation lines and reads
 * the rest of the file as if it were not there. */
#include "read/inetd/inetd.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/scan.h"
#include "read/inetd/internal.h"

/* Recognises an inetd.conf by its content: a line whose second and fourth words fit an entry, or NetBSD's "on" and a
 * key, which the reader refuses.
 *
 * Packages install tables with all services commented out, so comments count too. */

#define WORDS 4

struct inetd_token {
	const char *text;
	size_t length;
};

static bool token_begins_with(const struct inetd_token *token, const char *word)
{
	size_t length = strlen(word);

	return token->length >= length && !memcmp(token->text, word, length);
}

static bool is_type(const struct inetd_token *token)
{
	static const char *const types[] = { "stream", "dgram", "raw", "rdm", "seqpacket" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t length = strlen(types[i]);

		if (token_begins_with(token, types[i]) &&
		    (token->length == length || strchr(",:", token->text[length])))
			return true;
	}
	return false;
}

static bool is_switch(const struct inetd_token *token)
{
	return (token->length == 2 && token_begins_with(token, "on")) ||
		(token->length == 3 && token_begins_with(token, "off"));
}

static size_t split_tokens(const char *text, const char *end, struct inetd_token *tokens)
{
	size_t count = 0;

	while (count < WORDS) {
		const char *start;

		while (text < end && strchr(" \t\r\f", *text))
			text++;
		if (text == end)
			break;
		for (start = text; text < end && !strchr(" \t\r\f", *text);)
			text++;
		tokens[count++] = (struct inetd_token){ start, (size_t)(text - start) };
	}
	return count;
}

/* Whether a line of text begins an entry, also in NetBSD's notation KEY = VALUE. */
static bool begins_entry(const char *text, const char *end)
{
	struct inetd_token tokens[WORDS];
	size_t count = split_tokens(text, end, tokens);

	if (count >= 2 && is_switch(&tokens[1]))
		return count == 2 || (count == WORDS && tokens[3].text[0] == '=') ||
			memchr(tokens[2].text, '=', tokens[2].length);
	return count == WORDS && is_type(&tokens[1]) &&
		(token_begins_with(&tokens[3], "wait") || token_begins_with(&tokens[3], "nowait"));
}

/* Skips the marks that comment a line out: "#", "##", "#<off># ". */
static const char *skip_marks(const char *text, const char *end)
{
	while (text < end && *text == '#') {
		text++;
		if (end - text >= 6 && !memcmp(text, "<off>#", 6))
			text += 6;
	}
	return text;
}

bool inetd_recognises(const struct source_file *source)
{
	const char *text = source->text, *end = text + source->length;
	bool off = false;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		if (*text != '#' && begins_entry(text, stop))
			return true;
		off |= *text == '#' && begins_entry(skip_marks(text, stop), stop);
		text = stop + 1;
	}
	return off;
}

/* Splits a line into words.
 *
 * A line that begins with a blank continues the line before it, across comments. That also holds if the line before is
 * wrong; otherwise superd would read half a line as a service. */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

static size_t skip_blanks(const struct source_file *source, size_t at, size_t end)
{
	while (at < end && is_blank(source->text[at]))
		at++;
	return at;
}

static void add_word(struct inetd *inetd, const char *text, size_t length, size_t at)
{
	struct inetd_line *line = &inetd->line;

	array_add(line->words, line->count, line->capacity) = (struct inetd_word){
		.text = inetd_keep(inetd, text, length),
		.at = source_origin_near(inetd->source, at, &line->near),
	};
}

/* Adds the text of the quotes that open at `at`. Returns the offset behind them; 0: they are not closed. */
static size_t scan_quoted(struct inetd *inetd, size_t at, size_t end, struct buf *out)
{
	const char *text = inetd->source->text;
	char quote = text[at++];

	for (; at < end && text[at] != quote; at++) {
		if (quote == '"' && text[at] == '\\' && at + 1 < end && strchr("\"\\", text[at + 1]))
			at++;
		buf_char(out, text[at]);
	}
	return at < end ? at + 1 : 0;
}

static bool refuse_quote(struct inetd *inetd, size_t at)
{
	diag_error(inetd->reading->diags, source_origin(inetd->source, at), "a %c is not closed on its line",
		   inetd->source->text[at]);
	inetd_hint(inetd,
		   "put a literal quote in quotes of the other kind; OpenBSD's and busybox's inetd know no quotes: "
		   "inetd+openbsd:PATH reads the file as they do");
	return false;
}

/* Adds the word at *at and moves *at behind it. */
static bool scan_line_word(struct inetd *inetd, size_t *at, size_t end)
{
	const char *text = inetd->source->text;
	size_t start = *at, next;
	struct buf word = { 0 };

	while (*at < end && !is_blank(text[*at])) {
		if (!inetd->dialect->has_quotes || (text[*at] != '"' && text[*at] != '\'')) {
			buf_char(&word, text[(*at)++]);
			continue;
		}
		next = scan_quoted(inetd, *at, end, &word);
		if (!next) {
			buf_free(&word);
			return refuse_quote(inetd, *at);
		}
		*at = next;
	}
	add_word(inetd, buf_string(&word), word.length, start);
	buf_free(&word);
	return true;
}

/* Reads the line at `at` with its continuation lines. false: it is wrong (reported); line->end is then still behind all
 * of its lines, so that no part of it is read as another entry. */
static bool read_line(struct inetd *inetd, size_t at)
{
	struct inetd_line *line = &inetd->line;
	const struct source_file *source = inetd->source;
	bool ok = true;

	line->count = 0;
	line->at = source_origin_near(source, skip_blanks(source, at, source->length), &line->near);
	do {
		size_t end = source_line_end(source, at);
		bool is_comment = line->count && source->text[skip_blanks(source, at, end)] == '#';

		while (ok && !is_comment && (at = skip_blanks(source, at, end)) < end)
			ok = scan_line_word(inetd, &at, end);
		at = end + 1;
	} while (at < source->length && inetd->dialect->continues && strchr(" \t", source->text[at]));
	line->end = at < source->length ? at : source->length;
	return ok;
}

/* Checks which fields of an entry go together, and adds its services.
 *
 * A line may name several hosts and two families. With nowait superd accepts, so both families are sockets of one
 * service. With wait a program gets one socket, so each family is a service of its own; the one for IPv6 is left out on
 * a machine without IPv6. */

/* The socket types that fit each transport, as bits. */
static const unsigned transport_types[] = {
	[INETD_TCP] = 1u << INETD_STREAM,
	[INETD_UDP] = 1u << INETD_DGRAM,
	[INETD_SCTP] = 1u << INETD_STREAM,
	[INETD_UNIX] = 1u << INETD_STREAM | 1u << INETD_DGRAM | 1u << INETD_SEQPACKET,
	[INETD_RPC_TCP] = 1u << INETD_STREAM,
	[INETD_RPC_UDP] = 1u << INETD_DGRAM,
	[INETD_IP] = 1u << INETD_RAW,
	[INETD_MUX] = 1u << INETD_STREAM,
};

static bool check_fields(struct inetd *inetd, const struct inetd_entry *entry)
{
	if (!(transport_types[entry->transport] & 1u << entry->type))
		return inetd_refuse(inetd, entry->protocol_at, "%s: %s and %s do not go together", entry->service,
				    inetd_type_words[entry->type], entry->protocol);
	if (entry->accepts && entry->transport == INETD_IP)
		return entry_refuse(inetd, entry, entry->wait_at,
				    "a raw socket has no connections: it is served with wait");
	if (!entry->accepts && entry->transport == INETD_MUX)
		return entry_refuse(inetd, entry, entry->wait_at,
				    "a service of tcpmux must be nowait: it has no socket to pass");
	if (entry->builtin && entry->transport == INETD_MUX)
		return entry_refuse(inetd, entry, entry->program_at,
				    "an internal service is not reached by way of tcpmux");
	if (entry->builtin && !strcmp(entry->builtin, "tcpmux") && entry->type != INETD_STREAM)
		return entry_refuse(inetd, entry, entry->protocol_at, "the internal tcpmux is stream");
	if (inetd->policy.line)
		return entry_refuse(inetd, entry, entry->at,
				    "the IPsec policy of line %u binds this entry, and IPsec policies are not "
				    "available on this system",
				    inetd->policy.line);
	return true;
}

/* A stream builtin is always nowait, and a datagram builtin always wait. Warns if the line says otherwise. */
static void correct_builtin_wait(struct inetd *inetd, struct inetd_entry *entry)
{
	bool accepts = entry->type != INETD_DGRAM;

	if (!entry->builtin || entry->accepts == accepts)
		return;
	entry->accepts = accepts;
	diag_warning(inetd->reading->diags, entry->wait_at, "%s: the internal %s is always %s", entry->service,
		     entry->builtin, accepts ? "nowait over streams" : "wait over datagrams");
}

static int64_t default_number(int64_t said)
{
	return said > 0 ? said : UNLIMITED;
}

/* With wait one server runs at a time and accepts clients itself, so limits of clients mean nothing. */
static void set_wait_limits(struct inetd *inetd, struct inetd_entry *entry)
{
	if (entry->instances != INETD_UNSAID && entry->instances != 1 && entry->instances != UNLIMITED)
		entry_warn(inetd, entry, entry->wait_at,
			   "with wait one server runs at a time, and the number has no effect");
	entry->instances = UNLIMITED;
	if (entry->per_source == INETD_UNSAID)
		entry->per_source = UNLIMITED;
	if (entry->per_source_cpm == INETD_UNSAID)
		entry->per_source_cpm = UNLIMITED;
}

static void set_default_limits(struct inetd *inetd, struct inetd_entry *entry)
{
	static const struct inetd_defaults none = {
		.rate = -1, .instances = -1, .per_source = -1, .per_source_cpm = -1
	};
	const struct inetd_defaults *said = inetd->reading->inetd ? inetd->reading->inetd : &none;
	bool has_sources = entry->transport != INETD_UNIX || entry->type != INETD_DGRAM;

	if (entry->burst == INETD_UNSAID)
		entry->burst = default_number(said->rate >= 0 ? said->rate : inetd->dialect->rate);
	if (!entry->accepts) {
		set_wait_limits(inetd, entry);
		return;
	}
	if (entry->instances == INETD_UNSAID)
		entry->instances = default_number(said->instances);
	if (entry->per_source == INETD_UNSAID)
		entry->per_source = has_sources ? default_number(said->per_source) : UNLIMITED;
	if (entry->per_source_cpm == INETD_UNSAID)
		entry->per_source_cpm = has_sources ? default_number(said->per_source_cpm) : UNLIMITED;
}

static bool is_numeric_address(const char *host)
{
	struct in_addr address;

	return strchr(host, ':') || inet_pton(AF_INET, host, &address) == 1;
}

/* A numeric address decides the family of an entry that names none. */
static void set_host_family(struct inetd_entry *entry)
{
	if (!entry->host || !is_numeric_address(entry->host) || entry->yields == INETD_IPV4 ||
	    (!entry->is_bare && !entry->is_dual))
		return;
	entry->families = strchr(entry->host, ':') ? INETD_IPV6 : INETD_IPV4;
	entry->is_dual = entry->is_bare = false;
	entry->yields = 0;
}

/* Adds the services of one host. */
static void add_services(struct inetd *inetd, const struct inetd_entry *entry, const char *host)
{
	struct inetd_entries *entries = inetd_entries(inetd->reading);
	struct inetd_entry one = *entry;

	one.host = host;
	set_host_family(&one);
	if (one.is_bare && !one.is_dual && !one.accepts && one.families == (INETD_IPV4 | INETD_IPV6)) {
		one.families = INETD_IPV4;
		array_add(entries->list, entries->count, entries->capacity) = one;
		one.families = INETD_IPV6;
		one.is_implied = true;
	}
	array_add(entries->list, entries->count, entries->capacity) = one;
}

/* Moves *list behind its first host. *host is NULL for "*", which is any address. */
static bool read_next_host(struct inetd *inetd, const char **list, struct origin at, const char **host)
{
	size_t length = strcspn(*list, ",");
	const char *text = *list;

	*list += length + ((*list)[length] == ',');
	*host = NULL;
	if (length > 1 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	if (length == 1 && *text == '*')
		return true;
	if (!length)
		return inetd_refuse(inetd, at, "a host is missing between two commas");
	*host = inetd_keep(inetd, text, length);
	return true;
}

static bool is_any_host(const char *hosts)
{
	return !hosts || !*hosts || !strcmp(hosts, "*");
}

/* Refuses hosts of an RPC service, because superd cannot bind it to them; it would be open to more clients. */
static bool check_hosts(struct inetd *inetd, const struct inetd_entry *entry, const char *hosts, struct origin hosts_at)
{
	if ((entry->transport != INETD_RPC_TCP && entry->transport != INETD_RPC_UDP) || is_any_host(hosts))
		return true;
	inetd_refuse(inetd, hosts_at, "%s: an RPC service is reached on every address, not on %s alone", entry->service,
		     hosts);
	inetd_hint(inetd, "a line *: before it removes default addresses");
	return false;
}

/* The hosts of the entry, else of a line HOSTS: above it, else of the command line. */
static const char *default_hosts(const struct inetd *inetd, const char *hosts)
{
	if (!hosts)
		hosts = inetd->hosts;
	if (!hosts && inetd->reading->inetd)
		hosts = inetd->reading->inetd->address;
	return is_any_host(hosts) ? "*" : hosts;
}

/* Adds services for all hosts; if one of them is wrong, for none. */
static bool add_hosts(struct inetd *inetd, const struct inetd_entry *entry, const char *hosts, struct origin at)
{
	struct inetd_entries *entries = inetd_entries(inetd->reading);
	size_t before = entries->count;
	const char *host;

	while (*hosts) {
		if (!read_next_host(inetd, &hosts, at, &host)) {
			entries->count = before;
			return false;
		}
		add_services(inetd, entry, host);
	}
	inetd->reading->pending += entries->count - before;
	return true;
}

/* Adds an entry for each host, and for each family that needs its own. */
static bool expand_entry(struct inetd *inetd, struct inetd_entry *entry, const char *hosts, struct origin hosts_at)
{
	bool has_hosts = entry->transport != INETD_UNIX && entry->transport != INETD_MUX;

	if (!check_fields(inetd, entry))
		return false;
	correct_builtin_wait(inetd, entry);
	set_default_limits(inetd, entry);
	if (entry->transport == INETD_UNIX && !entry->socket_mode)
		entry->socket_mode = inetd->dialect->unix_mode;
	if (!has_hosts && !is_any_host(hosts))
		return entry_refuse(inetd, entry, hosts_at, "it has no address of its own, so it cannot have a host");
	hosts = has_hosts ? default_hosts(inetd, hosts) : "*";
	return check_hosts(inetd, entry, hosts, hosts_at) && add_hosts(inetd, entry, hosts, hosts_at);
}

#define FIELDS 6 /* the least number of fields of an entry */

/* Whether a bad line may have been meant as HOSTS:, the addresses of all entries below it. */
static bool may_be_hosts(const struct inetd_line *line)
{
	return line->count <= 2 &&
		(strpbrk(line->words[0].text, ".:,") || !strcmp(line->words[line->count - 1].text, ":"));
}

/* Reports a line with too few fields. If its second word is no type of socket, that is reported instead. */
static bool refuse_fields(struct inetd *inetd, struct inetd_entry *entry)
{
	static const char *const missing[FIELDS] = {
		"", "the type of its socket", "its protocol", "wait or nowait", "its user", "its program"
	};
	const struct inetd_line *line = &inetd->line;
	const struct inetd_word *last = &line->words[line->count - 1];
	struct origin end = inetd_shift(last->at, strlen(last->text));

	if (line->count > 1 && !inetd_take_type(inetd, entry, line->words[1].text, line->words[1].at))
		return false;
	if (line->at.column > 1)
		return entry_refuse(inetd, entry, line->at,
				    "this line begins with a blank, but there is none it could continue");
	entry_refuse(inetd, entry, end, "%s is missing", missing[line->count]);
	inetd_hint(inetd,
		   may_be_hosts(line) ? INETD_FIELDS ", and addresses for all that follow are HOSTS: alone"
				      : INETD_FIELDS);
	return false;
}

static bool read_fields(struct inetd *inetd, struct inetd_entry *entry)
{
	const struct inetd_word *word = inetd->line.words;
	const char *hosts;

	if (inetd->line.count < FIELDS)
		return refuse_fields(inetd, entry);
	return inetd_take_type(inetd, entry, word[1].text, word[1].at) &&
		inetd_take_protocol(inetd, entry, word[2].text, word[2].at) &&
		inetd_take_address(inetd, entry, word[0].text, word[0].at, &hosts) &&
		inetd_take_wait(inetd, entry, word[3].text, word[3].at) &&
		inetd_take_user(inetd, entry, word[4].text, word[4].at) &&
		inetd_take_program(inetd, entry, &word[5], word + FIELDS, inetd->line.count - FIELDS) &&
		expand_entry(inetd, entry, hosts, word[0].at);
}

/* Reads a line "HOSTS:" with default addresses. "*:" resets them to any. */
static bool read_default_hosts(struct inetd *inetd)
{
	const struct inetd_word *word = &inetd->line.words[0];
	size_t length = strlen(word->text);
	const char *hosts;

	if (inetd->line.count != 1 || !length || word->text[length - 1] != ':')
		return false;
	hosts = inetd_keep(inetd, word->text, length - 1);
	inetd->hosts = *hosts ? hosts : "*";
	return true;
}

/* Reads NetBSD's ".include PATTERN". */
static bool read_directive(struct inetd *inetd)
{
	const struct inetd_line *line = &inetd->line;
	struct inetd_entries *entries = inetd_entries(inetd->reading);
	const struct inetd *outer = entries->outer;

	if (strcmp(line->words[0].text, ".include") != 0)
		return inetd_refuse(inetd, line->at, "%s: there is no such directive: known is .include",
				    line->words[0].text);
	if (line->count < 2 || !*line->words[1].text)
		return inetd_refuse(inetd, inetd_shift(line->at, 8), ".include: a path is missing");
	reading_note(inetd->reading, (struct note){ NOTE_SHARED, .at = line->at });
	entries->outer = inetd;
	include_files(inetd->reading, &reader_inetd, line->words[1].text, line->words[1].at);
	entries->outer = outer;
	return true;
}

/* A line that begins with #: a comment, or with FreeBSD and NetBSD an IPsec policy ("#@ in ipsec ...") for the entries
 * below it. */
static void read_comment(struct inetd *inetd, size_t at)
{
	const struct source_file *source = inetd->source;
	size_t end = source_line_end(source, at), start = at + 2;

	if (end - at < 2 || source->text[at + 1] != '@')
		return;
	while (start < end && is_blank(source->text[start]))
		start++;
	if (start == end)
		inetd->policy = (struct origin){ 0 };
	else if (end - start > 3 &&
		 (!strncmp(source->text + start, "in ", 3) || !strncmp(source->text + start, "out ", 4)))
		inetd->policy = source_origin(source, at);
}

/* The likely name of a broken entry's service, from its first field; NULL: unknown. */
static const char *name_of_field(const char *field)
{
	const char *mark = strrchr(field, *field == '/' ? '/' : ':');
	const char *name = mark ? mark + 1 : field;

	for (const char *at = name; *at; at++) {
		if (!isgraph((unsigned char)*at))
			return NULL;
	}
	return *name ? name : NULL;
}

/* A bad line is left out with --keep-going. But if it may have been HOSTS:, the services below it would listen on all
 * addresses, so --keep-going must not go on. */
static void leave_out_line(struct inetd *inetd)
{
	if (may_be_hosts(&inetd->line))
		reading_note(inetd->reading, (struct note){ NOTE_VITAL, .at = inetd->line.at });
	else
		reading_leave_out(inetd->reading, inetd->line.at, name_of_field(inetd->line.words[0].text));
}

/* The same for a line that could not be split into words; one with few words may have been HOSTS: too. */
static void leave_out_unsplit_line(struct inetd *inetd, size_t at)
{
	const char *text = inetd->source->text;
	size_t end = source_line_end(inetd->source, at), count = 0;
	bool is_directive = text[at] == '.';

	for (; at < end; at++)
		count += !is_blank(text[at]) && (at + 1 == end || is_blank(text[at + 1]));
	if (count <= 2 && !is_directive)
		reading_note(inetd->reading, (struct note){ NOTE_VITAL, .at = inetd->line.at });
	else
		reading_leave_out(inetd->reading, inetd->line.at, NULL);
}

/* Reads a line of fields. Returns the offset of the next line. */
static size_t read_field_line(struct inetd *inetd, size_t at)
{
	const struct source_flaw *flaw;
	struct inetd_entry entry;

	if (!read_line(inetd, at)) {
		leave_out_unsplit_line(inetd, at);
		return inetd->line.end;
	}
	if (!inetd->line.count)
		return inetd->line.end;
	flaw = source_flaw(inetd->source, at, inetd->line.end);
	if (flaw) {
		source_refuse_flaw(inetd->source, flaw, inetd->reading->diags);
		leave_out_line(inetd);
		return inetd->line.end;
	}
	entry = inetd_entry_new(inetd->dialect, inetd->line.words[0].text, inetd->line.at);
	if (inetd->line.words[0].text[0] == '.') {
		if (!read_directive(inetd))
			reading_leave_out(inetd->reading, inetd->line.at, NULL);
	} else if (!read_default_hosts(inetd) && !read_fields(inetd, &entry)) {
		leave_out_line(inetd);
	}
	return inetd->line.end;
}

/* Whether the second word is the on or off of NetBSD's notation SERVICE on KEY = VALUE, KEY = VALUE; over any number of
 * lines. *word: its offset. */
static bool is_keyed(const struct source_file *source, size_t at, size_t *word)
{
	const char *text = source->text + at;
	size_t first = strcspn(text, " \t\r\n"), gap = strspn(text + first, " \t");
	size_t length = gap ? strcspn(text + first + gap, " \t\r\n#") : 0;

	*word = at + first + gap;
	return scan_is_word(source->text + *word, length, "on") || scan_is_word(source->text + *word, length, "off");
}

/* Refuses a definition in that notation and ends the source: where it ends is not known, and what it hides may restrict
 * all that follows. */
static size_t refuse_keys(struct inetd *inetd, size_t at, size_t word)
{
	inetd_refuse(inetd, source_origin(inetd->source, word),
		     "%s: superd does not read NetBSD's notation with on, off and KEY = VALUE, nor what follows it",
		     inetd_keep(inetd, inetd->source->text + at, strcspn(inetd->source->text + at, " \t")));
	inetd_hint(inetd, INETD_FIELDS ", or write a service { } in superd.conf");
	reading_note(inetd->reading, (struct note){ NOTE_VITAL, .at = source_origin(inetd->source, at) });
	return inetd->source->length;
}

/* Reads the next entry, comment or directive, behind any blanks. Returns the offset behind it. */
static size_t read_next_entry(struct inetd *inetd, size_t at)
{
	const struct source_file *source = inetd->source;
	size_t behind, word;

	while (at < source->length && (is_blank(source->text[at]) || source->text[at] == '\n'))
		at++;
	if (at == source->length)
		return at;
	if (source->text[at] == '#') {
		read_comment(inetd, at);
		behind = source_line_end(source, at);
		return behind < source->length ? behind + 1 : behind;
	}
	if (source->text[at] != '.' && is_keyed(source, at, &word))
		return refuse_keys(inetd, at, word);
	return read_field_line(inetd, at);
}

static struct inetd_entries *make_entries(struct reading *reading)
{
	void **state = reading_state(reading, inetd_entries_free);
	struct inetd_entries *entries = *state;
	struct pool *pool;

	if (entries)
		return entries;
	pool = pool_new();
	*state = entries = pool_alloc(pool, sizeof(*entries));
	entries->pool = pool;
	return entries;
}

bool inetd_read_source(struct reading *reading, const struct source_file *source)
{
	struct inetd inetd = { .reading = reading, .source = source, .dialect = inetd_dialect(reading->compat) };
	const struct inetd_entries *entries = make_entries(reading);
	size_t at = 0;

	if (entries->outer) {
		inetd.hosts = entries->outer->hosts;
		inetd.policy = entries->outer->policy;
	}
	while (at < source->length)
		at = read_next_entry(&inetd, at);
	free(inetd.line.words);
	return true;
}

static bool inetd_read(struct reading *reading, const char *path)
{
	return reading_load(reading, path, source_load_in_parts, inetd_read_source);
}

/* Takes every file of /etc/inetd.d but copies, which would replace the entries of the original. */
static bool inetd_takes(struct reading *reading, const char *path, const char *name)
{
	if (reading_may_be_table(name))
		return true;
	if (*name != '.')
		diag_warning(reading->diags, ((struct origin){ .file = path }),
			     "it is left out: by its name it is a copy that an editor or a package left behind");
	return false;
}

static void inetd_finish(struct reading *reading)
{
	struct inetd_entries *entries = inetd_entries(reading);

	if (!entries)
		return;
	inetd_apply_precedence(reading, entries);
	for (size_t i = 0; i < entries->count; i++) {
		if (!entries->list[i].is_dropped)
			inetd_build(reading, &entries->list[i]);
	}
	reading_drop_state(reading, inetd_entries_free);
	reading->pending = 0;
}

const struct reader reader_inetd = {
	.recognises = inetd_recognises,
	.takes = inetd_takes,
	.passes_over = true,
	.read = inetd_read,
	.finish = inetd_finish,
};
