/* From the text of an inetd.conf to its entries: the dialects, lines, their fields, and the services that a line makes.
 *
 * A bad line is one error, at the field that is wrong. The reader skips the line with its continuation lines and reads
 * the rest of the file as if it were not there. */
#include "read/inetd/inetd.h"

#include <arpa/inet.h>

#include "read/inetd/internal.h"
#include "read/xinetd/xinetd.h"

/* The table of dialects. inetd(8) of each system documents most of it; the rest was observed on the programs
 * themselves.
 *
 * Where dialects contradict each other, superd's own row has the choice that surprises least on a current system. */

static const struct inetd_dialect dialects[COMPATS] = {
	[COMPAT_NONE] = {
		.has_quotes = true, .continues = true, .bare = BARE_BOTH, .tells_families = true, .pause = "10min",
		.unix_mode = "0666", .hosts_stay = true,
	},
	[COMPAT_OPENBSD] = {            /* Debian's openbsd-inetd */
		.continues = true, .bare = BARE_BOTH, .udp6_is_dual = true, .dot = DOT_SPLITS, .rate = 255,
		.pause = "10min", .unix_mode = "0666",
	},
	[COMPAT_FREEBSD] = {
		.has_quotes = true, .continues = true, .bare = BARE_IPV4, .dot = DOT_KEPT, .rate = 255,
		.pause = "10min", .unix_mode = "0200", .wraps_program = true,
	},
	[COMPAT_NETBSD] = {
		.has_quotes = true, .continues = true, .bare = BARE_IPV4, .tcp6_is_dual = true, .udp6_is_dual = true,
		.dot = DOT_SPLITS, .rate = 40, .zero_is_never = true, .pause = "10min", .unix_mode = "0755",
	},
	[COMPAT_GNU] = {
		.has_quotes = true, .bare = BARE_IPV4, .tcp6_is_dual = true, .udp6_is_dual = true, .dot = DOT_SPLITS,
		.rate = 999, .pause = "10min", .unix_mode = "0666", .hosts_stay = true,
	},
	[COMPAT_BUSYBOX] = {
		.continues = true, .bare = BARE_IPV4, .tcp6_is_dual = true, .udp6_is_dual = true, .dot = DOT_SPLITS,
		.pause = "1min", .unix_mode = "0755", .searches_path = true,
	},
	[COMPAT_XINETD] = {
		.continues = true, .bare = BARE_DUAL, .tcp6_is_dual = true, .udp6_is_dual = true, .dot = DOT_SPLITS,
		.pause = "10min", .unix_mode = "0666",
	},
};

/* Whether a line of text begins an entry. */
static bool begins_entry(const char *text, size_t at, size_t end)
{
	static const char *const types[] = { "stream", "dgram", "raw", "rdm", "seqpacket" };
	struct {
		const char *text;
		size_t length;
	} word[4];
	bool has_type = false;

	for (size_t i = 0; i < 4; i++) {
		word[i].length = source_next_word(text, &at, end);
		word[i].text = text + at;
		at += word[i].length;
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		has_type |= scan_begins_with(word[1].text, word[1].length, types[i]);
	return has_type &&
		(scan_begins_with(word[3].text, word[3].length, "wait") ||
		 scan_begins_with(word[3].text, word[3].length, "nowait"));
}

/* Recognises an inetd.conf by its content. Packages install tables with all services commented out, by "#", "##" or
 * "#<off># ", so comments count too. */
bool inetd_recognises(const struct source_file *source)
{
	const char *text = source->text;

	for (size_t at = 0, end; at < source->length; at = end + 1) {
		end = source_line_end(source, at);
		at += strspn(text + at, "#");
		at += strncmp(text + at, "<off>#", 6) ? 0 : 6;
		if (begins_entry(text, at, end))
			return true;
	}
	return false;
}

/* The state of reading a file. */
struct inetd {
	struct reading *reading;
	struct inetd_entries *entries;
	const struct source_file *source;
	const struct inetd_dialect *dialect;
	struct word_list line;	  /* the words of a line with its continuation lines, without their quotes */
	size_t end;		  /* offset of the next line in the source's text */
	size_t near;		  /* for source_origin_near */
	bool has_told_hosts;	  /* that addresses of another file hold for this one */
	struct inetd_entry entry; /* of the current line */
};

/* Adds an error or a warning about the entry, which begins with its service. Returns false. */
static bool __attribute__((format(printf, 4, 5)))
entry_say(struct inetd *inetd, enum severity severity, struct origin at, const char *format, ...)
{
	struct buf message = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buf_vaddf(&message, format, arguments);
	va_end(arguments);
	diags_add(inetd->reading->diags, severity, at, "%s: %s", inetd->entry.service, buf_string(&message));
	buf_free(&message);
	return false;
}

#define entry_refuse(inetd, ...) entry_say(inetd, SEVERITY_ERROR, __VA_ARGS__)
#define entry_warn(inetd, ...) entry_say(inetd, SEVERITY_WARNING, __VA_ARGS__)
#define inetd_hint(inetd, ...) diags_hint((inetd)->reading->diags, __VA_ARGS__)

static const char *inetd_keep(struct inetd *inetd, const char *text, size_t length)
{
	return pool_text_n(inetd->entries->pool, text, length);
}

/* The place that many columns further right. */
static struct origin shift(struct origin at, size_t columns)
{
	at.column += (unsigned)columns;
	return at;
}

/* Adds the word at *at to the line, without its quotes, and moves *at behind it. */
static bool read_word(struct inetd *inetd, size_t *at, size_t end)
{
	const char *text = inetd->source->text;
	size_t start = *at, opened = 0;
	struct buf word = { 0 };
	char quote = '\0';

	for (; *at < end && (quote || !source_is_blank(text[*at])); ++*at) {
		if (quote && text[*at] == quote) {
			quote = '\0';
		} else if (!quote && inetd->dialect->has_quotes && (text[*at] == '"' || text[*at] == '\'')) {
			quote = text[*at];
			opened = *at;
		} else {
			*at += quote == '"' && (!strncmp(text + *at, "\\\"", 2) || !strncmp(text + *at, "\\\\", 2));
			buf_char(&word, text[*at]);
		}
	}
	if (!quote)
		word_list_add(&inetd->line, inetd_keep(inetd, buf_string(&word), word.length),
			      source_origin_near(inetd->source, start, &inetd->near));
	buf_free(&word);
	if (!quote)
		return true;
	reading_refuse(inetd->reading, source_origin(inetd->source, opened), "a %c is not closed on its line", quote);
	inetd_hint(inetd,
		   "put a literal quote in quotes of the other kind; OpenBSD's and busybox's inetd know no quotes: "
		   "inetd+openbsd:PATH reads the file as they do");
	return false;
}

/* Reads the line at `at` with its continuation lines: a line that begins with a blank continues the line before it,
 * across comments. false: it is wrong (reported); inetd->end is then still behind all of its lines, so that no part of
 * it is read as another entry. */
static bool read_line(struct inetd *inetd, size_t at)
{
	const struct source_file *source = inetd->source;
	bool ok = true;

	inetd->line.count = 0;
	inetd->line.at = source_origin_near(source, at, &inetd->near);
	do {
		size_t end = source_line_end(source, at);

		source_next_word(source->text, &at, end);
		if (!inetd->line.count || source->text[at] != '#') {
			while (ok && source_next_word(source->text, &at, end))
				ok = read_word(inetd, &at, end);
		}
		at = end + 1;
	} while (at < source->length && inetd->dialect->continues && scan_is_blank(source->text[at]));
	inetd->end = at < source->length ? at : source->length;
	return ok;
}

#define FIELDS 6 /* the least number of fields of an entry */
#define INETD_FIELDS "an entry is SERVICE TYPE PROTOCOL WAIT USER PROGRAM ARGUMENTS..."

/* The second and third field: the type of the socket and its protocol, with its families. All systems spell families
 * alike but mean different things by them. */

static const char *const type_words[INETD_TYPES] = {
	[INETD_STREAM] = "stream",
	[INETD_DGRAM] = "dgram",
	[INETD_RAW] = "raw",
	[INETD_SEQPACKET] = "seqpacket",
};

static bool take_type(struct inetd *inetd, const char *field, struct origin at)
{
	struct inetd_entry *entry = &inetd->entry;

	entry->type = INETD_STREAM;
	while (entry->type < INETD_TYPES && strcmp(field, type_words[entry->type]) != 0)
		entry->type++;
	if (entry->type < INETD_TYPES)
		return true;
	entry_refuse(inetd, at, "'%s' is no type of socket: known are stream, dgram, raw and seqpacket", field);
	if (strpbrk(field, ",:"))
		inetd_hint(inetd, "superd knows neither limits nor accept filters here: nowait/5 limits servers to 5");
	else if (!strcmp(field, "on") || !strcmp(field, "off"))
		inetd_hint(inetd, "superd does not read NetBSD's notation with keys: " INETD_FIELDS);
	else if (*field == '#')
		inetd_hint(inetd, "a comment has a line of its own");
	else if (!field[strspn(field, "0123456789")])
		inetd_hint(inetd, "an address and a port are one word: %s%s%s", entry->service,
			   scan_ends_with(entry->service, ":") ? "" : ":", field);
	return false;
}

/* Sets the families of the suffix 4, 6, 6only, 46 or 64 behind tcp and the like; 64 is FreeBSD's. Without a suffix RPC
 * is of IPv4, because RPC servers take the family of the socket for that of their clients. false: another suffix. */
static bool set_families(struct inetd_entry *entry, const char *suffix)
{
	const struct inetd_dialect *dialect = entry->dialect;
	const unsigned both = INETD_IPV4 | INETD_IPV6;
	bool is_dual = entry->transport == INETD_TCP ? dialect->tcp6_is_dual : dialect->udp6_is_dual;

	if (entry->transport == INETD_UNIX)
		return !*suffix;
	entry->is_bare = !*suffix && !inetd_is_rpc(entry) && entry->transport != INETD_SCTP;
	entry->families = both;
	entry->yields = 0;
	if (entry->is_bare && dialect->bare == BARE_BOTH)
		entry->yields = both;
	else if (!strcmp(suffix, "4") || (!*suffix && inetd_is_rpc(entry)) ||
		 (entry->is_bare && dialect->bare == BARE_IPV4))
		entry->families = INETD_IPV4;
	else if (!strcmp(suffix, "6") && is_dual && !inetd_is_rpc(entry))
		entry->yields = INETD_IPV4;
	else if (!strcmp(suffix, "6") || (!strcmp(suffix, "6only") && !inetd_is_rpc(entry)))
		entry->families = INETD_IPV6;
	else if (*suffix)
		return (!strcmp(suffix, "46") || !strcmp(suffix, "64")) && !inetd_is_rpc(entry);
	return true;
}

static bool take_protocol(struct inetd *inetd, const char *field, struct origin at)
{
	struct inetd_entry *entry = &inetd->entry;
	const struct inetd_transport_row *row = &inetd_transports[entry->type == INETD_RAW ? INETD_IP : INETD_TCP];
	size_t length = strcspn(field, ",");

	entry->protocol_at = at;
	entry->protocol = inetd_keep(inetd, field, length);
	if (field[length]) {
		entry_warn(inetd, shift(at, length), "'%s' is skipped: it tunes buffers of the socket",
			   field + length);
		inetd_hint(inetd, "superd.conf has send_buffer and receive_buffer");
	}
	entry->families = INETD_IPV4;   /* of what has one socket */
	while (strncmp(entry->protocol, row->word, strlen(row->word)) != 0)
		row++;                  /* the word of INETD_IP, the last of them, fits any */
	entry->transport = (enum inetd_transport)(row - inetd_transports);
	if (entry->type != INETD_RAW &&
	    (entry->transport == INETD_IP || !set_families(entry, entry->protocol + strlen(row->word)))) {
		entry_refuse(inetd, at, "'%s' is no protocol: known are tcp, udp, sctp, unix, rpc/tcp and rpc/udp",
			     entry->protocol);
		inetd_hint(inetd, "tcp and udp may be followed by 4, 6, 46 or 6only");
		return false;
	}
	return row->types & 1u << entry->type ||
		entry_refuse(inetd, at, "%s and %s do not go together", type_words[entry->type], entry->protocol);
}

/* The first field: hosts, and the service on them.
 *
 * A colon separates hosts from a service, is part of an IPv6 address, and in FreeBSD's tables begins the owner of a
 * unix socket. The protocol, two fields further right, decides which of them it is. */

/* Reads a path, or FreeBSD's ":USER:GROUP:MODE:/path", where USER, GROUP and MODE may be empty. */
static bool read_unix_path(struct inetd *inetd, const char *field, struct origin at)
{
	struct inetd_entry *entry = &inetd->entry;
	const char **const parts[] = { &entry->socket_user, &entry->socket_group, &entry->socket_mode };
	const char *text = field + (*field == ':');

	entry->socket_mode = inetd->dialect->unix_mode;
	for (size_t i = 0; *field == ':' && i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t length = strcspn(text, ":");

		if (!text[length])
			return entry_refuse(inetd, at, "a unix socket's owner is written :USER:GROUP:MODE:/path");
		if (length)
			*parts[i] = inetd_keep(inetd, text, length);
		text += length + 1;
	}
	if (!strncmp(text, "*:/", 3))
		text += 2;
	entry->service = text;
	entry->service_at = shift(at, (size_t)(text - field));
	if (*text == '/' || *text == '@')
		return true;
	if (strstr(text, ":/"))
		return entry_refuse(inetd, at, "a unix socket has no host");
	return entry_refuse(inetd, at, "a unix socket's service is its path, which begins with /");
}

/* Reads the service, with its hosts in front: *hosts, NULL for none. */
static bool take_address(struct inetd *inetd, const char *field, struct origin at, const char **hosts)
{
	struct inetd_entry *entry = &inetd->entry;
	const char *colon = strrchr(field, ':');
	uint32_t port;

	*hosts = NULL;
	entry->service_at = at;
	if (entry->transport == INETD_UNIX)
		return read_unix_path(inetd, field, at);
	if (colon) {
		*hosts = inetd_keep(inetd, field, (size_t)(colon - field));
		entry->service_at = shift(at, (size_t)(colon + 1 - field));
		if (!colon[1])
			return entry_refuse(inetd, entry->service_at, "the service after the colon is missing");
		entry->service = colon + 1;
	}
	if (inetd_is_rpc(entry)) {
		/* PROGRAM/LOW-HIGH; as with FreeBSD the version is 1 if there is none */
		entry->address = strchr(entry->service, '/') ? entry->service
							     : pool_textf(inetd->entries->pool, "%s/1", entry->service);
	} else if (entry->transport == INETD_TCP && !strncmp(entry->service, "tcpmux/", 7)) {
		/* a service of tcpmux (RFC 1078), which has no socket of its own */
		if (strcmp(entry->protocol, "tcp") && strcmp(entry->protocol, "tcp4"))
			return entry_refuse(inetd, entry->protocol_at, "a service of tcpmux has the protocol tcp");
		entry->transport = INETD_MUX;
		entry->families = INETD_IPV4;
		entry->yields = 0;
		entry->address = entry->service + 7;
	} else if (entry->transport != INETD_IP && !entry->service[strspn(entry->service, "0123456789")] &&
		   !scan_unsigned(entry->service, strlen(entry->service), UINT16_MAX, &port)) {
		return entry_refuse(inetd, entry->service_at,
				    "a port is a number up to 65535 or a name of services(5)");
	}
	return true;
}

/* The fourth field: wait or nowait, and the limits behind it: behind a dot or a colon, as OpenBSD, NetBSD and GNU have
 * it, of starts a minute; behind a slash, as FreeBSD has it, of running servers. */

/* Reads ".N" and ":N"; only NetBSD has the colon. Other inetds accept no number, and one too large to count. */
static bool read_rate(struct inetd *inetd, const char *text, struct origin at)
{
	struct inetd_entry *entry = &inetd->entry;
	const char *word = text + 1;
	uint32_t number = 0;

	at = shift(at, 1);
	if (word[strspn(word, "0123456789")])
		return entry_refuse(inetd, at,
				    "%s%c must be followed by the number of starts in a minute; '%s' is no number",
				    entry->accepts ? "nowait" : "wait", *text, word);
	if (!*word) {
		entry_warn(inetd, at, "the number after the dot is missing; the dot is ignored");
	} else if (!scan_unsigned(word, strlen(word), INT32_MAX, &number)) {
		entry->burst = UNLIMITED;
		entry_warn(inetd, at, "%s is more than can be counted: there is no limit", word);
	} else if (number) {
		entry->burst = number;
	} else if (*text == ':' || inetd->dialect->zero_is_never) {
		entry->never = true;
		entry_warn(inetd, at, "a limit of 0 starts nothing: the service is left closed");
	} else {
		entry_warn(inetd, at, "a limit of 0 means the default limit; NetBSD's inetd starts nothing then");
	}
	return true;
}

/* Reads FreeBSD's "/MAX/CPM/PER-ADDRESS"; 0 is no limit. */
static bool read_freebsd_limits(struct inetd *inetd, const char *text, struct origin at)
{
	struct inetd_entry *entry = &inetd->entry;
	int64_t *const fields[] = { &entry->instances, &entry->per_source_rate, &entry->per_source };

	for (size_t i = 0; *text; i++) {
		size_t length = strcspn(text + 1, "/");
		uint32_t number;

		at = shift(at, 1);
		if (i == sizeof(fields) / sizeof(fields[0]))
			return entry_refuse(inetd, at,
					    "nowait may be followed by at most three numbers: how many at once, how "
					    "many a minute and how many at once from one address");
		if (!scan_unsigned(text + 1, length, INT32_MAX, &number))
			return entry_refuse(inetd, at, "'%.*s' is no number", (int)length, text + 1);
		*fields[i] = number ? number : UNLIMITED;
		text += 1 + length;
		at = shift(at, length);
	}
	if (entry->accepts || entry->instances == 1 || entry->instances == UNLIMITED)
		return true;
	entry_warn(inetd, entry->wait_at, "with wait one server runs at a time, and the number has no effect");
	entry->instances = UNLIMITED;
	return true;
}

static int64_t limit_of(int64_t number)
{
	return number > 0 ? number : UNLIMITED;
}

/* The limits of the command line, or of the dialect. With wait one server runs at a time and accepts clients itself. */
static void set_default_limits(struct inetd *inetd)
{
	const struct inetd_defaults *defaults = inetd->reading->inetd;
	struct inetd_entry *entry = &inetd->entry;
	bool has_sources = entry->accepts && (entry->transport != INETD_UNIX || entry->type != INETD_DGRAM);

	entry->burst = limit_of(defaults->rate >= 0 ? defaults->rate : inetd->dialect->rate);
	entry->instances = limit_of(entry->accepts ? defaults->instances : 0);
	entry->per_source = limit_of(has_sources ? defaults->per_source : 0);
	entry->per_source_rate = limit_of(has_sources ? defaults->per_source_rate : 0);
}

/* The program is known: a stream builtin is always nowait, and a datagram builtin always wait. */
static bool take_wait(struct inetd *inetd, const char *field, struct origin at)
{
	struct inetd_entry *entry = &inetd->entry;
	size_t length;

	entry->wait_at = at;
	entry->accepts = !strncasecmp(field, "nowait", 6);
	length = entry->accepts ? 6 : !strncasecmp(field, "wait", 4) ? 4 : 0;
	if (!length || (field[length] && !strchr(".:/", field[length]))) {
		entry_refuse(inetd, at, "'%s' is neither wait nor nowait", field);
		inetd_hint(inetd,
			   "with nowait superd accepts and starts a program for each client; with wait the program "
			   "receives the socket itself");
		return false;
	}
	if (entry->accepts && entry->transport == INETD_IP)
		return entry_refuse(inetd, at, "a raw socket has no connections: it is served with wait");
	if (!entry->accepts && entry->transport == INETD_MUX)
		return entry_refuse(inetd, at, "a service of tcpmux must be nowait: it has no socket to pass");
	if (entry->builtin && entry->accepts == (entry->type == INETD_DGRAM)) {
		entry->accepts = !entry->accepts;
		entry_warn(inetd, at, "the internal %s is always %s", entry->builtin,
			   entry->accepts ? "nowait over streams" : "wait over datagrams");
	}
	set_default_limits(inetd);
	if (field[length] == '/')
		return read_freebsd_limits(inetd, field + length, shift(at, length));
	return !field[length] || read_rate(inetd, field + length, shift(at, length));
}

/* The last fields: the user, the program and its arguments.
 *
 * user.group is ambiguous, because a user's name may contain a dot, and a reader looks up no names. So in superd's own
 * dialect the builder gets the whole word, which is split later if there is no such user. A colon always separates user
 * and group. */

static bool take_user(struct inetd *inetd, const char *field, struct origin at)
{
	struct inetd_entry *entry = &inetd->entry;
	const char *text, *separator;

	entry->user_at = at;
	if (*field == '/') {
		entry_refuse(inetd, at, "'%s' is a path, and its user is missing before it", field);
		inetd_hint(inetd, INETD_FIELDS);
		return false;
	}
	text = inetd_keep(inetd, field, strcspn(field, "/"));
	if (field[strlen(text)]) {
		entry_warn(inetd, shift(at, strlen(text)),
			   "the login class '%s' is not available on this system: none of its limits is set",
			   field + strlen(text) + 1);
		inetd_hint(inetd, "in superd.conf, the rlimit_ options set them");
	}
	entry->user = text;
	separator = strrchr(text, ':');
	if (!separator && inetd->dialect->dot == DOT_SPLITS)
		separator = strchr(text, '.');
	if (separator) {
		entry->user = inetd_keep(inetd, text, (size_t)(separator - text));
		entry->group = separator + 1;
	}
	if (!*entry->user)
		return entry_refuse(inetd, at, "'%s' names no user", field);
	if (entry->group && !*entry->group)
		return entry_refuse(inetd, shift(at, strlen(field)), "the group after '%s' is missing", field);
	return true;
}

/* Builtins with the names and aliases of services(5) and the port numbers that select them. */
static const struct {
	const char *builtin, *names[5];
} builtins[] = {
	{ "echo", { "echo", "7" } },
	{ "discard", { "discard", "sink", "null", "9" } },
	{ "chargen", { "chargen", "ttytst", "source", "19" } },
	{ "daytime", { "daytime", "13" } },
	{ "time", { "time", "timserver", "timeserver", "37" } },
	{ "tcpmux", { "tcpmux", "1" } },
	{ "auth", { "auth", "authentication", "ident", "tap", "113" } },
};

static bool set_builtin(struct inetd *inetd, struct origin at)
{
	struct inetd_entry *entry = &inetd->entry;
	const char *name = entry->transport == INETD_UNIX ? scan_base_name(entry->service) : entry->service;

	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		for (size_t j = 0; j < sizeof(builtins[i].names) / sizeof(builtins[i].names[0]); j++) {
			if (builtins[i].names[j] && !strcmp(builtins[i].names[j], name))
				entry->builtin = builtins[i].builtin;
		}
	}
	if (!entry->builtin)
		return entry_refuse(inetd, at,
				    "there is no internal service of this name: known are echo, discard, chargen, "
				    "daytime, time and tcpmux");
	if (!strcmp(entry->builtin, "auth")) {
		entry_refuse(inetd, at, "superd has no ident server of its own");
		inetd_hint(inetd, "name an ident daemon as the program, as in /usr/sbin/oidentd oidentd --stdio");
		return false;
	}
	if (inetd->line.count > FIELDS + 1)
		return entry_refuse(inetd, inetd->line.places[FIELDS + 1], "the internal %s has no arguments",
				    entry->builtin);
	if (entry->transport == INETD_MUX)
		return entry_refuse(inetd, at, "an internal service is not reached by way of tcpmux");
	if (!strcmp(entry->builtin, "tcpmux") && entry->type != INETD_STREAM)
		return entry_refuse(inetd, entry->protocol_at, "the internal tcpmux is stream");
	return true;
}

/* Warns of an argv[0] that looks like an argument, because many tables forget the program's own name; and of one that
 * is the absolute path of another file, mostly a script that was meant as an argument. */
static void warn_of_argv0(struct inetd *inetd, const char *name, struct origin at)
{
	const char *program = inetd->entry.program, *base = scan_base_name(program);
	bool is_wrapper = base != program && !strcmp(base, "tcpd");
	bool is_option = *name == '-' && strcmp(name + 1, base) != 0;
	bool is_path = *name == '/' && !is_wrapper && strcmp(name, program) != 0;

	if (!is_option && !is_path)
		return;
	entry_warn(inetd, at, "'%s' is the program's own name, not an argument", name);
	inetd_hint(inetd, "write its name before the arguments: %s %s %s", program, base, name);
}

/* Reads the program and its arguments. A relative path starts in the folder that inetd was started in, if the command
 * line names it. */
static bool take_program(struct inetd *inetd)
{
	const char *program = inetd->line.words[FIELDS - 1], *const *list = inetd->line.words + FIELDS;
	struct origin at = inetd->line.places[FIELDS - 1], *places = inetd->line.places + FIELDS;
	const char *folder = inetd->reading->inetd->folder;
	struct inetd_entry *entry = &inetd->entry;
	size_t count = inetd->line.count - FIELDS;

	entry->program_at = at;
	entry->arguments = pool_list(inetd->entries->pool, list, count);
	if (!strcmp(program, "internal"))
		return set_builtin(inetd, at);
	if (!*program)
		return entry_refuse(inetd, at, "the program's path is empty");
	entry->program = program;
	if (*program != '/' && (!inetd->dialect->searches_path || strchr(program, '/'))) {
		if (!folder) {
			entry_refuse(inetd, at, "the program '%s' is no absolute path", program);
			inetd_hint(
				inetd,
				"write its absolute path; busybox's inetd searches PATH, and so does superd with "
				"--compat=busybox or inetd+busybox:FILE; with inetd -d the path starts at the current "
				"directory");
			return false;
		}
		entry->program = pool_textf(inetd->entries->pool, "%s/%s", folder,
					    program + (strncmp(program, "./", 2) ? 0 : 2));
	}
	if (count)
		warn_of_argv0(inetd, *list, *places);
	return true;
}

/* Adds the services of one host.
 *
 * A line may name several hosts and two families. With nowait superd accepts, so both families are sockets of one
 * service. With wait a program gets one socket, so each family is a service of its own; the one for IPv6 is skipped on
 * a machine without IPv6. */
static void add_services(struct inetd *inetd, const char *host)
{
	struct inetd_entries *entries = inetd->entries;
	struct inetd_entry one = inetd->entry;
	const unsigned both = INETD_IPV4 | INETD_IPV6;
	struct in_addr address;

	one.host = host;
	/* A numeric address decides the family of an entry that names none. */
	if (host && (one.is_bare || (one.families == both && one.yields != INETD_IPV4)) &&
	    (strchr(host, ':') || inet_pton(AF_INET, host, &address) == 1)) {
		one.families = strchr(host, ':') ? INETD_IPV6 : INETD_IPV4;
		one.yields = 0;
		one.is_bare = false;
	}
	if (one.families == both && one.yields == both && !one.accepts) {
		one.families = INETD_IPV4;
		array_add(entries->list, entries->count, entries->capacity) = one;
		one.families = INETD_IPV6;
		one.is_implied = true;
	}
	array_add(entries->list, entries->count, entries->capacity) = one;
}

/* Tells once a file that the line HOSTS: of an earlier one holds: its author may not know the other. */
static void tell_of_hosts(struct inetd *inetd)
{
	const struct inetd_entries *entries = inetd->entries;
	struct buf place = { 0 };

	if (inetd->has_told_hosts || entries->is_included || !strcmp(entries->hosts_at.file, inetd->source->file))
		return;
	inetd->has_told_hosts = true;
	origin_describe(entries->hosts_at, &place);
	entry_say(inetd, SEVERITY_NOTE, inetd->entry.service_at, "it listens on %s alone, by the line %s:%s",
		  entries->hosts, entries->hosts, buf_string(&place));
	inetd_hint(inetd, "a line *: before it lets it listen on every address");
	buf_free(&place);
}

/* Adds services for the hosts of the entry, else of a line HOSTS: above it, else of the command line or the defaults of
 * xinetd.conf; "*" is any host. If one of them is wrong, there are none. superd cannot bind an RPC service to hosts: it
 * would be open to others. */
static bool add_hosts(struct inetd *inetd, const char *hosts, struct origin at)
{
	struct inetd_entries *entries = inetd->entries;
	const struct inetd_entry *entry = &inetd->entry;
	bool has_hosts = entry->transport != INETD_UNIX && entry->transport != INETD_MUX;
	size_t before = entries->count;

	if (!has_hosts && hosts && *hosts && strcmp(hosts, "*") != 0)
		return entry_refuse(inetd, at, "it has no address of its own, so it cannot have a host");
	if (!hosts && entries->hosts && has_hosts)
		tell_of_hosts(inetd);
	if (!hosts)
		hosts = entries->hosts;
	if (!hosts)
		hosts = inetd->reading->inetd->address;
	if (!hosts)
		hosts = xinetd_shared_address(inetd->reading);
	if (!has_hosts || !hosts || !*hosts)
		hosts = "*";
	if (inetd_is_rpc(entry) && strcmp(hosts, "*") != 0) {
		entry_refuse(inetd, at, "an RPC service is reached on every address, not on %s alone", hosts);
		inetd_hint(inetd, "a line *: before it removes default addresses");
		return false;
	}
	while (*hosts) {
		size_t length = strcspn(hosts, ",");
		bool is_any = length == 1 && *hosts == '*',
		     has_brackets = length > 1 && *hosts == '[' && hosts[length - 1] == ']';

		if (!length || (has_brackets && length == 2)) {
			entries->count = before;
			return reading_refuse(inetd->reading, at, "a host is missing between two commas");
		}
		add_services(inetd, is_any ? NULL : inetd_keep(inetd, hosts + has_brackets, length - 2 * has_brackets));
		hosts += length + (hosts[length] == ',');
	}
	inetd->reading->pending += entries->count - before;
	return true;
}

/* Whether a bad line may have been meant as HOSTS:, the addresses of all entries below it, be it with a comment. */
static bool may_be_hosts(const struct word_list *line)
{
	return (line->count <= 2 || line->words[1][0] == '#') && line->words[0][0] != '.' &&
		(strpbrk(line->words[0], ".:,") || !strcmp(line->words[line->count - 1], ":"));
}

/* Reports a line with too few fields. If its second word is no type of socket, that is reported instead. */
static bool refuse_fields(struct inetd *inetd)
{
	static const char *const missing[FIELDS] = {
		"", "the type of its socket", "its protocol", "wait or nowait", "its user", "its program"
	};
	const struct word_list *line = &inetd->line;
	const char *last = line->words[line->count - 1];

	if (line->count > 1 && !take_type(inetd, line->words[1], line->places[1]))
		return false;
	if (line->at.column > 1)
		return entry_refuse(inetd, line->at,
				    "this line begins with a blank, but there is none it could continue");
	entry_refuse(inetd, shift(line->places[line->count - 1], strlen(last)), "%s is missing", missing[line->count]);
	inetd_hint(inetd,
		   may_be_hosts(line) ? INETD_FIELDS ", and addresses for all that follow are HOSTS: alone"
				      : INETD_FIELDS);
	return false;
}

/* Reads a line of fields, each by the fields that decide what it means. */
static bool read_fields(struct inetd *inetd)
{
	const char *const *word = inetd->line.words, *hosts;
	const struct origin *at = inetd->line.places;

	inetd->entry = (struct inetd_entry){ .at = inetd->line.at, .service = word[0], .dialect = inetd->dialect };
	if (inetd->line.count < FIELDS)
		return refuse_fields(inetd);
	return take_type(inetd, word[1], at[1]) && take_protocol(inetd, word[2], at[2]) &&
		take_address(inetd, word[0], at[0], &hosts) && take_user(inetd, word[4], at[4]) &&
		take_program(inetd) && take_wait(inetd, word[3], at[3]) && add_hosts(inetd, hosts, at[0]);
}

/* Reads a line "HOSTS:" with default addresses. "*:" resets them to any. */
static bool read_default_hosts(struct inetd *inetd)
{
	const char *word = inetd->line.words[0];
	size_t length = strlen(word);

	if (inetd->line.count != 1 || !length || word[length - 1] != ':')
		return false;
	inetd->entries->hosts = length > 1 ? inetd_keep(inetd, word, length - 1) : "*";
	inetd->entries->hosts_at = inetd->line.at;
	return true;
}

/* Reads NetBSD's ".include PATTERN". What stands behind that is ignored, as there. */
static bool read_directive(struct inetd *inetd)
{
	const struct word_list *line = &inetd->line;
	bool is_included = inetd->entries->is_included;

	if (strcmp(line->words[0], ".include") != 0)
		return reading_refuse(inetd->reading, line->at, "%s: there is no such directive: known is .include",
				      line->words[0]);
	if (line->count < 2 || !*line->words[1])
		return reading_refuse(inetd->reading, shift(line->at, 8), ".include: a path is missing");
	if (line->count > 2)
		diag_warning(inetd->reading->diags, line->places[2], ".include has one path: '%s' is not read",
			     line->words[2]);
	reading_add_role(inetd->reading, (struct source_role){ ROLE_SHARED, .at = line->at });
	inetd->entries->is_included = true;
	include_files(inetd->reading, &reader_inetd, line->words[1], line->places[1]);
	inetd->entries->is_included = is_included;
	return true;
}

/* A line that begins with #: a comment, or with FreeBSD and NetBSD an IPsec policy ("#@ in ipsec ...") for the entries
 * below it. */
static void read_comment(struct inetd *inetd, size_t at, size_t end)
{
	const char *text = inetd->source->text;
	struct origin place = source_origin_near(inetd->source, at, &inetd->near);
	size_t length;

	at += 2;
	length = at < end && text[at - 1] == '@' ? source_next_word(text, &at, end) : 0;
	if (!scan_is_word(text + at, length, "in") && !scan_is_word(text + at, length, "out"))
		return;
	reading_refuse(inetd->reading, place, "IPsec policies for the entries below are not available on this system");
	reading_add_role(inetd->reading, (struct source_role){ ROLE_VITAL, .at = place });
}

/* The name of its service, as far as the first field of a bad line has it. */
static const char *name_in(struct inetd *inetd, const char *field)
{
	const char *colon = *field == '/' ? NULL : strrchr(field, ':'), *name = colon ? colon + 1 : field;

	if (!strncmp(name, "tcpmux/", 7))
		return name + 7 + (name[7] == '+');
	return *name == '/' ? scan_base_name(name) : inetd_keep(inetd, name, strcspn(name, "/"));
}

/* Skips the bad line at `at`, with --keep-going. But if it may have been HOSTS:, the services below it would
 * listen on all addresses, so --keep-going must not go on; where its first field is wrong, its blanks tell how many
 * fields it has. */
static void skip_line(struct inetd *inetd, size_t at)
{
	const struct word_list *line = &inetd->line;
	const char *field = line->count ? line->words[0] : "", *name = name_in(inetd, field);
	const char *text = inetd->source->text;
	size_t end = source_line_end(inetd->source, at), length, fields = 0;

	for (; (length = source_next_word(text, &at, end)); at += length)
		fields++;
	if (line->count ? may_be_hosts(line) : fields <= 2)
		reading_add_role(inetd->reading, (struct source_role){ ROLE_VITAL, .at = line->at });
	else
		reading_skip(inetd->reading, line->at, *field != '.' && *name ? name : NULL);
}

/* Reads the entry, comment or directive at `at`, or skips a blank line. Returns the offset of the line behind it. */
static size_t read_next_line(struct inetd *inetd, size_t at)
{
	const struct source_file *source = inetd->source;
	size_t end = source_line_end(source, at);
	bool ok;

	if (!source_next_word(source->text, &at, end))
		return end + 1;
	if (source->text[at] == '#') {
		read_comment(inetd, at, end);
		return end + 1;
	}
	ok = read_line(inetd, at) && !source_refuse_flaw(source, at, inetd->end, inetd->reading->diags);
	if (ok && inetd->line.words[0][0] == '.')
		ok = read_directive(inetd);
	else if (ok)
		ok = read_default_hosts(inetd) || read_fields(inetd);
	if (!ok)
		skip_line(inetd, at);
	return inetd->end;
}

bool inetd_read_source(struct reading *reading, const struct source_file *source)
{
	void **state = reading_state(reading, inetd_entries_free);
	struct inetd inetd = { .reading = reading, .source = source, .dialect = &dialects[reading->compat] };
	static const struct inetd_defaults usual = { .rate = -1 };
	struct origin outer_at;
	const char *outer;
	size_t at = 0;

	if (!reading->inetd)
		reading->inetd = &usual;
	if (!*state) {
		struct pool *pool = pool_new();

		*state = pool_alloc(pool, sizeof(struct inetd_entries));
		inetd_entries(reading)->pool = pool;
	}
	inetd.entries = *state;
	outer = inetd.entries->hosts;
	outer_at = inetd.entries->hosts_at;
	while (at < source->length)
		at = read_next_line(&inetd, at);
	if (inetd.entries->is_included || !inetd.dialect->hosts_stay) {
		inetd.entries->hosts = outer;
		inetd.entries->hosts_at = outer_at;
	} else if (inetd.entries->hosts && !strcmp(inetd.entries->hosts, "*")) {
		inetd.entries->hosts = NULL; /* of the next file the address is that of the command line again */
	}
	word_list_free(&inetd.line);
	return true;
}

/* Takes every file of /etc/inetd.d but copies, which would replace the entries of the original. */
static bool inetd_takes(struct reading *reading, const char *path, const char *name)
{
	if (reading_may_be_table(name))
		return true;
	if (*name != '.')
		diag_warning(reading->diags, ((struct origin){ .file = path }),
			     "it is skipped: by its name it is a copy that an editor or a package left behind");
	return false;
}

static void inetd_finish(struct reading *reading)
{
	struct inetd_entries *entries = inetd_entries(reading);

	if (entries)
		inetd_apply_precedence(reading, entries);
	for (size_t i = 0; entries && i < entries->count; i++) {
		if (!entries->list[i].is_dropped)
			inetd_build(reading, &entries->list[i]);
	}
	xinetd_shared_defaults_end(reading);
	reading_drop_state(reading, inetd_entries_free);
	reading->pending = 0;
}

const struct reader reader_inetd = {
	.recognises = inetd_recognises,
	.takes = inetd_takes,
	.passes_over = true,
	.load = source_load_in_parts,
	.read_source = inetd_read_source,
	.finish = inetd_finish,
};
