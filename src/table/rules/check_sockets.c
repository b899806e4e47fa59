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

void rule_kinds(const struct service *service, struct diags *diags)
{
	bool accept = service->exec->accept;

	if (service_is_unclear(service, "accept"))
		return;
	sockets_refuse(service, accept ? 0 : KIND(TCPMUX),
		       "%s needs accept = yes: its clients connect to another service's socket", "set accept = yes",
		       diags);
	sockets_refuse(service, accept ? ~(unsigned)(KINDS_ACCEPTING | KINDS_DATAGRAM) : 0,
		       "accept = yes: there are no connections to accept on %s",
		       "set accept = no: the program receives it unchanged", diags);
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

#define TCP_KINDS (KIND(TCP) | KIND(RPC_TCP))
#define STREAM_KINDS (TCP_KINDS | KIND(SCTP))
#define UDP_KINDS (KIND(UDP) | KIND(RPC_UDP))
#define MESSAGE_KINDS (KINDS_UNIX | KIND(NETLINK))
#define PEER_KINDS ((KINDS_INET & KINDS_ACCEPTING) | KIND(TCPMUX))

/* Options that apply only to some kinds of sockets. */
static const struct {
	const char *options;
	unsigned kinds;
	const char *needs;
	bool has_node;                  /* of unix sockets those with a node */
	bool not_ipv4;
} uses[] = {
	{ "socket_user socket_group socket_mode remove_on_stop", KINDS_UNIX | KIND(FIFO) | KIND(MQUEUE),
	  .needs = "a node in the file system, or a message queue", .has_node = true },
	{ "directory_mode", KINDS_UNIX | KIND(FIFO), .needs = "a node in the file system", .has_node = true },
	{ "bind_to_device free_bind transparent ip_tos ip_ttl", KINDS_INET, .needs = "an Internet address" },
	{ "ipv6_only", KINDS_INET, .needs = "an IPv6 address", .not_ipv4 = true },
	{ "keep_alive no_delay", STREAM_KINDS, .needs = "TCP connections" },
	{ "keep_alive_time keep_alive_interval keep_alive_probes defer_accept", TCP_KINDS, .needs = "TCP connections" },
	{ "broadcast multicast_group", UDP_KINDS, .needs = "UDP datagrams" },
	{ "pass_credentials pass_security", MESSAGE_KINDS, .needs = "unix or netlink messages" },
	{ "pass_packet_info", UDP_KINDS | KIND(NETLINK), .needs = "UDP or netlink datagrams" },
	{ "writable", KIND(SPECIAL), .needs = "a special: file" },
	{ "message_queue_max_messages message_queue_message_size", KIND(MQUEUE), .needs = "a message queue" },
	{ "probe_from", PEER_KINDS, .needs = "connections of TCP" },
};

static void check_use(const struct service *service, const struct mark *mark, struct diags *diags)
{
	const char *option = directives[mark->directive].name[NATIVE];
	bool applies = false;
	size_t row = 0;

	while (row < sizeof(uses) / sizeof(uses[0]) && !text_has_word(uses[row].options, option))
		row++;
	if (row == sizeof(uses) / sizeof(uses[0]))
		return;
	for (size_t i = 0; i < service->socket_count && !applies; i++) {
		const struct endpoint *endpoint = service->sockets[i].endpoint;

		applies = endpoint_is(endpoint, uses[row].kinds) &&
			  !(uses[row].not_ipv4 && endpoint->family == FAMILY_IPV4) &&
			  !(uses[row].has_node && endpoint_is(endpoint, KINDS_UNIX) && !endpoint_is_path(endpoint));
	}
	if (!applies)
		diag_warning(diags, service_place(service, mark),
			     "%s: %s has no effect here: none of its sockets has %s", service->name, option,
			     uses[row].needs);
}

/* mq_open(3) takes both sizes or neither. */
static void check_sizes(const struct service *service, const struct listen *listen, struct diags *diags)
{
	bool count = listen->options->message_queue_max_messages, size = listen->options->message_queue_message_size;
	const char *said = count ? "message_queue_max_messages" : "message_queue_message_size";

	if (count != size && listen->endpoint->kind == ENDPOINT_MQUEUE)
		service_refuse(service, said, diags, "of message_queue_max_messages and message_queue_message_size "
			       "there are both or neither");
}

void rule_options(const struct service *service, struct diags *diags)
{
	for (size_t i = 0; i < service->socket_count; i++)
		check_sizes(service, &service->sockets[i], diags);
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
