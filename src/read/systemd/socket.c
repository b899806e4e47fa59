/* Makes a socket { } of superd.conf of each [Socket]: its addresses, its name, its options, who may connect, limits.
 *
 * A service's descriptors have the order of its Listen…= lines of all kinds. An empty line of any kind drops all lines
 * before it. The address rules of a .socket hold for its clients, those of a .service for the packets of the sockets
 * that it opens itself (systemd.resource-control(5)). So each socket has its own. */
#include "read/systemd/internal.h"

#include <arpa/inet.h>

#define CONNECTIONS "64"                /* systemd's MaxConnections */
#define DAY (INT64_C(86400) * 1000000)

/* The endpoint of superd.conf for an address as systemd has it: PORT, IPV4:PORT, [IPV6]:PORT%INTERFACE, /path, @name,
 * vsock:CID:PORT. superd.conf also has names of hosts and services, and port 0; systemd refuses them in a unit, so
 * superd does, too. NULL: reported. Source: systemd.socket(5), "ListenStream=". */
static const char *read_address(struct unit_builder *builder, const struct unit_assignment *assignment, bool is_sctp,
				const char *text)
{
	static const struct { const char *key, *path, *other; } kinds[] = {
		{ "ListenStream", "unix", "tcp" },
		{ "ListenDatagram", "unix-dgram", "udp" },
		{ "ListenSequentialPacket", "seqpacket", "seqpacket" },
		{ "ListenFIFO", "fifo", "fifo" },
		{ "ListenSpecial", "special", "special" },
		{ "ListenMessageQueue", "mqueue", "mqueue" },
		{ "ListenNetlink", "netlink", "netlink" },
	};
	const char *address = text, *colon = strrchr(text, ':'), *kind, *made, *wrong;
	bool is_path = *text == '/' || *text == '@', is_vsock;
	const struct endpoint *endpoint;
	size_t n = 0;

	while (strcmp(kinds[n].key, assignment->key) != 0)
		n++;
	kind = is_path ? kinds[n].path : kinds[n].other;
	is_vsock = !n && (!strncmp(text, "vsock:", 6) || !strncmp(text, "vsock-stream:", 13));
	if (is_vsock) {
		kind = "vsock";
		address = strchr(text, ':') + 1;
	} else if (!n && !is_path && is_sctp) {
		kind = "sctp";
	}
	if (!strncmp(address, "/var/run/", 9))
		address += 4;
	made = pool_textf(builder->pool, "%s:%s", kind, address);
	wrong = endpoint_parse(made, builder->pool, &endpoint);
	if (!wrong && endpoint_has_port(endpoint) &&
	    (!endpoint->port || (endpoint->address && endpoint->family == FAMILY_ANY) || *text == '*' ||
	     (colon ? colon[1] : *text) == '0'))        /* 0123 is octal there */
		wrong = pool_textf(builder->pool, "'%s': a unit has addresses and ports as numbers, and no port 0",
				   text);
	if (wrong)
		unit_refuse(builder, unit_place(assignment, 0), "%s: %s", assignment->key, wrong);
	return wrong ? NULL : made;
}

static void add_listen(struct unit_builder *builder, const struct unit_assignment *assignment, bool is_sctp,
		       struct word_list *list)
{
	const char *text = unit_value(builder, assignment), *address;
	struct origin at = unit_place(assignment, 0);

	if (!text)
		return;
	if (builder->pair->accepts && strcmp(assignment->key, "ListenStream") != 0 &&
	    strcmp(assignment->key, "ListenSequentialPacket") != 0)
		unit_refuse(builder, at,
			    "%s: there are no connections to accept there: with Accept=yes all that listens "
			    "is ListenStream or ListenSequentialPacket",
			    assignment->key);
	address = read_address(builder, assignment, is_sctp, text);
	if (address)
		word_list_add(list, address, at);
}

/* The addresses of the Listen…= lines; mistakes are reported. */
static struct word_list read_addresses(struct unit_builder *builder)
{
	const struct unit_assignment *protocol = unit_assigned(builder, "Socket", "SocketProtocol"), *assignment;
	bool is_sctp = protocol && !strcmp(protocol->value, "sctp");
	struct unit_lines lines = {
		.unit = builder->unit, .section = "Socket", .key = "Listen", .form = FORM_ADDRESS,
	};
	struct word_list list = { 0 };

	if (protocol && !is_sctp)
		unit_refuse(builder, unit_place(protocol, 0),
			    "SocketProtocol: '%s': superd opens TCP, UDP and SCTP: expected sctp", protocol->value);
	while ((assignment = unit_next_assignment(&lines))) {
		if (!list.count)
			list.at = assignment->at;
		if (*assignment->value)
			add_listen(builder, assignment, is_sctp, &list);
	}
	return list;
}

/* Who may connect, and limits. */

static bool read_count(struct unit_builder *builder, const struct unit_assignment *assignment, int64_t *out)
{
	if (scan_count(assignment->value, out) || *out < 0 || *out > UINT32_MAX)
		return unit_refuse(builder, unit_place(assignment, 0),
				   "%s: '%s': expected a number from 0 to 4294967295", assignment->key,
				   assignment->value);
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
			  "MaxConnections=0 is skipped: without Accept=yes the service has all connections");
	else if (is_none)
		unit_refuse(builder, unit_place(most, 0),
			    "MaxConnections: 0 would refuse all clients: expected a number of at least 1");
	if (!builder->pair->accepts)
		return;
	if (!most)
		unit_set(builder, "instances", CONNECTIONS, unit_assignment_at(builder, most));
	else if (count)
		unit_setf(builder, "instances", unit_place(most, 0), "%" PRId64, count);
	unit_set(builder, "overload", "refuse", unit_assignment_at(builder, most));
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
 * wins: so an exception is possible only where all others are denied. */
static void set_client_rules(struct unit_builder *builder, const struct word_list *deny, const struct word_list *allow)
{
	bool only_allowed = list_has_everybody(deny) && allow->count;
	const struct word_list *from = only_allowed ? allow : deny;
	struct word_list list = { .at = from->at };

	if (!only_allowed && allow->count)
		unit_unsupported(builder, allow->at, "IPAddressAllow: superd makes no exceptions from a denied "
						     "network, but from IPAddressDeny=any");
	for (size_t n = 0; n < from->count; n++) {
		struct network networks[NETWORKS_MOST];
		size_t count = networks_read(from->words[n], networks);
		char text[INET6_ADDRSTRLEN];

		for (size_t i = 0; i < count; i++) {
			bool v4 = network_is_v4(&networks[i]);

			unsigned bits = networks[i].bits - (v4 ? 96 : 0);

			inet_ntop(v4 ? AF_INET : AF_INET6, networks[i].address + (v4 ? 12 : 0), text, sizeof(text));
			word_list_add(&list, pool_textf(builder->pool, "%s/%u", text, bits), list.at);
		}
	}
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
	} else if (endpoints && unit_has_socket_commands(builder->unit) && !list_has_everybody(&allow)) {
		unit_unsupported(builder, deny.at,
				 "IPAddressDeny: superd cannot honour it for the commands of a socket");
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
	const struct unit_assignment *assignment = unit_assigned(builder, "Socket", "Backlog");
	int64_t number = INT32_MAX;

	if (!assignment || read_count(builder, assignment, &number))
		unit_setf(builder, "backlog", unit_assignment_at(builder, assignment), "%" PRId64,
			  number > INT32_MAX ? INT32_MAX : number < 1 ? 1 : number);
}

/* Opens the block, by the name of the socket's descriptors in $LISTEN_FDNAMES. */
static void open_block(struct unit_builder *builder, const struct unit *unit)
{
	const struct unit_assignment *assignment = unit_assigned(builder, "Socket", "FileDescriptorName");
	const char *name = assignment              ? unit_value(builder, assignment)
			   : builder->pair->accepts ? "connection" : builder->unit->name;

	builder_open_socket(builder->builder, name,
			    assignment ? unit_assignment_at(builder, assignment) : unit_start(unit));
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
	open_block(builder, unit);
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
