/* Makes a socket { } of superd.conf of each [Socket]: its addresses, its name, its options, who may connect, limits.
 *
 * A service's descriptors have the order of its Listen…= lines of all kinds. An empty line of any kind drops all lines
 * before it. The address rules of a .socket hold for its clients, those of a .service for the packets of the sockets
 * that it opens itself (systemd.resource-control(5)). So each socket has its own. */
#include "read/systemd/internal.h"

#include <inttypes.h>
#include <string.h>

#include "lib/scan.h"
#include "table/words/resource_words.h"

#define CONNECTIONS "64"                /* systemd's MaxConnections */
#define PATH_LONGEST 107                /* bytes of sun_path in front of its NUL (unix(7)) */
#define DAY (INT64_C(86400) * 1000000)

/* Addresses as systemd writes them: PORT, IPV4:PORT, [IPV6]:PORT%INTERFACE, /path, @name, vsock:CID:PORT. The parser is
 * as strict as systemd's. superd.conf has names of hosts and services, and port 0; systemd refuses them in a unit, so
 * superd does, too. Source: systemd.socket(5), "ListenStream=". Each function adds an endpoint of superd.conf and
 * returns NULL, or returns the message about a wrong address, as the end of a sentence. */

static bool has_only_digits(const char *text, size_t length)
{
	return length && strspn(text, "0123456789") >= length;
}

static const char *add_path(const char *path, struct buf *out)
{
	if (!path[strspn(path, "/")])
		return "the path of a socket does not end in its directory";
	if (strlen(path) > PATH_LONGEST)
		return "the path of a socket has at most 107 bytes";
	buf_text(out, !strncmp(path, "/var/run/", 9) ? path + 4 : path);
	return NULL;
}

static const char *add_abstract(const char *name, struct buf *out)
{
	if (!name[1])
		return "after @ expected the name of an abstract socket";
	if (strlen(name) > PATH_LONGEST)
		return "the name of an abstract socket has at most 107 bytes, with its @";
	buf_text(out, name);
	return NULL;
}

static const char *add_vsock(bool is_stream, const char *text, struct buf *out)
{
	const char *rest = strchr(text, ':') + 1, *port = strchr(rest, ':');
	size_t length = strcspn(text, ":");

	if (!(scan_is_word(text, length, "vsock") && is_stream) && !scan_is_word(text, length, "vsock-stream"))
		return "superd listens on vsock for streams alone";
	if (!port || (port > rest && !has_only_digits(rest, (size_t)(port - rest))) ||
	    !has_only_digits(port + 1, strlen(port + 1)))
		return "an address of vsock is vsock:CID:PORT, with numbers, or vsock::PORT";
	buf_addf(out, "vsock:%s", rest);
	return NULL;
}

static const char *add_inet(const char *text, const char *protocol, struct buf *out)
{
	const char *end = strchr(text, ']'), *port = text;
	struct in6_addr unused;
	uint32_t number;
	size_t length;

	if (*text == '[') {
		if (!end || end[1] != ':')
			return "an address of IPv6 is [ADDRESS]:PORT, with %INTERFACE after the port";
		if (scan_address(text + 1, (size_t)(end - text) - 1, &unused) != AF_INET6)
			return "it is no address of IPv6";
		port = end + 2;
	} else if (!has_only_digits(text, strlen(text))) {
		if (scan_address(text, strcspn(text, ":"), &unused) != AF_INET)
			return "an address is PORT, IPV4:PORT, [IPV6]:PORT, /path, @name or vsock:CID:PORT";
		port = text + strcspn(text, ":");
		port += *port == ':';
	}
	length = *text == '[' ? strcspn(port, "%") : strlen(port);
	if (!length)
		return "its port is missing";
	if (!has_only_digits(port, length))
		return "its port is not a number: systemd supports no names of services";
	if (!scan_unsigned(port, length, 65535, &number) || !number)
		return "a port is a number from 1 to 65535";
	if (port[length] && (!port[length + 1] || strpbrk(port + length + 1, "%/ \t")))
		return "the % must be followed by the name of an interface";
	buf_addf(out, "%s:%s", protocol, text);
	return NULL;
}

/* FAMILY [GROUP] */
static const char *add_netlink(const char *text, struct buf *out)
{
	size_t family = strcspn(text, " \t");
	const char *group = scan_skip_blanks(text + family);

	if (*group && !has_only_digits(group, strlen(group)))
		return "expected a family of netlink and, after a blank, the number of a group";
	buf_addf(out, "netlink:%.*s%s%s", (int)family, text, *group ? " " : "", group);
	return NULL;
}

static const char *add_address(const char *key, bool is_sctp, const char *text, struct buf *out)
{
	static const struct { const char *key, *local, *inet; } kinds[] = {
		{ "ListenStream", "unix:", "tcp" },
		{ "ListenDatagram", "unix-dgram:", "udp" },
		{ "ListenSequentialPacket", "seqpacket:", NULL },
		{ "ListenFIFO", "fifo:", NULL },
		{ "ListenSpecial", "special:", NULL },
		{ "ListenMessageQueue", "mqueue:", NULL },
	};
	bool is_stream = !strcmp(key, "ListenStream"), is_packet = !strcmp(key, "ListenSequentialPacket");
	size_t kind = 0;

	if (!strcmp(key, "ListenNetlink"))
		return add_netlink(text, out);
	while (strcmp(kinds[kind].key, key) != 0)
		kind++;
	if (*text == '/' || (*text == '@' && (kinds[kind].inet || is_packet))) {
		buf_text(out, kinds[kind].local);
		if (strcmp(key, "ListenMessageQueue") != 0)
			return *text == '/' ? add_path(text, out) : add_abstract(text, out);
		buf_text(out, text);
		return NULL;
	}
	if (!kinds[kind].inet && !is_packet)
		return "it starts with /";
	if (!strncmp(text, "vsock", 5) && strchr(text, ':'))
		return add_vsock(is_stream, text, out);
	if (is_packet)
		return "sequenced packets need a unix socket: /path or @name";
	return add_inet(text, is_stream && is_sctp ? "sctp" : kinds[kind].inet, out);
}

static void add_listen(struct unit_builder *builder, const struct unit_assignment *said, bool is_sctp,
		       struct word_list *list)
{
	const char *text = unit_value(builder, said), *wrong;
	struct origin at = unit_place(said, 0);
	struct buf endpoint = { 0 };

	if (!text)
		return;
	if (builder->pair->accepts && strcmp(said->key, "ListenStream") != 0 &&
	    strcmp(said->key, "ListenSequentialPacket") != 0)
		unit_refuse(builder, at,
			    "%s: there are no connections to accept there: with Accept=yes all that listens "
			    "is ListenStream or ListenSequentialPacket",
			    said->key);
	wrong = add_address(said->key, is_sctp, text, &endpoint);
	if (wrong)
		unit_refuse(builder, at, "%s: '%s': %s", said->key, text, wrong);
	else
		word_list_add(list, buf_keep(&endpoint, builder->pool), at);
	buf_free(&endpoint);
}

/* The addresses of the Listen…= lines; mistakes are reported. */
static struct word_list read_addresses(struct unit_builder *builder)
{
	const struct unit_assignment *protocol = unit_assigned(builder, "Socket", "SocketProtocol"), *said;
	bool is_sctp = protocol && !strcmp(protocol->value, "sctp");
	struct unit_lines lines = {
		.unit = builder->unit, .section = "Socket", .key = "Listen", .form = FORM_ADDRESS,
	};
	struct word_list list = { 0 };

	if (protocol && !is_sctp)
		unit_refuse(builder, unit_place(protocol, 0),
			    "SocketProtocol: '%s': superd opens TCP, UDP and SCTP: expected sctp", protocol->value);
	while ((said = unit_line_next(&lines))) {
		if (!list.count)
			list.at = said->at;
		if (*said->value)
			add_listen(builder, said, is_sctp, &list);
	}
	return list;
}

/* Who may connect, and limits. */

static bool read_count(struct unit_builder *builder, const struct unit_assignment *said, int64_t *out)
{
	if (scan_count(said->value, out) || *out < 0 || *out > UINT32_MAX)
		return unit_refuse(builder, unit_place(said, 0), "%s: '%s': expected a number from 0 to 4294967295",
				   said->key, said->value);
	return true;
}

/* As with systemd, a connection beyond the limit is accepted and closed. Without Accept=yes superd sees no connections,
 * and systemd ignores the keys. */
static void set_connection_limits(struct unit_builder *builder)
{
	const struct unit_assignment *most = unit_assigned(builder, "Socket", "MaxConnections");
	const struct unit_assignment *source = unit_assigned(builder, "Socket", "MaxConnectionsPerSource");
	int64_t count = 0;
	bool is_none = most && read_count(builder, most, &count) && !count;

	if (is_none && !builder->pair->accepts)
		unit_warn(builder, unit_place(most, 0),
			  "MaxConnections=0 is left out: without Accept=yes the service has all connections");
	else if (is_none)
		unit_refuse(builder, unit_place(most, 0),
			    "MaxConnections: 0 would refuse all clients: expected a number of at least 1");
	if (!builder->pair->accepts)
		return;
	if (!most)
		unit_set(builder, "instances", CONNECTIONS, unit_said_at(builder, most));
	else if (count)
		unit_setf(builder, "instances", unit_place(most, 0), "%" PRId64, count);
	unit_set(builder, "overload", "refuse", unit_said_at(builder, most));
	if (source && read_count(builder, source, &count) && count)
		unit_setf(builder, "per_source", unit_place(source, 0), "%" PRId64, count);
}

/* Sets the limit of the unit. systemd's defaults are not used, because superd has pauses between starts instead. At the
 * limit systemd stops the socket, and superd pauses until the interval is over. */
static void set_trigger_limit(struct unit_builder *builder)
{
	const struct unit_assignment *most = unit_assigned(builder, "Socket", "TriggerLimitBurst");
	const struct unit_assignment *time = unit_assigned(builder, "Socket", "TriggerLimitIntervalSec");
	int64_t burst = builder->pair->accepts ? 200 : 20, interval = 2000000;
	struct origin at;
	const char *text;

	if ((!most && !time) || (most && !read_count(builder, most, &burst)) ||
	    (time && !unit_timespan(builder, time, &interval)) || !burst || !interval)
		return;
	at = unit_place(time ? time : most, 0);
	text = unit_span_text(builder, interval < DAY ? interval : DAY);
	unit_setf(builder, "trigger_limit_burst", unit_place(most ? most : time, 0), "%" PRId64, burst);
	unit_set(builder, "trigger_limit_interval", text, at);
	unit_set(builder, "trigger_limit_pause", text, at);
}

static bool list_has_everybody(const struct word_list *list)
{
	bool four = false, six = false;

	for (size_t n = 0; n < list->count; n++) {
		bool any = !strcmp(list->words[n], "any");

		four |= any || !strcmp(list->words[n], "0.0.0.0/0");
		six |= any || !strcmp(list->words[n], "::/0");
	}
	return four && six;
}

/* Sets the rules for the clients of a socket. An allowed address wins over a denied one, and in superd.conf no_access
 * wins: so the denied networks are what is left of them without the allowed ones. */
static void set_client_rules(struct unit_builder *builder, const struct word_list *deny, const struct word_list *allow)
{
	static const char *const everybody[] = { "0.0.0.0/0", "::/0", NULL };
	words allowed = allow->count ? pool_list(builder->pool, allow->words, allow->count) : NULL;
	words networks = everybody;
	bool denies_all = list_has_everybody(deny), only_allowed = denies_all && allowed, failed = false;
	struct word_list list = { .at = only_allowed ? allow->at : deny->at };

	if (only_allowed)
		networks = networks_without(allowed, NULL, builder->pool, &failed);
	else if (!denies_all)
		networks = networks_without(pool_list(builder->pool, deny->words, deny->count), allowed, builder->pool,
					    &failed);
	if (failed)
		unit_refuse(builder, list.at, "IPAddressDeny: more networks than superd can check");
	for (; !failed && networks && *networks; networks++)
		word_list_add(&list, *networks, list.at);
	if (list.count)
		unit_set_list(builder, only_allowed ? "only_from" : "no_access", &list);
	word_list_free(&list);
}

/* The rules of a socket are for its clients that have addresses, and mean nothing for others. */
static void set_address_rules(struct unit_builder *builder, const char *section, const struct word_list *endpoints)
{
	struct word_list deny = unit_collect(builder, section, "IPAddressDeny", COLLECT_NETWORKS);
	struct word_list allow = unit_collect(builder, section, "IPAddressAllow", COLLECT_NETWORKS);
	size_t inet = 0;

	for (size_t n = 0; endpoints && n < endpoints->count; n++)
		inet += !strncmp(endpoints->words[n], "tcp:", 4) || !strncmp(endpoints->words[n], "udp:", 4) ||
			!strncmp(endpoints->words[n], "sctp:", 5);
	if (!deny.count || deny.failed || allow.failed) {
		;
	} else if (!endpoints) {
		unit_set_list(builder, "ip_address_deny", &deny);
		if (allow.count)
			unit_set_list(builder, "ip_address_allow", &allow);
	} else if (inet && inet < endpoints->count) {
		unit_unsupported(builder, deny.at, "IPAddressDeny: superd has address rules for sockets that all have "
						   "addresses: write another .socket for the others");
	} else if (inet && !list_has_everybody(&allow)) {
		set_client_rules(builder, &deny, &allow);
	}
	word_list_free(&deny);
	word_list_free(&allow);
}

void unit_build_access(struct unit_builder *builder)
{
	if (builder->pair->service) {
		unit_builder_turn(builder, builder->pair->service);
		set_address_rules(builder, "Service", NULL);
	}
	for (size_t n = 0; n < builder->pair->count; n++) {
		unit_builder_turn(builder, builder->pair->sockets[n]);
		set_connection_limits(builder);
	}
}

/* Blocks. */

/* Without Backlog= the backlog is as large as the kernel allows; the kernel reduces a larger number, see listen(2). */
static void set_backlog(struct unit_builder *builder)
{
	const struct unit_assignment *said = unit_assigned(builder, "Socket", "Backlog");
	int64_t number = INT32_MAX;

	if (!said || read_count(builder, said, &number))
		unit_setf(builder, "backlog", unit_said_at(builder, said), "%" PRId64,
			  number > INT32_MAX ? INT32_MAX : number < 1 ? 1 : number);
}

/* The name of the socket's descriptors in $LISTEN_FDNAMES. */
static const char *descriptor_name(struct unit_builder *builder)
{
	const struct unit_assignment *said = unit_assigned(builder, "Socket", "FileDescriptorName");

	if (said)
		return unit_value(builder, said);
	return builder->pair->accepts ? "connection" : builder->unit->name;
}

/* Sets what the unit says of the sockets of a block. */
static void set_socket_options(struct unit_builder *builder, const struct unit *unit,
			       const struct word_list *endpoints)
{
	bool has_streams = false;

	for (size_t n = 0; n < unit->count; n++)
		has_streams |= unit_is_listen(&unit->list[n]) && (!strcmp(unit->list[n].key, "ListenStream") ||
								  !strcmp(unit->list[n].key, "ListenSequentialPacket"));
	if (has_streams)
		set_backlog(builder);
	unit_apply_keys(builder, "Socket");
	set_address_rules(builder, "Socket", endpoints);
	set_trigger_limit(builder);
	unit_build_conditions(builder, "socket_condition");
	unit_build_socket_needs(builder);
	/* A unit that fails does not take the others with it. */
	if (builder->pair->count > 1)
		unit_set(builder, "optional", "yes", unit_start(unit));
}

static void build_socket(struct unit_builder *builder, const struct unit *unit)
{
	struct diags unheard = { 0 };
	struct word_list endpoints;

	unit_builder_turn(builder, unit);
	unit_report_sections(builder, "Socket");
	builder_open_socket(builder->builder, descriptor_name(builder), unit_start(unit));
	endpoints = read_addresses(builder);
	if (endpoints.count)
		unit_set_list(builder, "listen", &endpoints);
	set_socket_options(builder, unit, &endpoints);
	/* If all addresses are wrong, it has none. */
	builder_close_socket(builder->builder, endpoints.count ? builder->reading->diags : &unheard);
	word_list_free(&endpoints);
	diags_free(&unheard);
	unit_apply_common_keys(builder);
}

void unit_build_sockets(struct unit_builder *builder)
{
	for (size_t n = 0; n < builder->pair->count; n++)
		build_socket(builder, builder->pair->sockets[n]);
	unit_build_socket_commands(builder);
}
