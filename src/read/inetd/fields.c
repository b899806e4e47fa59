/* The fields of an entry of inetd.conf, one after another, and the dialects, which read them differently. */
#include "read/inetd/internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/scan.h"
#include "table/reading/shell_word.h"

/* The table of dialects. inetd(8) of each system documents most of it; the rest was observed on the programs
 * themselves.
 *
 * Where dialects contradict each other, superd's own row has the choice that surprises least on a current system. */

static const struct inetd_dialect dialects[COMPATS] = {
	[COMPAT_NONE] = {
		.has_quotes = true, .continues = true, .bare = BARE_BOTH, .pause = "10min", .unix_mode = "0666",
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

const struct inetd_dialect *inetd_dialect(enum compat compat)
{
	return &dialects[compat < COMPATS ? compat : COMPAT_NONE];
}

void inetd_entries_free(void *state)
{
	struct inetd_entries *entries = state;

	free(entries->list);
	pool_free(entries->pool);
}

struct inetd_entry inetd_entry_new(const struct inetd_dialect *dialect, const char *service, struct origin at)
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

bool inetd_say(struct inetd *inetd, const struct inetd_entry *entry, enum severity severity, struct origin at,
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

const char *inetd_keep(struct inetd *inetd, const char *text, size_t length)
{
	return pool_text_n(inetd_entries(inetd->reading)->pool, text, length);
}

struct origin inetd_shift(struct origin at, size_t columns)
{
	at.column += (unsigned)columns;
	return at;
}

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

/* Disables the entry, with a warning: a limit of 0 allows no start. `why` names the limit. */
static void set_never(struct inetd *inetd, struct inetd_entry *entry, struct origin at, const char *why)
{
	entry->never = true;
	entry_warn(inetd, entry, at, "%s: it is checked and left closed", why);
}

/* The second and third field: the type of the socket and its protocol.
 *
 * More may follow the words: NetBSD's limit and accept filter, the sizes of buffers, and the families. All systems
 * spell families alike but mean different things by them. */

const char *const inetd_type_words[INETD_TYPES] = {
	[INETD_STREAM] = "stream",
	[INETD_DGRAM] = "dgram",
	[INETD_RAW] = "raw",
	[INETD_SEQPACKET] = "seqpacket",
};

static bool refuse_type(struct inetd *inetd, const struct inetd_entry *entry, const char *field, struct origin at)
{
	size_t length = strcspn(field, ",:");
	const char *meant = NULL;

	for (int i = 0; i < INETD_TYPES; i++) {
		if (strlen(inetd_type_words[i]) == length && !strncasecmp(field, inetd_type_words[i], length))
			meant = inetd_type_words[i];
	}
	entry_refuse(inetd, entry, at, "'%s' is no type of socket: known are stream, dgram, raw and seqpacket", field);
	if (meant)
		inetd_hint(inetd, "did you mean %s, in small letters?", meant);
	else if (!field[strspn(field, "0123456789")])
		inetd_hint(inetd, "an address and a port are one word: %s:%s", entry->service, field);
	return false;
}

/* Reads NetBSD's suffixes of the type: ",LIMIT" and ":FILTER". */
static bool read_type_suffix(struct inetd *inetd, struct inetd_entry *entry, const char *suffix, struct origin at)
{
	char limit[32];
	size_t length = strcspn(suffix + 1, ":");
	int64_t number;

	if (*suffix == ',') {
		if (length < sizeof(limit)) {
			memcpy(limit, suffix + 1, length);
			limit[length] = '\0';
		}
		if (length >= sizeof(limit) || !scan_number(limit, INT32_MAX, &number))
			return inetd_refuse(
				inetd, inetd_shift(at, 1),
				"%s: the comma must be followed by how many may run at once, a number; '%.*s' is none",
				entry->service, (int)length, suffix + 1);
		entry->instances = number ? number : INETD_UNSAID;
		if (!number)
			set_never(inetd, entry, inetd_shift(at, 1), "with a limit of 0 no server starts");
		at = inetd_shift(at, 1 + length);
		suffix += 1 + length;
	}
	if (!*suffix)
		return true;
	inetd_refuse(inetd, at, "%s: the accept filter '%s' is not available on this system", entry->service,
		     suffix + 1);
	inetd_hint(inetd, "leave it out; in superd.conf, defer_accept lets the kernel wait for a client's first bytes");
	return false;
}

bool inetd_take_type(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	size_t length = strcspn(field, ",:");

	if (scan_is_word(field, length, "rdm"))
		return entry_refuse(inetd, entry, at,
				    "there are no rdm sockets: known are stream, dgram, raw and seqpacket");
	entry->type = INETD_STREAM;
	while (entry->type < INETD_TYPES && !scan_is_word(field, length, inetd_type_words[entry->type]))
		entry->type++;
	if (entry->type == INETD_TYPES)
		return refuse_type(inetd, entry, field, at);
	return !field[length] || read_type_suffix(inetd, entry, field + length, inetd_shift(at, length));
}

static bool take_buffer(struct inetd *inetd, struct inetd_entry *entry, bool send, const char *size, struct origin at)
{
	size_t digits = strspn(size, "0123456789");
	const char **buffer = send ? &entry->send_buffer : &entry->receive_buffer;

	if (!digits || digits > 10 || (size[digits] && (!strchr("kKmM", size[digits]) || size[digits + 1])))
		return inetd_refuse(inetd, at,
				    "%s: '%s' is no size of a buffer; expected a number, optionally followed by k or m",
				    entry->service, size);
	if (*buffer)
		return entry_refuse(inetd, entry, at, "the size of this buffer is already set");
	*buffer = size;
	return true;
}

/* Reads sizes of buffers, such as ",sndbuf=64k,rcvbuf=1m". */
static bool read_buffer_sizes(struct inetd *inetd, struct inetd_entry *entry, const char *text, struct origin at)
{
	while (*text) {
		size_t length = strcspn(text + 1, ",");
		const char *word = inetd_keep(inetd, text + 1, length);
		bool send = !strncmp(word, "sndbuf=", 7);

		at = inetd_shift(at, 1);
		if (!send && strncmp(word, "rcvbuf=", 7) != 0)
			return entry_refuse(inetd, entry, at,
					    "'%s' is neither sndbuf=SIZE nor rcvbuf=SIZE, which follow a protocol",
					    word);
		if (!take_buffer(inetd, entry, send, word + 7, inetd_shift(at, 7)))
			return false;
		text += 1 + length;
		at = inetd_shift(at, length);
	}
	return true;
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

/* Variants of TCP that current kernels lack. */
static const char *obsolete_tcp_variant(const char *protocol)
{
	if (strstr(protocol, "/ttcp"))
		return "T/TCP is";
	return !strncmp(protocol, "faith/", 6) || strstr(protocol, "/faith") ? "faithd(8)'s translation is" : NULL;
}

bool inetd_take_protocol(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	size_t length = strcspn(field, ",");
	const char *dead;

	entry->protocol_at = at;
	entry->protocol = inetd_keep(inetd, field, length);
	if (!read_buffer_sizes(inetd, entry, field + length, inetd_shift(at, length)))
		return false;
	dead = obsolete_tcp_variant(entry->protocol);
	if (dead)
		return inetd_refuse(inetd, at, "%s: %s: %s not available on this system", entry->service,
				    entry->protocol, dead);
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
	if (entry->send_buffer || entry->receive_buffer)
		return entry_refuse(inetd, entry, entry->protocol_at,
				    "a service of tcpmux has no socket, and so no buffers");
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

bool inetd_take_address(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at,
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
		set_never(inetd, entry, at, "a limit of 0 starts nothing");
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

bool inetd_take_wait(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
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

/* Removes FreeBSD's "/CLASS", a class of login.conf(5), with a warning. */
static const char *cut_class(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	const char *slash = strrchr(field, '/');

	if (!slash)
		return field;
	entry_warn(inetd, entry, inetd_shift(at, (size_t)(slash - field)),
		   "the login class '%s' is not available on this system: none of its limits is set", slash + 1);
	inetd_hint(inetd, "in superd.conf, the rlimit_ options set them");
	return inetd_keep(inetd, field, (size_t)(slash - field));
}

bool inetd_take_user(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	const char *text, *separator;

	entry->user_at = at;
	if (*field == '/') {
		entry_refuse(inetd, entry, at, "'%s' is a path, and its user is missing before it", field);
		inetd_hint(inetd, INETD_FIELDS);
		return false;
	}
	text = cut_class(inetd, entry, field, at);
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

bool inetd_take_program(struct inetd *inetd, struct inetd_entry *entry, const struct inetd_word *program,
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
