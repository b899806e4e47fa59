/* Rules of a service's sockets: their number and kind, and the options that apply to them.
 *
 * A service may mix kinds of sockets. An option has an effect if it applies to one of them. */
#include <string.h>

#include "table/option/option_table.h"
#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"

void rule_listen(const struct service *service, struct diags *diags)
{
	bool alone = service->exec->start != START_DEMAND && !service->exec->accept;

	if (service->socket_count || alone || service_is_unclear(service, "listen") ||
	    service_mark(service, "socket"))
		return;
	service_refuse(service, NULL, diags, "listen is missing");
	diags_hint(diags,
		   "set its address, as in listen = \"80\"; only a service with start = boot, manual or wanted needs "
		   "none");
}

static void check_kind(const struct service *service, const struct listen *listen, struct diags *diags)
{
	const struct endpoint *endpoint = listen->endpoint;
	bool accept = service->exec->accept, muxed = endpoint->kind == ENDPOINT_TCPMUX;
	char text[ENDPOINT_TEXT];

	if (accept ? endpoint_accepts(endpoint) || endpoint_is_datagram(endpoint) : !muxed)
		return;
	if (service_is_unclear(service, "accept"))
		return;
	if (muxed) {
		diag_error(diags, listen->at,
			   "%s: %s needs accept = yes: its clients connect to another service's socket", service->name,
			   endpoint_text(endpoint, text));
		service_hint(service, diags, "set accept = yes");
	} else {
		diag_error(diags, listen->at, "%s: accept = yes: there are no connections to accept on %s",
			   service->name, endpoint_text(endpoint, text));
		service_hint(service, diags, "set accept = no: the program receives it unchanged");
	}
}

void rule_kinds(const struct service *service, struct diags *diags)
{
	for (size_t i = 0; i < service->socket_count; i++)
		check_kind(service, &service->sockets[i], diags);
}

void rule_pass(const struct service *service, struct diags *diags)
{
	size_t count = service->socket_count;

	if (service->exec->pass != PASS_INETD || service->exec->accept || count == 1)
		return;
	if (service_is_unclear(service, "listen") || service_is_unclear(service, "accept"))
		return;
	if (!count && service->exec->start == START_DEMAND)
		return;         /* rule_listen's */
	service_refuse(service, "pass", diags,
		       "pass = inetd passes one socket as standard input; this service has %zu", count);
	if (count)
		diags_hint(diags, "write a service for each socket, or set accept = yes or pass = systemd");
	else
		diags_hint(diags, "remove pass, or set listen");
}

/* Two sockets cannot have the same symbolic link. */
void rule_symlinks(const struct service *service, struct diags *diags)
{
	const struct listen *first = NULL;

	for (size_t i = 0; i < service->socket_count; i++) {
		const struct listen *listen = &service->sockets[i];

		if (!listen->options->symlinks || !endpoint_is_path(listen->endpoint))
			continue;
		if (first && first->options->symlinks == listen->options->symlinks) {
			diag_error(diags, listen->at,
				   "%s: symlinks belong to one node; this is the second they would name",
				   service->name);
			diags_hint(diags, "put them into the socket { } they belong to");
		}
		first = listen;
	}
	if (!first && service->socket_count && service_mark(service, "symlinks") &&
	    service->groups->socket_defaults->symlinks)
		service_refuse(service, "symlinks", diags,
			       "symlinks: it has no unix socket or fifo that could have another name");
}

static bool is_tcp(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_TCP || endpoint->kind == ENDPOINT_RPC_TCP;
}

static bool is_stream(const struct endpoint *endpoint)
{
	return is_tcp(endpoint) || endpoint->kind == ENDPOINT_SCTP;
}

static bool is_udp(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_UDP || endpoint->kind == ENDPOINT_RPC_UDP;
}

static bool is_fifo(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_FIFO;
}

static bool is_ipv6(const struct endpoint *endpoint)
{
	return endpoint_is_inet(endpoint) && endpoint->family != FAMILY_IPV4;
}

static bool has_peers(const struct endpoint *endpoint)
{
	return endpoint_accepts(endpoint) && (endpoint_is_inet(endpoint) || endpoint->kind == ENDPOINT_TCPMUX);
}

static bool is_local(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_UNIX || endpoint->kind == ENDPOINT_UNIX_DGRAM ||
	       endpoint->kind == ENDPOINT_SEQPACKET || endpoint->kind == ENDPOINT_NETLINK;
}

static bool is_unix(const struct endpoint *endpoint)
{
	return is_local(endpoint) && endpoint->kind != ENDPOINT_NETLINK;
}

static bool is_special(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_SPECIAL;
}

static bool is_queue(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_MQUEUE;
}

static bool has_owner(const struct endpoint *endpoint)
{
	return endpoint_is_path(endpoint) || is_queue(endpoint);
}

static bool is_tcp_or_udp(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_TCP || endpoint->kind == ENDPOINT_UDP;
}

static bool is_message(const struct endpoint *endpoint)
{
	return is_udp(endpoint) || endpoint->kind == ENDPOINT_NETLINK;
}

/* Options that apply only to some kinds of sockets. */
static const struct {
	const char *option;
	bool (*applies)(const struct endpoint *endpoint);
	const char *needs;
} uses[] = {
	{ "socket_user", has_owner, "a node in the file system, or a message queue" },
	{ "socket_group", has_owner, "a node in the file system, or a message queue" },
	{ "socket_mode", has_owner, "a node in the file system, or a message queue" },
	{ "directory_mode", endpoint_is_path, "a node in the file system" },
	{ "remove_on_stop", has_owner, "a node in the file system, or a message queue" },
	{ "bind_to_device", endpoint_is_inet, "an Internet address" },
	{ "free_bind", endpoint_is_inet, "an Internet address" },
	{ "transparent", endpoint_is_inet, "an Internet address" },
	{ "ip_tos", endpoint_is_inet, "an Internet address" },
	{ "ip_ttl", endpoint_is_inet, "an Internet address" },
	{ "ipv6_only", is_ipv6, "an IPv6 address" },
	{ "keep_alive", is_stream, "TCP connections" },
	{ "keep_alive_time", is_tcp, "TCP connections" },
	{ "keep_alive_interval", is_tcp, "TCP connections" },
	{ "keep_alive_probes", is_tcp, "TCP connections" },
	{ "no_delay", is_stream, "TCP connections" },
	{ "defer_accept", is_tcp, "TCP connections" },
	{ "tcp_congestion", is_tcp, "TCP connections" },
	{ "broadcast", is_udp, "UDP datagrams" },
	{ "pass_credentials", is_local, "unix or netlink messages" },
	{ "pass_packet_info", is_message, "UDP or netlink datagrams" },
	{ "multicast_group", is_udp, "UDP datagrams" },
	{ "every_address", endpoint_is_inet, "an Internet address" },
	{ "pass_security", is_local, "unix or netlink messages" },
	{ "pass_pidfd", is_local, "unix or netlink messages" },
	{ "accept_file_descriptors", is_unix, "a unix socket" },
	{ "socket_protocol", is_tcp_or_udp, "TCP or UDP" },
	{ "writable", is_special, "a special: file" },
	{ "message_queue_max_messages", is_queue, "a message queue" },
	{ "message_queue_message_size", is_queue, "a message queue" },
	{ "pipe_size", is_fifo, "a fifo" },
	{ "probe_from", has_peers, "connections of TCP" },
	{ "probe", has_peers, "connections of TCP" },
};

static bool applies_to_any(const struct service *service, bool (*applies)(const struct endpoint *endpoint))
{
	for (size_t i = 0; i < service->socket_count; i++) {
		if (applies(service->sockets[i].endpoint))
			return true;
	}
	return false;
}

static void check_use(const struct service *service, const struct mark *mark, struct diags *diags)
{
	const char *option = directives[mark->directive].name[NATIVE];
	struct origin at = service_place(service, mark);

	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (*uses[i].option == *option && !strcmp(uses[i].option, option) &&
		    !applies_to_any(service, uses[i].applies))
			diag_warning(diags, at, "%s: %s has no effect here: none of its sockets has %s",
				     service->name, option, uses[i].needs);
	}
}

/* mq_open(3) takes both sizes or neither. */
static void check_sizes(const struct service *service, const struct listen *listen, struct diags *diags)
{
	bool count = listen->options->message_queue_max_messages, size = listen->options->message_queue_message_size;
	const char *said = count ? "message_queue_max_messages" : "message_queue_message_size";

	if (count != size && is_queue(listen->endpoint))
		service_refuse(service, said, diags, "of message_queue_max_messages and message_queue_message_size "
			       "there are both or neither");
}

static const struct rule_row probes[] = {
	{ "probe_wait", NEEDS, "probe = silent", .said = true },
	{ "probe_wait", NEEDS, "accept = no", .because = "with accept = yes it is defer_accept that waits",
	  .said = true, .otherwise = true },
};

void rule_options(const struct service *service, struct diags *diags)
{
	for (size_t i = 0; i < service->socket_count; i++)
		check_sizes(service, &service->sockets[i], diags);
	check_rows(service, probes, diags);
	/* In another system's table, that system's rules decide which option applies to which socket. */
	if (service->is_foreign)
		return;
	for (size_t i = 0; i < service->mark_count && service->socket_count; i++) {
		enum option_group group = directives[service->marks[i].directive].group;

		/* GROUP_LIFECYCLE has probe_from. */
		if (group == GROUP_SOCKETS || group == GROUP_LIFECYCLE)
			check_use(service, &service->marks[i], diags);
	}
}
