/* Rules of the options that admit and refuse clients.
 *
 * An option that restricts or protects but has no effect is an error, because its author relies on it: for example
 * `instances` where superd never sees a connection. An option without effect that protects nothing is a warning.
 * libwrap, id_only and only_from are checked wherever they come from, also from defaults { }. */
#include <string.h>

#include "table/access/access.h"
#include "table/option/option_name.h"
#include "table/option/option_table.h"
#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"

/* Options that need accept = yes, and whether they restrict. */
static const struct {
	const char *option;
	bool restricts;
} accepting[] = {
	{ "instances", true },
	{ "per_source", true },
	{ "per_source_prefix", true },
	{ "per_source_cpm", true },
	{ "overload", true },
	{ "deny_time", true },
	{ "banner", false },
	{ "banner_success", false },
	{ "banner_fail", false },
};

static const char *accept_reason(const struct service *service)
{
	return service->is_foreign ? "has no effect here: with wait the program accepts the connections itself"
				   : "has no effect here: with accept = no the program accepts the connections";
}

/* superd sees the sender of a datagram before it starts anything for it. */
static bool all_datagrams(const struct service *service)
{
	return !service_find_socket(service, ~(unsigned)KINDS_DATAGRAM);
}

/* The relay of a redirect counts its connections by source, and superd the datagrams of a sender. */
static bool counts_without_accept(const struct service *service, const char *option)
{
	bool prefix = !strcmp(option, "per_source_prefix");

	return ((prefix || !strcmp(option, "per_source")) && service->exec->redirect &&
		!service_find_socket(service, KINDS_DATAGRAM)) ||
	       ((prefix || !strcmp(option, "per_source_cpm")) && all_datagrams(service));
}

static void check_accepting(const struct service *service, struct diags *diags)
{
	for (size_t i = 0; i < sizeof(accepting) / sizeof(accepting[0]); i++) {
		const char *option = accepting[i].option;

		if (!service_mark(service, option) || counts_without_accept(service, option))
			continue;
		if (accepting[i].restricts)
			service_refuse(service, option, diags, "%s %s", option, accept_reason(service));
		else
			diag_warning(diags, service_origin(service, option), "%s: %s %s", service->name, option,
				     accept_reason(service));
		service_hint(service, diags, "set accept = yes, or remove it");
	}
}

static void check_identity(const struct service *service, struct diags *diags)
{
	const struct log_options *log = service->groups->logging;

	if (service->groups->access->libwrap && !all_datagrams(service)) {
		service_refuse(service, "libwrap", diags, "libwrap %s", accept_reason(service));
		service_hint(service, diags, "set accept = yes, or libwrap = \"\"");
	}
	if (service->groups->access->id_only) {
		service_refuse(service, "id_only", diags, "id_only %s", accept_reason(service));
		service_hint(service, diags, "set accept = yes, or id_only = no");
	}
	if (service_mark(service, "log_on_success") && (log->log_on_success & SUCCESS_USERID))
		diag_warning(diags, service_origin(service, "log_on_success"), "%s: USERID %s", service->name,
			     accept_reason(service));
}

/* Sockets whose clients have no address. */
#define NAMELESS (~(unsigned)(KINDS_INET | KIND(TCPMUX)))

/* An option that needs the address of a client: its effect without one, and what would be right. */
struct refusal {
	const char *option, *effect, *hint;
};

static void refuse_nameless(const struct service *service, const struct listen *listen, struct refusal refusal,
			    struct diags *diags)
{
	char text[ENDPOINT_TEXT];

	diag_error(diags, service_listen_origin(service, listen, refusal.option),
		   "%s: %s: clients of %s have no address, so %s", service->name, refusal.option,
		   endpoint_text(listen->endpoint, text), refusal.effect);
	service_hint(service, diags, refusal.hint);
}

/* A unit's rules hold for its Internet sockets alone (systemd.resource-control(5)). */
static void check_nameless_rules(const struct service *service, struct diags *diags)
{
	static const char ways[] = "socket_user, socket_group and socket_mode control access there; set it in a "
				   "socket { } that has the other sockets";
	const struct socket_options *before = NULL;

	for (size_t n = 0; n < service->socket_count && service->dialect != UNIT; n++) {
		const struct listen *listen = &service->sockets[n];

		if (!endpoint_is(listen->endpoint, NAMELESS))
			continue;
		if (listen->options != before && listen->options->only_from)
			refuse_nameless(service, listen, (struct refusal){ "only_from", "no client is allowed", ways },
					diags);
		if (listen->options != before && listen->options->no_access && service_mark(service, "no_access"))
			refuse_nameless(service, listen, (struct refusal){ "no_access", "no client is refused", ways },
					diags);
		before = listen->options;
	}
}

static void check_nameless(const struct service *service, struct diags *diags)
{
	const struct access_options *access = service->groups->access;
	const struct listen *listen = service->exec->accept ? service_find_socket(service, NAMELESS) : NULL;

	check_nameless_rules(service, diags);
	if (listen && access->libwrap)
		refuse_nameless(service, listen,
				(struct refusal){ "libwrap", "superd cannot check hosts.allow and hosts.deny",
						  "remove it here: set libwrap = \"\"" }, diags);
	if (listen && access->id_only)
		refuse_nameless(service, listen,
				(struct refusal){ "id_only", "no ident server names them",
						  "remove it here: set id_only = no" }, diags);
}

/* On other unix sockets superd counts the clients of a user, but a datagram has no user. */
static void check_counts(const struct service *service, struct diags *diags)
{
	static const char none[] = "none of them are counted";
	const struct access_options *access = service->groups->access;
	const struct listen *listen = service_find_socket(service, KIND(UNIX_DGRAM));
	bool accepts = service->exec->accept;

	if (listen && accepts && access->per_source != UNLIMITED && service_mark(service, "per_source"))
		refuse_nameless(service, listen,
				(struct refusal){ "per_source", none,
						  "set instances, for all of them together, or remove it" }, diags);
	if (listen && (accepts || all_datagrams(service)) && access->per_source_cpm != UNLIMITED &&
	    service_mark(service, "per_source_cpm"))
		refuse_nameless(service, listen,
				(struct refusal){ "per_source_cpm", none,
						  "set trigger_limit, for all of them together, or remove it" }, diags);
}

/* Warns of "::", which is everybody in some places of xinetd's manual, and nobody in its code. */
static void warn_of_nobody(const struct service *service, const struct listen *listen, const char *option,
			   struct diags *diags)
{
	words list = *option == 'o' ? listen->options->only_from : listen->options->no_access;

	for (; list && *list && service_mark(service, option); list++) {
		if (!strcmp(*list, "::"))
			diag_warning(diags, service_listen_origin(service, listen, option),
				     "%s: %s: '::' matches no client; ::/0 matches all clients of IPv6",
				     service->name, option);
	}
}

/* superd-builtin checks the clients itself where it has the sockets, all by one set of rules. Equal lists of a table
 * are one copy. */
static void check_one_rule(const struct service *service, const struct listen *listen, struct diags *diags)
{
	const struct socket_options *first = service->sockets->options, *other = listen->options;
	const char *option = first->only_from == other->only_from ? "no_access" : "only_from";
	bool checks = service_waits(service) || endpoint_is_datagram(listen->endpoint);

	if (!checks || (!service->exec->builtin && !service->exec->redirect) ||
	    (first->only_from == other->only_from && first->no_access == other->no_access))
		return;
	diag_error(diags, service_listen_origin(service, listen, option),
		   "%s: %s: all sockets of a builtin or redirect have the same clients", service->name,
		   option_name_of(service, option));
	service_hint(service, diags, "set it outside of socket { }, or give this socket to another service");
}

/* Warns of rules that let nobody in. Both lists are read whole: a narrower network in only_from is no exception from
 * no_access, although xinetd.conf(5) says so. */
static void warn_of_closed_door(const struct service *service, const struct listen *listen, struct diags *diags)
{
	const struct socket_options *rules = listen->options;
	struct pool *pool = rules->no_access ? pool_new() : NULL;
	const struct access *access =
		pool ? access_compile(rules->only_from, rules->no_access, NULL, NULL, pool) : NULL;
	bool has_ipv6 = false;

	for (size_t i = 0; i < service->socket_count; i++)
		has_ipv6 |= service->sockets[i].options == rules && service->sockets[i].endpoint->family != FAMILY_IPV4;
	if (access && access_denies_all(access, has_ipv6)) {
		diag_warning(diags, service_listen_origin(service, listen, "no_access"),
			     rules->only_from ? "%s: nobody may connect: no_access denies all that only_from permits"
					      : "%s: nobody may connect: no_access denies all addresses",
			     service->name);
		service_hint(service, diags, "no_access counts, however narrow the networks of only_from are: without "
					     "it only_from alone permits");
	}
	pool_free(pool);
}

static void check_sockets(const struct service *service, struct diags *diags)
{
	const struct socket_options *before = NULL;
	bool is_clear = !service_is_unclear(service, "listen") && !service_is_unclear(service, "only_from") &&
			!service_is_unclear(service, "no_access");

	for (size_t i = 0; i < service->socket_count; i++) {
		const struct listen *listen = &service->sockets[i];

		if (listen->options != before) {
			warn_of_nobody(service, listen, "only_from", diags);
			warn_of_nobody(service, listen, "no_access", diags);
			check_one_rule(service, listen, diags);
			if (is_clear && endpoint_is_inet(listen->endpoint))
				warn_of_closed_door(service, listen, diags);
		}
		before = listen->options;
	}
}

/* Warns of deny_time with datagrams: their sender can be forged, so a client could get another's address denied. */
static void warn_of_forged_senders(const struct service *service, struct diags *diags)
{
	if (service->groups->access->deny_time <= 0 || !service_find_socket(service, KINDS_DATAGRAM))
		return;
	diag_warning(diags, service_origin(service, "deny_time"),
		     "%s: deny_time: senders of datagrams can be forged to lock another address out of all services",
		     service->name);
	service_hint(service, diags, "deny_time = 0 only logs the senders");
}

static const struct rule_row accepted[] = {
	{ "intercept", NOT_WITH, "accept = yes", .said = true, .warns = true,
	  .says = "intercept has no effect here: superd checks every client anyway" },
};

void rule_access(const struct service *service, struct diags *diags)
{
	check_sockets(service, diags);
	if (!service_is_unclear(service, "listen")) {
		check_nameless(service, diags);
		warn_of_forged_senders(service, diags);
	}
	if (service_is_unclear(service, "accept"))
		return;
	if (!service_is_unclear(service, "listen"))
		check_counts(service, diags);
	if (!service->exec->accept) {
		check_accepting(service, diags);
		check_identity(service, diags);
	}
	check_rows(service, accepted, diags);
}
