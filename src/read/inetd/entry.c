/* From the text of an inetd.conf to its entries: the dialects, lines, their fields, and the services that a line makes.
 *
 * A bad line is one error, at the field that is wrong. The reader skips the line with its continuation lines and reads
 * the rest of the file as if it were not there. */
#include "read/inetd/inetd.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/scan.h"
#include "read/inetd/internal.h"
#include "table/reading/shell_word.h"

/* The table of dialects. inetd(8) of each system documents most of it; the rest was observed on the programs
 * themselves.
 *
 * Where dialects contradict each other, superd's own row has the choice that surprises least on a current system. */

static const struct inetd_dialect dialects[COMPATS] = {
	[COMPAT_NONE] = {
		.has_quotes = true, .continues = true, .bare = BARE_BOTH, .tells_families = true, .pause = "10min",
		.unix_mode = "0666",
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
		.rate = 999, .pause = "10min", .unix_mode = "0666",
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

static struct inetd_entry inetd_entry_new(const struct inetd_dialect *dialect, const char *service, struct origin at)
{
	return (struct inetd_entry){
		.at = at,
		.service_at = at,
		.user_at = at,
		.wait_at = at,
		.program_at = at,
		.protocol_at = at,
		.service = service,
		.burst = INETD_UNSAID,
		.instances = INETD_UNSAID,
		.per_source = INETD_UNSAID,
		.per_source_cpm = INETD_UNSAID,
		.dialect = dialect,
	};
}

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

/* A line of inetd.conf with its continuation lines, split into words with their places. */
struct inetd_word {
	const char *text; /* without its quotes, in the pool */
	struct origin at;
};

/* Starts zeroed; reused from line to line. */
struct inetd_line {
	struct inetd_word *words;
	size_t count, capacity;
	struct origin at; /* its first word */
	size_t end;	  /* offset of the next line in the source's text */
	size_t near;	  /* for source_origin_near */
};

/* The state of reading a file. */
struct inetd {
	struct reading *reading;
	const struct source_file *source;
	const struct inetd_dialect *dialect;
	struct inetd_line line;
};

/* Adds an error. Returns false. */
#define inetd_refuse(inetd, ...) reading_refuse((inetd)->reading, __VA_ARGS__)
#define inetd_hint(inetd, ...) diags_hint((inetd)->reading->diags, __VA_ARGS__)

static bool __attribute__((format(printf, 5, 6)))
inetd_say(struct inetd *inetd, const struct inetd_entry *entry, enum severity severity, struct origin at,
	  const char *format, ...)
{
	struct buf message = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buf_vaddf(&message, format, arguments);
	va_end(arguments);
	diags_add(inetd->reading->diags, severity, at, "%s: %s", entry->service, buf_string(&message));
	buf_free(&message);
	return false;
}

#define entry_refuse(inetd, entry, ...) inetd_say(inetd, entry, SEVERITY_ERROR, __VA_ARGS__)
#define entry_warn(inetd, entry, ...) inetd_say(inetd, entry, SEVERITY_WARNING, __VA_ARGS__)

static const char *inetd_keep(struct inetd *inetd, const char *text, size_t length)
{
	return pool_text_n(inetd_entries(inetd->reading)->pool, text, length);
}

/* The place that many columns further right. */
static struct origin inetd_shift(struct origin at, size_t columns)
{
	at.column += (unsigned)columns;
	return at;
}

/* Adds the word at *at to the line, without its quotes, and moves *at behind it. */
static bool read_word(struct inetd *inetd, size_t *at, size_t end)
{
	struct inetd_line *line = &inetd->line;
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
		array_add(line->words, line->count, line->capacity) = (struct inetd_word){
			.text = inetd_keep(inetd, buf_string(&word), word.length),
			.at = source_origin_near(inetd->source, start, &line->near),
		};
	buf_free(&word);
	if (!quote)
		return true;
	inetd_refuse(inetd, source_origin(inetd->source, opened), "a %c is not closed on its line", quote);
	inetd_hint(inetd,
		   "put a literal quote in quotes of the other kind; OpenBSD's and busybox's inetd know no quotes: "
		   "inetd+openbsd:PATH reads the file as they do");
	return false;
}

/* Reads the line at `at` with its continuation lines: a line that begins with a blank continues the line before it,
 * across comments. false: it is wrong (reported); line->end is then still behind all of its lines, so that no part of
 * it is read as another entry. */
static bool read_line(struct inetd *inetd, size_t at)
{
	struct inetd_line *line = &inetd->line;
	const struct source_file *source = inetd->source;
	bool ok = true;

	line->count = 0;
	line->at = source_origin_near(source, at, &line->near);
	do {
		size_t end = source_line_end(source, at);

		source_next_word(source->text, &at, end);
		if (!line->count || source->text[at] != '#') {
			while (ok && source_next_word(source->text, &at, end))
				ok = read_word(inetd, &at, end);
		}
		at = end + 1;
	} while (at < source->length && inetd->dialect->continues && scan_is_blank(source->text[at]));
	line->end = at < source->length ? at : source->length;
	return ok;
}

#define INETD_FIELDS "an entry is SERVICE TYPE PROTOCOL WAIT USER PROGRAM ARGUMENTS..."

#define NUMBER_DIGITS 15 /* an int64_t holds any of them */

/* Parses decimal digits, to at most `most`. false: it is no such number. */
static bool scan_number(const char *text, int64_t most, int64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	int64_t value = 0;

	if (!digits || digits > NUMBER_DIGITS || text[digits])
		return false;
	for (; *text; text++)
		value = value * 10 + (*text - '0');
	*out = value;
	return value <= most;
}

/* The second and third field: the type of the socket and its protocol, with its families. All systems spell families
 * alike but mean different things by them. */

static const char *const type_words[INETD_TYPES] = {
	[INETD_STREAM] = "stream",
	[INETD_DGRAM] = "dgram",
	[INETD_RAW] = "raw",
	[INETD_SEQPACKET] = "seqpacket",
};

static bool take_type(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	entry->type = INETD_STREAM;
	while (entry->type < INETD_TYPES && strcmp(field, type_words[entry->type]) != 0)
		entry->type++;
	if (entry->type < INETD_TYPES)
		return true;
	entry_refuse(inetd, entry, at, "'%s' is no type of socket: known are stream, dgram, raw and seqpacket", field);
	if (strpbrk(field, ",:"))
		inetd_hint(inetd, "superd knows neither limits nor accept filters here: nowait/5 limits servers to 5");
	else if (!strcmp(field, "on") || !strcmp(field, "off"))
		inetd_hint(inetd, "superd does not read NetBSD's notation with keys: " INETD_FIELDS);
	else if (!field[strspn(field, "0123456789")])
		inetd_hint(inetd, "an address and a port are one word: %s:%s", entry->service, field);
	return false;
}

static const struct {
	const char *word;
	enum inetd_transport transport;
} transports[] = {
	{ "tcp", INETD_TCP },	      { "udp", INETD_UDP },	    { "sctp", INETD_SCTP },
	{ "rpc/tcp", INETD_RPC_TCP }, { "rpc/udp", INETD_RPC_UDP },
};

static void set_families(struct inetd_entry *entry, unsigned families, unsigned yields)
{
	entry->families = (uint8_t)families;
	entry->yields = (uint8_t)yields;
	entry->is_dual = families == (INETD_IPV4 | INETD_IPV6);
}

/* The families of tcp and udp without 4, 6 or 46. For RPC it is IPv4, because RPC servers take the family of the socket
 * for that of their clients. */
static void set_default_families(const struct inetd *inetd, struct inetd_entry *entry)
{
	bool is_rpc = entry->transport == INETD_RPC_TCP || entry->transport == INETD_RPC_UDP;

	entry->is_bare = !is_rpc && entry->transport != INETD_SCTP;
	if (is_rpc || (entry->is_bare && inetd->dialect->bare == BARE_IPV4)) {
		set_families(entry, INETD_IPV4, 0);
		return;
	}
	set_families(entry, INETD_IPV4 | INETD_IPV6, 0);
	if (!entry->is_bare || inetd->dialect->bare != BARE_BOTH)
		return;
	entry->is_dual = false;
	entry->yields = INETD_IPV4 | INETD_IPV6;
}

/* Sets the families of the suffix 4, 6, 6only, 46 or 64 behind tcp and the like; 64 is FreeBSD's. false: another
 * suffix. */
static bool set_named_families(struct inetd *inetd, struct inetd_entry *entry, const char *suffix)
{
	bool is_rpc = entry->transport == INETD_RPC_TCP || entry->transport == INETD_RPC_UDP;
	bool dual = entry->transport == INETD_TCP ? inetd->dialect->tcp6_is_dual : inetd->dialect->udp6_is_dual;

	if (!*suffix)
		set_default_families(inetd, entry);
	else if (!strcmp(suffix, "4"))
		set_families(entry, INETD_IPV4, 0);
	else if (!strcmp(suffix, "6") && dual && !is_rpc)
		set_families(entry, INETD_IPV4 | INETD_IPV6, INETD_IPV4);
	else if (!strcmp(suffix, "6") || (!strcmp(suffix, "6only") && !is_rpc))
		set_families(entry, INETD_IPV6, 0);
	else if ((!strcmp(suffix, "46") || !strcmp(suffix, "64")) && !is_rpc)
		set_families(entry, INETD_IPV4 | INETD_IPV6, 0);
	else
		return false;
	return true;
}

static bool find_transport(struct inetd *inetd, struct inetd_entry *entry)
{
	if (!strcmp(entry->protocol, "unix")) {
		entry->transport = INETD_UNIX;
		entry->families = INETD_IPV4; /* any: it has one socket */
		return true;
	}
	for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
		size_t length = strlen(transports[i].word);

		if (strncmp(entry->protocol, transports[i].word, length) != 0)
			continue;
		entry->transport = (uint8_t)transports[i].transport;
		if (set_named_families(inetd, entry, entry->protocol + length))
			return true;
	}
	return false;
}

static bool take_protocol(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	size_t length = strcspn(field, ",");

	entry->protocol_at = at;
	entry->protocol = inetd_keep(inetd, field, length);
	if (field[length]) {
		entry_warn(inetd, entry, inetd_shift(at, length), "'%s' is left out: it tunes buffers of the socket",
			   field + length);
		inetd_hint(inetd, "superd.conf has send_buffer and receive_buffer");
	}
	if (entry->type == INETD_RAW) {
		entry->transport = INETD_IP;
		entry->families = INETD_IPV4;
		return true;
	}
	if (find_transport(inetd, entry))
		return true;
	entry_refuse(inetd, entry, at, "'%s' is no protocol: known are tcp, udp, sctp, unix, rpc/tcp and rpc/udp",
		     entry->protocol);
	inetd_hint(inetd, "tcp and udp may be followed by 4, 6, 46 or 6only");
	return false;
}

/* The first field: hosts, and the service on them.
 *
 * A colon separates hosts from a service, is part of an IPv6 address, and in FreeBSD's tables begins the owner of a
 * unix socket. The protocol, two fields further right, decides which of them it is. */

/* Reads FreeBSD's ":USER:GROUP:MODE:/path"; USER, GROUP and MODE may be empty. */
static bool read_socket_owner(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	const char **const parts[] = { &entry->socket_user, &entry->socket_group, &entry->socket_mode };
	const char *text = field + 1;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t length = strcspn(text, ":");

		if (!text[length])
			return inetd_refuse(inetd, at, "%s: a unix socket's owner is written :USER:GROUP:MODE:/path",
					    field);
		if (length)
			*parts[i] = inetd_keep(inetd, text, length);
		text += length + 1;
	}
	entry->service = text;
	entry->service_at = inetd_shift(at, (size_t)(text - field));
	return true;
}

static bool read_unix_path(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	const char *path = strchr(field, '/');

	if (*field == ':')
		return read_socket_owner(inetd, entry, field, at);
	if (!strncmp(field, "*:/", 3)) {
		entry->service = field + 2;
		entry->service_at = inetd_shift(at, 2);
		return true;
	}
	if (path && path > field && path[-1] == ':')
		return inetd_refuse(inetd, at, "%s: a unix socket has no host", field);
	if (*field != '/' && *field != '@')
		return inetd_refuse(inetd, at, "%s: a unix socket's service is its path, which begins with /", field);
	return true;
}

/* Reads "tcpmux/NAME": a service of tcpmux (RFC 1078), which has no socket of its own. */
static bool read_tcpmux_name(struct inetd *inetd, struct inetd_entry *entry)
{
	if (entry->transport != INETD_TCP || strncmp(entry->service, "tcpmux/", 7) != 0)
		return true;
	entry->transport = INETD_MUX;
	set_families(entry, INETD_IPV4, 0);
	entry->address = entry->service + 7;
	if (strcmp(entry->protocol, "tcp") && strcmp(entry->protocol, "tcp4"))
		return entry_refuse(inetd, entry, entry->protocol_at, "a service of tcpmux has the protocol tcp");
	return true;
}

static bool check_service_port(struct inetd *inetd, const struct inetd_entry *entry)
{
	int64_t port;

	if (entry->transport == INETD_IP || entry->service[strspn(entry->service, "0123456789")] ||
	    scan_number(entry->service, UINT16_MAX, &port))
		return true;
	return entry_refuse(inetd, entry, entry->service_at, "a port is a number up to 65535 or a name of services(5)");
}

static bool take_address(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at,
			 const char **hosts)
{
	const char *colon = strrchr(field, ':');

	*hosts = NULL;
	entry->service = field;
	entry->service_at = at;
	if (entry->transport == INETD_UNIX)
		return read_unix_path(inetd, entry, field, at);
	if (colon) {
		*hosts = inetd_keep(inetd, field, (size_t)(colon - field));
		entry->service = colon + 1;
		entry->service_at = inetd_shift(at, (size_t)(colon + 1 - field));
	}
	if (!*entry->service)
		return inetd_refuse(inetd, entry->service_at, "%s: the service after the colon is missing", field);
	if (entry->transport == INETD_RPC_TCP || entry->transport == INETD_RPC_UDP) {
		/* PROGRAM/LOW-HIGH; as with FreeBSD the version is 1 if there is none */
		entry->address = strchr(entry->service, '/')
			? entry->service
			: pool_textf(inetd_entries(inetd->reading)->pool, "%s/1", entry->service);
		return true;
	}
	return check_service_port(inetd, entry) && read_tcpmux_name(inetd, entry);
}

/* The fourth field: wait or nowait, and the limits behind it: behind a dot or a colon, as OpenBSD, NetBSD and GNU have
 * it, of starts a minute; behind a slash, as FreeBSD has it, of running servers. */

/* Reads ".N" and ":N"; only NetBSD has the colon. Other inetds accept no number, and one too large to count. */
static bool read_rate(struct inetd *inetd, struct inetd_entry *entry, const char *text, struct origin at)
{
	const char *word = text + 1;
	int64_t number;

	at = inetd_shift(at, 1);
	if (!*word) {
		entry_warn(inetd, entry, at, "the number after the dot is missing; the dot is ignored");
	} else if (word[strspn(word, "0123456789")]) {
		return inetd_refuse(inetd, at,
				    "%s: %s%c must be followed by the number of starts in a minute; '%s' is no number",
				    entry->service, entry->accepts ? "nowait" : "wait", *text, word);
	} else if (!scan_number(word, INT32_MAX, &number)) {
		entry->burst = UNLIMITED;
		entry_warn(inetd, entry, at, "%s is more than can be counted: there is no limit", word);
	} else if (number) {
		entry->burst = number;
	} else if (*text == ':' || inetd->dialect->zero_is_never) {
		entry->never = true;
		entry_warn(inetd, entry, at, "a limit of 0 starts nothing: the service is left closed");
	} else {
		entry_warn(inetd, entry, at,
			   "a limit of 0 means the default limit; NetBSD's inetd starts nothing then");
	}
	return true;
}

/* Reads FreeBSD's "/MAX/CPM/PER-ADDRESS"; 0 is no limit. */
static bool read_freebsd_limits(struct inetd *inetd, struct inetd_entry *entry, const char *text, struct origin at)
{
	int64_t *const fields[] = { &entry->instances, &entry->per_source_cpm, &entry->per_source };

	for (size_t i = 0; *text; i++) {
		size_t length = strcspn(text + 1, "/");
		const char *word = inetd_keep(inetd, text + 1, length);

		at = inetd_shift(at, 1);
		if (i == sizeof(fields) / sizeof(fields[0]))
			return entry_refuse(inetd, entry, at,
					    "nowait may be followed by at most three numbers: how many at once, how "
					    "many a minute and how many at once from one address");
		if (!scan_number(word, INT32_MAX, fields[i]))
			return entry_refuse(inetd, entry, at, "'%s' is no number", word);
		if (!*fields[i])
			*fields[i] = UNLIMITED;
		text += 1 + length;
		at = inetd_shift(at, length);
	}
	return true;
}

static bool take_wait(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	size_t length;

	entry->wait_at = at;
	entry->accepts = !strncasecmp(field, "nowait", 6);
	length = entry->accepts ? 6 : !strncasecmp(field, "wait", 4) ? 4 : 0;
	if (!length || (field[length] && !strchr(".:/", field[length]))) {
		entry_refuse(inetd, entry, at, "'%s' is neither wait nor nowait", field);
		inetd_hint(inetd,
			   "with nowait superd accepts and starts a program for each client; with wait the program "
			   "receives the socket itself");
		return false;
	}
	at = inetd_shift(at, length);
	if (field[length] == '/')
		return read_freebsd_limits(inetd, entry, field + length, at);
	return !field[length] || read_rate(inetd, entry, field + length, at);
}

/* The last fields: the user, the program and its arguments.
 *
 * user.group is ambiguous, because a user's name may contain a dot, and a reader looks up no names. So in superd's own
 * dialect the builder gets the whole word, which is split later if there is no such user. A colon always separates user
 * and group. */

static bool take_user(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	const char *text, *separator;

	entry->user_at = at;
	if (*field == '/') {
		entry_refuse(inetd, entry, at, "'%s' is a path, and its user is missing before it", field);
		inetd_hint(inetd, INETD_FIELDS);
		return false;
	}
	text = inetd_keep(inetd, field, strcspn(field, "/"));
	if (field[strlen(text)]) {
		entry_warn(inetd, entry, inetd_shift(at, strlen(text)),
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
		return entry_refuse(inetd, entry, at, "'%s' names no user", field);
	if (entry->group && !*entry->group)
		return entry_refuse(inetd, entry, inetd_shift(at, strlen(field)), "the group after '%s' is missing",
				    field);
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

static const char *find_builtin(const struct inetd_entry *entry)
{
	const char *slash = strrchr(entry->service, '/');
	const char *name = slash && entry->transport == INETD_UNIX ? slash + 1 : entry->service;

	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		for (size_t j = 0; j < sizeof(builtins[i].names) / sizeof(builtins[i].names[0]); j++) {
			if (builtins[i].names[j] && !strcmp(builtins[i].names[j], name))
				return builtins[i].builtin;
		}
	}
	return NULL;
}

static bool set_builtin(struct inetd *inetd, struct inetd_entry *entry, struct origin at,
			const struct inetd_word *arguments, size_t count)
{
	entry->builtin = find_builtin(entry);
	if (!entry->builtin)
		return entry_refuse(inetd, entry, at,
				    "there is no internal service of this name: known are echo, discard, chargen, "
				    "daytime, time and tcpmux");
	if (!strcmp(entry->builtin, "auth")) {
		entry_refuse(inetd, entry, at, "superd has no ident server of its own");
		inetd_hint(inetd, "name an ident daemon as the program, as in /usr/sbin/oidentd oidentd --stdio");
		return false;
	}
	if (count > 1)
		return inetd_refuse(inetd, arguments[1].at, "%s: the internal %s has no arguments", entry->service,
				    entry->builtin);
	return true;
}

/* Warns of an argv[0] that looks like an argument, because many tables forget the program's own name; and of one that
 * is the absolute path of another file, mostly a script that was meant as an argument. */
static void warn_of_argv0(struct inetd *inetd, const struct inetd_entry *entry, const struct inetd_word *name)
{
	const char *base = scan_base_name(entry->program);
	bool is_wrapper = base != entry->program && !strcmp(base, "tcpd");
	bool is_option = name->text[0] == '-' && strcmp(name->text + 1, base) != 0;
	bool is_path = name->text[0] == '/' && !is_wrapper && strcmp(name->text, entry->program) != 0;

	if (!is_option && !is_path)
		return;
	entry_warn(inetd, entry, name->at, "'%s' is the program's own name, not an argument", name->text);
	inetd_hint(inetd, "write its name before the arguments: %s %s %s", entry->program, base, name->text);
}

static void warn_of_comment(struct inetd *inetd, const struct inetd_entry *entry, const struct inetd_word *arguments,
			    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (arguments[i].text[0] != '#')
			continue;
		entry_warn(inetd, entry, arguments[i].at, "'%s' is passed to the program as an argument",
			   arguments[i].text);
		inetd_hint(inetd, "a comment has a line of its own");
		return;
	}
}

/* Warns of the first argument that only a shell would understand. */
static void warn_of_shell_argument(struct inetd *inetd, const struct inetd_entry *entry,
				   const struct inetd_word *arguments, size_t count)
{
	struct shell_scan scan = { 0 };

	shell_scan_word(&scan, entry->program, true);
	for (size_t i = 0; i < count; i++) {
		if (!shell_scan_word(&scan, arguments[i].text, i > 0))
			continue;
		diag_warning(inetd->reading->diags, arguments[i].at, SHELL_WORD_WARNING, entry->service,
			     arguments[i].text);
		inetd_hint(inetd, "write it into a script, and name that here");
		return;
	}
}

/* A relative path starts in the folder that inetd was started in, if the command line names it. */
static const char *find_program(const struct inetd *inetd, const char *program)
{
	const struct inetd_defaults *said = inetd->reading->inetd;

	if (*program == '/' || (inetd->dialect->searches_path && !strchr(program, '/')))
		return program;
	if (!said || !said->folder)
		return NULL;
	program += strncmp(program, "./", 2) ? 0 : 2;
	return pool_textf(inetd_entries(inetd->reading)->pool, "%s/%s", said->folder, program);
}

static bool refuse_relative(struct inetd *inetd, const struct inetd_entry *entry, const char *program, struct origin at)
{
	entry_refuse(inetd, entry, at, "the program '%s' is no absolute path", program);
	inetd_hint(inetd,
		   "write its absolute path; busybox's inetd searches PATH, and so does superd with --compat=busybox "
		   "or inetd+busybox:FILE; with inetd -d the path starts at the current directory");
	return false;
}

static bool take_program(struct inetd *inetd, struct inetd_entry *entry, const struct inetd_word *program,
			 const struct inetd_word *arguments, size_t count)
{
	struct origin at = program->at;
	struct pool *pool = inetd_entries(inetd->reading)->pool;
	const char **texts = pool_alloc(pool, (count + 1) * sizeof(*texts));

	entry->program_at = at;
	for (size_t i = 0; i < count; i++)
		texts[i] = arguments[i].text;
	entry->arguments = texts;
	if (!strcmp(program->text, "internal"))
		return set_builtin(inetd, entry, at, arguments, count);
	if (!*program->text)
		return entry_refuse(inetd, entry, at, "the program's path is empty");
	entry->program = find_program(inetd, program->text);
	if (!entry->program)
		return refuse_relative(inetd, entry, program->text, at);
	if (count)
		warn_of_argv0(inetd, entry, &arguments[0]);
	warn_of_comment(inetd, entry, arguments, count);
	warn_of_shell_argument(inetd, entry, arguments, count);
	return true;
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
				    type_words[entry->type], entry->protocol);
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
		hosts = inetd_entries(inetd->reading)->hosts;
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

/* Whether a bad line may have been meant as HOSTS:, the addresses of all entries below it. One without words is wrong
 * in its first word. */
static bool may_be_hosts(const struct inetd_line *line)
{
	if (!line->count)
		return true;
	return line->count <= 2 && line->words[0].text[0] != '.' &&
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

	if (line->count > 1 && !take_type(inetd, entry, line->words[1].text, line->words[1].at))
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

static bool read_fields(struct inetd *inetd)
{
	const struct inetd_word *word = inetd->line.words;
	struct inetd_entry made = inetd_entry_new(inetd->dialect, word[0].text, inetd->line.at), *entry = &made;
	const char *hosts;

	if (inetd->line.count < FIELDS)
		return refuse_fields(inetd, entry);
	return take_type(inetd, entry, word[1].text, word[1].at) &&
		take_protocol(inetd, entry, word[2].text, word[2].at) &&
		take_address(inetd, entry, word[0].text, word[0].at, &hosts) &&
		take_wait(inetd, entry, word[3].text, word[3].at) &&
		take_user(inetd, entry, word[4].text, word[4].at) &&
		take_program(inetd, entry, &word[5], word + FIELDS, inetd->line.count - FIELDS) &&
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
	inetd_entries(inetd->reading)->hosts = *hosts ? hosts : "*";
	return true;
}

/* Reads NetBSD's ".include PATTERN". */
static bool read_directive(struct inetd *inetd)
{
	const struct inetd_line *line = &inetd->line;
	if (strcmp(line->words[0].text, ".include") != 0)
		return inetd_refuse(inetd, line->at, "%s: there is no such directive: known is .include",
				    line->words[0].text);
	if (line->count < 2 || !*line->words[1].text)
		return inetd_refuse(inetd, inetd_shift(line->at, 8), ".include: a path is missing");
	reading_note(inetd->reading, (struct note){ NOTE_SHARED, .at = line->at });
	include_files(inetd->reading, &reader_inetd, line->words[1].text, line->words[1].at);
	return true;
}

/* A line that begins with #: a comment, or with FreeBSD and NetBSD an IPsec policy ("#@ in ipsec ...") for the entries
 * below it. */
static void read_comment(struct inetd *inetd, size_t at, size_t end)
{
	const char *text = inetd->source->text;
	struct origin place = source_origin_near(inetd->source, at, &inetd->line.near);
	size_t length;

	at += 2;
	length = at < end && text[at - 1] == '@' ? source_next_word(text, &at, end) : 0;
	if (!scan_is_word(text + at, length, "in") && !scan_is_word(text + at, length, "out"))
		return;
	inetd_refuse(inetd, place, "IPsec policies for the entries below are not available on this system");
	reading_note(inetd->reading, (struct note){ NOTE_VITAL, .at = place });
}

/* Leaves out a bad line, with --keep-going. But if it may have been HOSTS:, the services below it would listen on all
 * addresses, so --keep-going must not go on. The name is that of its service, as far as the first field has it. */
static void leave_out_line(struct inetd *inetd)
{
	const struct inetd_line *line = &inetd->line;
	const char *field = line->count ? line->words[0].text : "", *mark = strrchr(field, *field == '/' ? '/' : ':');
	const char *name = mark ? mark + 1 : field;

	if (may_be_hosts(line))
		reading_note(inetd->reading, (struct note){ NOTE_VITAL, .at = line->at });
	else
		reading_leave_out(inetd->reading, line->at, *field != '.' && *name ? name : NULL);
}

/* Reads the entry, comment or directive at `at`, or skips a blank line. Returns the offset of the line behind it. */
static size_t read_next_line(struct inetd *inetd, size_t at)
{
	const struct source_file *source = inetd->source;
	size_t end = source_line_end(source, at);
	const struct source_flaw *flaw;
	bool ok;

	if (!source_next_word(source->text, &at, end))
		return end + 1;
	if (source->text[at] == '#') {
		read_comment(inetd, at, end);
		return end + 1;
	}
	ok = read_line(inetd, at);
	flaw = ok ? source_flaw(source, at, inetd->line.end) : NULL;
	if (flaw)
		source_refuse_flaw(source, flaw, inetd->reading->diags);
	if (!ok || flaw ||
	    !(inetd->line.words[0].text[0] == '.' ? read_directive(inetd)
						  : read_default_hosts(inetd) || read_fields(inetd)))
		leave_out_line(inetd);
	return inetd->line.end;
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
	struct inetd inetd = { .reading = reading, .source = source, .dialect = &dialects[reading->compat] };
	struct inetd_entries *entries = make_entries(reading);
	const char *outer = entries->hosts;
	size_t at = 0;

	while (at < source->length)
		at = read_next_line(&inetd, at);
	entries->hosts = outer;
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
