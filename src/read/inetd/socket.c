/* The second and third field: the type of the socket and its protocol.
 *
 * More may follow the words: NetBSD's limit and accept filter, the sizes of buffers, and the families. All systems
 * spell families alike but mean different things by them, see dialect.c. */
#include <string.h>
#include <strings.h>

#include "lib/scan.h"
#include "read/inetd/entry.h"

const char *const inetd_type_words[INETD_TYPES] = {
	[INETD_STREAM] = "stream", [INETD_DGRAM] = "dgram", [INETD_RAW] = "raw", [INETD_SEQPACKET] = "seqpacket",
};

/* The type that is meant by a word in capitals, for a hint; every inetd wants small letters. NULL: none. */
static const char *type_in_capitals(const char *text, size_t length)
{
	for (int i = 0; i < INETD_TYPES; i++) {
		if (strlen(inetd_type_words[i]) == length && !strncasecmp(text, inetd_type_words[i], length))
			return inetd_type_words[i];
	}
	return NULL;
}

static bool refuse_type(struct inetd *inetd, const struct inetd_entry *entry, const char *field, struct origin at)
{
	const char *meant = type_in_capitals(field, strcspn(field, ",:"));

	inetd_refuse(inetd, at, "%s: '%s' is no type of socket: known are stream, dgram, raw and seqpacket",
		     entry->service, field);
	if (meant)
		diags_hint(inetd->reading->diags, "did you mean %s, in small letters?", meant);
	else if (!field[strspn(field, "0123456789")])
		diags_hint(inetd->reading->diags, "an address and a port are one word: %s:%s", entry->service, field);
	return false;
}

static bool find_socket_type(const char *text, size_t length, struct inetd_entry *entry)
{
	entry->type = INETD_STREAM;
	while (entry->type < INETD_TYPES && !scan_is_word(text, length, inetd_type_words[entry->type]))
		entry->type++;
	return entry->type < INETD_TYPES;
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
		if (length >= sizeof(limit) || !inetd_number(limit, INT32_MAX, &number))
			return inetd_refuse(inetd, inetd_shift(at, 1),
					    "%s: the comma must be followed by how many may run at "
					    "once, a number; '%.*s' is none",
					    entry->service, (int)length, suffix + 1);
		entry->instances = number ? number : INETD_UNSAID;
		if (!number)
			inetd_set_never(inetd, entry, inetd_shift(at, 1), "with a limit of 0 no server starts");
		at = inetd_shift(at, 1 + length);
		suffix += 1 + length;
	}
	if (!*suffix)
		return true;
	inetd_refuse(inetd, at, "%s: the accept filter '%s' is not available on this system", entry->service,
		     suffix + 1);
	diags_hint(inetd->reading->diags,
		   "leave it out; in superd.conf, defer_accept lets the kernel wait for a "
		   "client's first bytes");
	return false;
}

bool inetd_take_type(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	size_t length = strcspn(field, ",:");

	if (scan_is_word(field, length, "rdm"))
		return inetd_refuse(inetd, at,
				    "%s: there are no rdm sockets: known are stream, dgram, raw and seqpacket",
				    entry->service);
	if (!find_socket_type(field, length, entry))
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
		return inetd_refuse(inetd, at, "%s: the size of this buffer is already set", entry->service);
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
			return inetd_refuse(
				inetd, at,
				"%s: '%s' is neither sndbuf=SIZE nor rcvbuf=SIZE, which follow a protocol",
				entry->service, word);
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
	entry->yields = INETD_IPV6;
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
	inetd_refuse(inetd, at, "%s: '%s' is no protocol: known are tcp, udp, sctp, unix, rpc/tcp and rpc/udp",
		     entry->service, entry->protocol);
	diags_hint(inetd->reading->diags, "tcp and udp may be followed by 4, 6, 46 or 6only");
	return false;
}
