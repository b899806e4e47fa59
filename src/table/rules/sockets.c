/* Rules of a service's sockets: number and kind, the options that apply to them, who may connect, and pass = bind.
 *
 * A service may mix kinds of sockets. An option has an effect if it applies to one of them. */
#include "table/rules/internal.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/pool.h"
#include "lib/scan.h"
#include "table/option/option_name.h"
#include "table/option/option_table.h"
#include "table/option/service_settings.h"

void rule_listen(const struct service *service, struct diags *diags)
{
	bool alone = service->exec->start != START_DEMAND && !service->exec->accept;

	if (service->socket_count || alone || service_is_unclear(service, "listen") ||
	    service_setting(service, "socket"))
		return;
	service_refuse(service, NULL, diags, "listen is missing");
	diags_hint(diags,
		   "set its address, as in listen = \"80\"; only a service with start = boot, manual or wanted needs "
		   "none");
}

void rule_pass(const struct service *service, struct diags *diags)
{
	size_t count = service->socket_count;

	if (service->exec->pass != PASS_INETD || service->exec->accept || count == 1)
		return;
	if (service_is_unclear(service, "listen") || service_is_unclear(service, "accept"))
		return;
	if (!count && service->exec->start == START_DEMAND)
		return; /* rule_listen's */
	service_refuse(service, "pass", diags, "pass = inetd passes one socket as standard input; this service has %zu",
		       count);
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
	if (!first && service->socket_count && service_setting(service, "symlinks") &&
	    service->groups->socket_defaults->symlinks)
		service_refuse(service, "symlinks", diags,
			       "symlinks: it has no unix socket or fifo that could have another name");
}

/* Rules of the options that admit and refuse clients.
 *
 * An option that restricts or protects but has no effect is an error, because its author relies on it: for example
 * `instances` where superd never sees a connection. An option without effect that protects nothing is a warning.
 * libwrap, id_only and only_from are checked wherever they come from, also from defaults { }. */

/* superd sees the sender of a datagram before it starts anything for it. */
static bool all_datagrams(const struct service *service)
{
	return !service_find_socket(service, ~(unsigned)KINDS_DATAGRAM);
}

/* What superd counts of clients that a program accepts itself: the relay of a redirect counts its connections by
 * source, and superd the datagrams of a sender. */
static void check_counts(const struct service *service, struct diags *diags)
{
	static const char *const options[] = { "per_source", "per_source_prefix", "per_source_rate" };
	bool is_relay = service->exec->redirect && !service_find_socket(service, KINDS_DATAGRAM);
	const bool counts[] = { is_relay, is_relay || all_datagrams(service), all_datagrams(service) };

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		if (!service_setting(service, options[i]) || counts[i] ||
		    service_find_socket(service, KIND(UNIX_DGRAM)))
			continue;
		service_refuse(service, options[i], diags, "%s %s", options[i], accept_reason(service));
		service_hint(service, diags, "set accept = yes, or remove it");
	}
}

/* Warns of "::", which is everybody in some places of xinetd's manual, and nobody in its code. */
static void warn_of_nobody(const struct service *service, const struct listen *listen, const char *option,
			   struct diags *diags)
{
	words list = *option == 'o' ? listen->options->only_from : listen->options->no_access;

	for (; list && *list && service_setting(service, option); list++) {
		if (!strcmp(*list, "::"))
			diag_warning(diags, service_listen_origin(service, listen, option),
				     "%s: %s: '::' matches no client; ::/0 matches all clients of IPv6", service->name,
				     option);
		else if (*option == 'n' && listen->options->only_from &&
			 (!strcmp(*list, "0.0.0.0/0") || !strcmp(*list, "::/0")))
			diag_warning(diags, service_listen_origin(service, listen, option),
				     "%s: no_access = %s lets no client of IPv%c in, whatever only_from says",
				     service->name, *list, **list == ':' ? '6' : '4');
	}
}

/* superd-builtin checks the senders of datagrams itself, all by one set of rules. Equal lists of a table are one
 * copy. */
static void check_one_rule(const struct service *service, const struct listen *listen, struct diags *diags)
{
	const struct socket_options *first = service->sockets->options, *other = listen->options;
	const char *option = first->only_from == other->only_from ? "no_access" : "only_from";
	bool checks = service_waits(service) || endpoint_is_datagram(listen->endpoint);

	if (!checks || !service->exec->builtin ||
	    (first->only_from == other->only_from && first->no_access == other->no_access))
		return;
	diag_error(diags, service_listen_origin(service, listen, option),
		   "%s: %s: all sockets of a builtin have the same clients", service->name,
		   option_name_of(service, option));
	service_hint(service, diags, "set it outside of socket { }, or give this socket to another service");
}

static void check_clients(const struct service *service, struct diags *diags)
{
	const struct socket_options *before = NULL;

	for (size_t i = 0; i < service->socket_count; i++) {
		const struct listen *listen = &service->sockets[i];

		if (listen->options != before) {
			warn_of_nobody(service, listen, "only_from", diags);
			warn_of_nobody(service, listen, "no_access", diags);
			check_one_rule(service, listen, diags);
		}
		before = listen->options;
	}
}

/* Warns of deny_time with datagrams: their sender can be forged, so a client could get another's address denied. */
static void warn_of_forged_senders(const struct service *service, struct diags *diags)
{
	if (service->groups->access->deny_time <= 0 || service_is_unclear(service, "listen") ||
	    !service_find_socket(service, KINDS_DATAGRAM))
		return;
	diag_warning(diags, service_origin(service, "deny_time"),
		     "%s: deny_time: senders of datagrams can be forged to lock another address out of all services",
		     service->name);
	service_hint(service, diags, "deny_time = 0 only logs the senders");
}

void rule_access(const struct service *service, struct diags *diags)
{
	check_clients(service, diags);
	warn_of_forged_senders(service, diags);
	if (service_is_unclear(service, "accept") || service->exec->accept)
		return;
	check_counts(service, diags);
	if (service->groups->access->libwrap && !all_datagrams(service)) {
		service_refuse(service, "libwrap", diags, "libwrap %s", accept_reason(service));
		service_hint(service, diags, "set accept = yes, or libwrap = \"\"");
	}
	if (service_setting(service, "log_on_success") && service->groups->logging->log_on_success & SUCCESS_USERID)
		diag_warning(diags, service_origin(service, "log_on_success"), "%s: USERID %s", service->name,
			     accept_reason(service));
}

/* Rules of pass = bind and binds. The addresses of `binds` are compared with what a program passes to bind(2), so
 * they are numbers, and of the kind that the socket has. No two sockets have the same, as the first gets every bind. */

/* Sockets whose bind(2) superd answers. */
#define BOUND (unsigned)(KIND(TCP) | KIND(UDP) | KIND(SCTP) | KINDS_UNIX)

/* rule_listen has refused a service that waits for clients and has nowhere to. */
static void check_has_socket(const struct service *service, struct diags *diags)
{
	if (service->socket_count || service->exec->start == START_DEMAND || service->exec->accept ||
	    service_is_unclear(service, "start") || service_setting(service, "socket"))
		return;
	service_refuse(service, "pass", diags,
		       "pass = bind needs a socket in listen: superd answers the binds of its own sockets alone");
	service_hint(service, diags, "write the address that the program binds in listen, or remove pass");
}

static bool is_number(const char *address)
{
	struct in6_addr room;

	return scan_address(address, strlen(address), &room);
}

/* What is wrong with an address of `binds`; NULL: nothing. */
static const char *address_refuse(const struct endpoint *endpoint, const struct endpoint *meant)
{
	if (endpoint->kind != meant->kind)
		return "it is of another kind than the socket";
	if (endpoint->interface)
		return "a program binds an address, not an interface";
	if (endpoint->port_name || (endpoint_is_inet(endpoint) && endpoint->address && !is_number(endpoint->address)))
		return "it needs numbers, as a program passes them to bind(2)";
	if (endpoint_has_port(endpoint) && !endpoint->port)
		return "it has no port";
	if (endpoint_is_below_runtime(endpoint))
		return "expected a path as the program has it";
	return NULL;
}

static void check_addresses(const struct service *service, const struct listen *listen, struct pool *pool,
			    struct diags *diags)
{
	for (words text = listen->options->binds; text && *text; text++) {
		struct origin at = service_listen_origin(service, listen, "binds");
		const struct endpoint *endpoint;
		const char *wrong = endpoint_parse(*text, pool, &endpoint);

		if (wrong) {
			diag_error(diags, at, "%s: binds: %s", service->name, wrong); /* it quotes the text */
			continue;
		}
		wrong = address_refuse(endpoint, listen->endpoint);
		if (wrong)
			diag_error(diags, at, "%s: binds: '%s': %s", service->name, *text, wrong);
	}
}

/* The socket that superd passes is not in the control group of these rules: a client that they keep from the program's
 * own socket must not come in silently. */
static void check_denied(const struct service *service, const struct listen *listen, struct diags *diags)
{
	if (!service->groups->cgroup_filters->ip_address_deny || listen->options->only_from ||
	    listen->options->no_access || !endpoint_is_inet(listen->endpoint))
		return;
	service_refuse(service, "ip_address_deny", diags,
		       "ip_address_deny: with pass = bind it is not for clients: say which may connect");
	service_hint(service, diags, "set only_from or no_access");
}

/* A program cannot know a port that the kernel chooses. */
static void check_port(const struct service *service, const struct listen *listen, struct diags *diags)
{
	const struct endpoint *endpoint = listen->endpoint;
	char text[ENDPOINT_TEXT];

	if (listen->options->binds || !endpoint_is(endpoint, BOUND) || !endpoint_has_port(endpoint) || endpoint->port ||
	    endpoint->port_name)
		return;
	diag_error(diags, listen->at, "%s: pass = bind: %s: the kernel chooses this port, so no program can bind it",
		   service->name, endpoint_text(endpoint, text));
	service_hint(service, diags, "name a port, or write the address that the program binds in binds");
}

/* Of a listener: an IPv4 socket, one for IPv6 alone, or one that could take both. A bind prefers its own. */
static enum endpoint_family socket_family(const struct listen *listen)
{
	const struct endpoint *endpoint = listen->endpoint;
	bool alone = listen->options->ipv6_only == IPV6_ONLY_DEFAULT
		? endpoint->family == FAMILY_IPV6 && !endpoint->address
		: listen->options->ipv6_only == IPV6_ONLY_YES;

	return endpoint->family == FAMILY_IPV4 ? FAMILY_IPV4 : alone ? FAMILY_IPV6 : FAMILY_ANY;
}

/* An address by which a program means a socket. */
struct meaning {
	const struct listen *listen;
	struct endpoint endpoint;       /* with the socket's family, if it has none of its own */
	bool is_listened_on;
};

static struct meaning make_meaning(const struct listen *listen, const struct endpoint *endpoint)
{
	struct meaning meaning = { listen, *endpoint, endpoint == listen->endpoint };

	if (endpoint_is_inet(endpoint) && endpoint->family == FAMILY_ANY)
		meaning.endpoint.family = (uint8_t)socket_family(listen);
	return meaning;
}

static void refuse_meaning(const struct service *service, const struct meaning *first, const struct meaning *second,
			   struct diags *diags)
{
	char asked[ENDPOINT_TEXT], gets[ENDPOINT_TEXT], never[ENDPOINT_TEXT];
	const struct listen *binding = second->is_listened_on ? first->listen : second->listen;

	diag_error(diags, service_listen_origin(service, binding, "binds"),
		   "%s: pass = bind: a bind of %s means both %s and %s, and the program never receives the second",
		   service->name, endpoint_text(&second->endpoint, asked), endpoint_text(first->listen->endpoint, gets),
		   endpoint_text(second->listen->endpoint, never));
	service_hint(service, diags, "set a different address in binds of each socket");
}

/* Each address beside those of the sockets before. That two listen on one address is another rule's, and what a host's
 * name stands for is not known yet. */
static void check_meanings(const struct service *service, struct pool *pool, struct diags *diags)
{
	size_t count = 0, most = service->socket_count;
	struct meaning *list;

	for (size_t n = 0; n < service->socket_count; n++)
		most += words_count(service->sockets[n].options->binds);
	list = most > service->socket_count ? pool_alloc(pool, most * sizeof(*list)) : NULL;
	for (size_t n = 0; list && n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];
		const struct endpoint *endpoint = listen->endpoint;
		size_t before = count;

		if (endpoint_is_inet(endpoint) && endpoint->address && !is_number(endpoint->address))
			continue;
		list[count++] = make_meaning(listen, endpoint);
		for (words text = listen->options->binds; text && *text; text++) {
			if (!endpoint_parse(*text, pool, &endpoint))
				list[count++] = make_meaning(listen, endpoint);
		}
		for (size_t pair = before * before; pair < before * count; pair++) {
			const struct meaning *first = &list[pair % before], *second = &list[pair / before];

			if (!(first->is_listened_on && second->is_listened_on) &&
			    endpoint_equal(&first->endpoint, &second->endpoint)) {
				refuse_meaning(service, first, second, diags);
				return;
			}
		}
	}
}

void rule_bind(const struct service *service, struct diags *diags)
{
	struct pool *pool;

	if (service_is_unclear(service, "pass") || service_is_unclear(service, "listen"))
		return;
	if (service->exec->pass == PASS_BIND && !service_is_unclear(service, "accept"))
		check_has_socket(service, diags);
	pool = pool_new();
	for (size_t n = 0; pool && n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];

		if (service->exec->pass == PASS_BIND) {
			check_port(service, listen, diags);
			check_denied(service, listen, diags);
		}
		if (!listen->options->binds)
			continue;
		if (service->exec->pass != PASS_BIND) {
			service_refuse(service, "binds", diags, "binds needs pass = bind");
			service_hint(service, diags, "set pass = bind, or remove binds");
			break;
		}
		check_addresses(service, listen, pool, diags);
	}
	if (pool && service->exec->pass == PASS_BIND)
		check_meanings(service, pool, diags);
	pool_free(pool);
}
