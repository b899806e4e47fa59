/* Compiles address rules, once for all services that share them.
 *
 * superd checks each connection that it accepts. A service that gets the listener accepts by itself, so the kernel must
 * enforce the rules there. The kernel's filter knows neither host names nor peers without an address: a rule that it
 * cannot enforce is refused here, never dropped. */
#include "prepare/resolve_access.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include "base/buf.h"
#include "base/wait_note.h"
#include "config/access/access.h"
#include "config/option/option_name.h"
#include "config/option/option_table.h"
#include "config/option/service_mark.h"
#include "exec/plan/plan.h"
#include "os/bpf/socket_filter.h"
#include "prepare/ip_address_deny.h"

/* A compiled filter, or the reason why there is none. */
struct filter_made {
	const struct sock_fprog *filter;
	const char *wrong;              /* why there is none */
};

void networks_open(struct networks *networks, struct pool *pool, struct diags *diags)
{
	*networks = (struct networks){ .pool = pool, .diags = diags };
}

void networks_close(struct networks *networks)
{
	ptr_map_free(&networks->names);
	ptr_map_free(&networks->rules);
	ptr_map_free(&networks->probes);
	ptr_map_free(&networks->filters[0]);
	ptr_map_free(&networks->filters[1]);
}

/* Makes a network of a number whose zero bytes at the end stand for any value: glibc returns 192.168.0.0 for a network,
 * other libcs 192.168. */
static void network_from_number(uint32_t number, struct network *network)
{
	unsigned bits = 32;

	while (number && !(number & 0xff000000u))
		number <<= 8;
	while (bits > 8 && !(number & 0xffu << (32 - bits)))
		bits -= 8;
	*network = (struct network){ .address = { [10] = 0xff, [11] = 0xff }, .bits = 96 + bits };
	number = htonl(number);
	memcpy(network->address + 12, &number, sizeof(number));
}

/* Only one thread at a time loads a table, so getnetbyname(3) may use its static buffer. 0: there is none, as network 0
 * is invalid. */
static uint32_t network_ask(const char *name)
{
	const struct netent *entry;

	wait_note_begin("NSS: the network", name);
	entry = getnetbyname(name);
	wait_note_end();
	return entry && entry->n_addrtype == AF_INET ? entry->n_net : 0;
}

/* By an earlier answer, or NSS; NULL: there is none. */
static const struct network *network_look_up(struct networks *networks, const char *name)
{
	words known = lookup_cache_find(networks->lookups, "network", name);
	struct network network;
	uint32_t number = 0;

	if (!known || !lookup_number(*known, &number)) {
		number = network_ask(name);
		lookup_cache_add_number(networks->lookups, "network", name, number);
	}
	if (!number)
		return NULL;
	network_from_number(number, &network);
	return pool_keep(networks->pool, &network, sizeof(network));
}

static bool network_find(void *context, const char *name, struct network *network)
{
	struct networks *networks = context;
	const char *key = pool_text(networks->pool, name);
	const void *known = NULL;

	if (!key)
		return false;
	if (!ptr_map_get(&networks->names, key, NULL, &known)) {
		known = network_look_up(networks, key);
		ptr_map_put(&networks->names, key, NULL, known);
	}
	if (known)
		memcpy(network, known, sizeof(*network));
	return known;
}

static void add_memory_error(struct networks *networks, const struct service *service)
{
	diag_error(networks->diags, service->at, "%s: checking only_from and no_access: out of memory", service->name);
}

/* Sets *access, to NULL if there are no rules. false: out of memory, which was reported. */
static bool compile_rules(struct networks *networks, const struct service *service, const struct access **access)
{
	words only_from = service->groups->access->only_from, no_access;
	const void *known;
	bool failed;

	*access = NULL;
	no_access = ip_address_denied(service, networks->pool, &failed);
	if (failed) {
		add_memory_error(networks, service);
		return false;
	}
	if (!only_from && !no_access)
		return true;
	if (ptr_map_get(&networks->rules, only_from, no_access, &known)) {
		*access = known;
		return true;
	}
	*access = access_compile(only_from, no_access, network_find, networks, networks->pool);
	if (!*access) {
		add_memory_error(networks, service);
		return false;
	}
	ptr_map_put(&networks->rules, only_from, no_access, *access);
	return true;
}

static const char *find_name(const struct networks *networks, words list)
{
	for (; list && *list; list++) {
		const void *known = NULL;

		if (**list == '.' || (access_is_name(*list) &&
				      !(ptr_map_get(&networks->names, *list, NULL, &known) && known)))
			return *list;
	}
	return NULL;
}

/* Compiles probe_from; NULL: nobody. The kernel reports clients in a queue by address only. */
static const struct access *compile_probes(struct networks *networks, const struct service *service)
{
	words list = service->groups->lifecycle->probe_from;
	const void *known = NULL;

	if (!list)
		return NULL;
	if (!ptr_map_get(&networks->probes, list, NULL, &known)) {
		known = access_compile(list, NULL, network_find, networks, networks->pool);
		ptr_map_put(&networks->probes, list, NULL, known);
	}
	if (!known) {
		add_memory_error(networks, service);
	} else if (access_has_names(known)) {
		diag_error(networks->diags, service_origin(service, "probe_from"),
			   "%s: probe_from: '%s' is a name, and probes are known by their address alone", service->name,
			   find_name(networks, list));
		diags_hint(networks->diags, "write addresses");
	}
	return known;
}

/* Whether the kernel must enforce the rules on this socket, as superd does not accept there. A builtin for datagrams
 * judges each sender itself, and another process takes its place at a reload. */
static bool needs_filter(const struct service *service, const struct listen *listen)
{
	bool is_datagram = endpoint_is_datagram(listen->address);

	return endpoint_is_inet(listen->address) && (is_datagram || !service->exec->accept) &&
	       !(is_datagram && service->exec->builtin && listen_is_guarded(listen));
}

static const struct filter_made *compile_filter(struct networks *networks, const struct access *access, bool ipv4)
{
	const void *known;
	struct filter_made *made;
	struct buf why = { 0 };

	if (ptr_map_get(&networks->filters[ipv4], access, NULL, &known))
		return known;
	made = pool_alloc(networks->pool, sizeof(*made));
	if (!made)
		return NULL;
	made->filter = socket_filter_compile(access, ipv4 ? AF_INET : AF_INET6, networks->pool, &why);
	if (!made->filter)
		made->wrong = pool_text(networks->pool, buf_string(&why));
	buf_free(&why);
	ptr_map_put(&networks->filters[ipv4], access, NULL, made);
	return made;
}

/* The option that contains a name, or else the one that is set. */
static const char *find_option_at_fault(const struct networks *networks, const struct service *service)
{
	if (find_name(networks, service->groups->access->only_from))
		return "only_from";
	if (service->groups->access->no_access)
		return "no_access";
	return service->groups->access->only_from ? "only_from" : "ip_address_deny";
}

static void refuse_filter(struct networks *networks, const struct service *service, const char *wrong)
{
	const char *option = find_option_at_fault(networks, service);
	const char *option_value = service->exec->accept ? "UDP"
		: service->dialect == UNIT		 ? "Accept=no"
		: service->is_foreign			 ? "wait"
							 : "accept = no";

	diag_error(networks->diags, service_origin(service, option), "%s: %s: with %s the kernel enforces it: %s",
		   service->name, option_name_of(service, option), option_value, wrong ? wrong : "out of memory");
	diags_hint(networks->diags, "%s%s",
		   access_has_names(service_prepared(service)->access) ? "write addresses" : "name fewer networks",
		   service->is_foreign || service->exec->accept ? "" : ", or set accept = yes");
}

static void warn_of_guard(struct networks *networks, const struct service *service, const char *wrong)
{
	const char *option = find_option_at_fault(networks, service);

	diag_warning(networks->diags, service_origin(service, option),
		     "%s: %s: only the sender that starts it is checked, not senders while it runs: %s", service->name,
		     option_name_of(service, option),
		     wrong ? wrong : "out of memory");
	diags_hint(networks->diags,
		   access_has_names(service_prepared(service)->access) ? "write addresses" : "name fewer networks");
}

/* superd-builtin checks the sender of a datagram by address only: a name in no_access would not deny anyone. */
static bool refuse_names(struct networks *networks, const struct service *service)
{
	const char *option = find_option_at_fault(networks, service);

	if (!plan_applies_access_itself(service) || !access_has_names(service_prepared(service)->access))
		return false;
	diag_error(networks->diags, service_origin(service, option),
		   "%s: %s: this builtin knows its clients by address alone, not by name", service->name, option);
	diags_hint(networks->diags, "write addresses");
	return true;
}

void networks_resolve(struct networks *networks, struct service *service)
{
	struct prepared prepared = { .probes = compile_probes(networks, service) };
	bool good = compile_rules(networks, service, &prepared.access);

	if (!service_prepare(service, networks->pool, prepared)) {
		add_memory_error(networks, service);
		return;
	}
	if (!good || !prepared.access || refuse_names(networks, service))
		return;
	for (size_t i = 0; i < service->socket_count; i++) {
		struct listen *listen = &service->sockets[i];
		const struct filter_made *made;

		if (!needs_filter(service, listen))
			continue;
		made = compile_filter(networks, prepared.access, listen->address->family == FAMILY_IPV4);
		if (made && !made->wrong && made->filter) {
			listen->rules = made->filter;
			continue;
		}
		if (listen_is_guarded(listen) && !plan_is_builtin(service))
			warn_of_guard(networks, service, made ? made->wrong : NULL);
		else
			refuse_filter(networks, service, made ? made->wrong : NULL);
		return;
	}
}
