/* Compiles address rules, once for all services that share them.
 *
 * superd checks each connection that it accepts. A service that gets the listener accepts by itself, so the kernel must
 * enforce the rules there. The kernel's filter knows neither host names nor peers without an address: a rule that it
 * cannot enforce is refused here, never dropped. */
#include "superd/machine/machine.h"

/* A compiled filter, or the reason why there is none. */
struct filter_made {
	const struct sock_fprog *filter;
	const char *wrong; /* why there is none */
};

/* Only one thread at a time loads a table, so getnetbyname(3) may use its static buffer. Network 0 is invalid. */
static int call_network(const char *key, const char *name, struct nss_answer *answer)
{
	const struct netent *entry;

	(void)key;
	errno = 0;
	entry = getnetbyname(name);
	if (!entry && error_is_shortage(errno))
		return errno;
	if (entry && entry->n_addrtype == AF_INET && entry->n_net)
		answer_add_number(answer, entry->n_net);
	return 0;
}

static bool network_find(void *context, const char *name, struct network *network)
{
	static const struct ask_kind kind = { "network", "NSS: the network", "n", call_network };
	struct resolver *resolver = context;
	struct network made = { .address = { [10] = 0xff, [11] = 0xff } };
	const char *wrong;
	words answer = resolver_ask(resolver, &kind, name, &wrong);
	unsigned bits = 32;
	uint32_t number;

	if (!answer) {
		resolver->network = name;
		resolver->network_wrong = wrong;
	}
	if (!answer || !*answer || !lookup_number(*answer, &number) || !number)
		return false;
	/* Zero bytes at the end stand for any value: glibc returns 192.168.0.0 for a network, other libcs 192.168. */
	while (!(number & 0xff000000u))
		number <<= 8;
	while (bits > 8 && !(number & 0xffu << (32 - bits)))
		bits -= 8;
	number = htonl(number);
	memcpy(made.address + 12, &number, sizeof(number));
	made.bits = 96 + bits;
	*network = made;
	return true;
}

/* NULL after adding an error. A name that could not be looked up is none of a host: its network would be let in where
 * no_access has it. */
static const struct access *compile(struct resolver *resolver, const struct service *service, words only_from,
				    words no_access, const char *option, struct origin at)
{
	const struct access *made;

	resolver->network_wrong = NULL;
	made = access_compile(only_from, no_access, network_find, resolver, resolver->pool);
	if (made && !resolver->network_wrong)
		return made;
	if (made)
		diag_error(resolver->diags, at, "%s: %s: '%s' could not be looked up: %s", service->name,
			   option_name_of(service, option), resolver->network, resolver->network_wrong);
	else
		resolver_lacks_memory(resolver, service);
	return NULL;
}

/* Prepares the access to a socket: NULL if there are no rules or its clients have no address. false after adding an
 * error. */
static bool compile_rules(struct resolver *resolver, const struct service *service, struct listen *listen)
{
	struct listen_prepared prepared = *listen_prepared(listen);
	words only_from = listen->options->only_from, no_access = listen->options->no_access;
	const char *option = no_access ? "no_access" : "only_from";
	const void *known;

	if ((!only_from && !no_access) ||
	    (!endpoint_is_inet(listen->address) && listen->address->kind != ENDPOINT_TCPMUX))
		return true;
	if (!ptr_map_get(&resolver->rules, only_from, no_access, &known)) {
		known = compile(resolver, service, only_from, no_access, option,
				service_listen_origin(service, listen, option));
		if (!known)
			return false;
		ptr_map_put(&resolver->rules, only_from, no_access, known);
	}
	prepared.access = known;
	return listen_prepare(listen, resolver->pool, prepared) || resolver_lacks_memory(resolver, service);
}

static const char *find_name(struct resolver *resolver, words list)
{
	struct network network;

	for (; list && *list; list++) {
		if (**list == '.' || (access_is_name(*list) && !network_find(resolver, *list, &network)))
			return *list;
	}
	return NULL;
}

/* Compiles probe_from; NULL: nobody. The kernel reports clients in a queue by address only. */
static const struct access *compile_probes(struct resolver *resolver, const struct service *service)
{
	words list = service->groups->lifecycle->probe_from;
	struct origin at = service_origin(service, "probe_from");
	const void *known = NULL;

	if (!list)
		return NULL;
	if (!ptr_map_get(&resolver->probes, list, NULL, &known)) {
		known = compile(resolver, service, list, NULL, "probe_from", at);
		if (known)
			ptr_map_put(&resolver->probes, list, NULL, known);
	}
	if (known && access_has_names(known)) {
		diag_error(resolver->diags, at,
			   "%s: probe_from: '%s' is a name, and probes are known by their address alone",
			   service->name, find_name(resolver, list));
		diags_hint(resolver->diags, "write addresses");
	}
	return known;
}

static const struct filter_made *compile_filter(struct resolver *resolver, const struct access *access, bool ipv4)
{
	const void *known;
	struct filter_made *made;
	struct buf why = { 0 };

	if (ptr_map_get(&resolver->filters[ipv4], access, NULL, &known))
		return known;
	made = pool_alloc(resolver->pool, sizeof(*made));
	if (!made)
		return NULL;
	made->filter = socket_filter_compile(access, ipv4 ? AF_INET : AF_INET6, resolver->pool, &why);
	made->wrong = made->filter ? NULL : buf_keep(&why, resolver->pool);
	ptr_map_put(&resolver->filters[ipv4], access, NULL, made);
	return made;
}

/* The option that contains a name, or else the one that is set. */
static const char *find_option_at_fault(struct resolver *resolver, const struct listen *listen)
{
	if (find_name(resolver, listen->options->only_from))
		return "only_from";
	if (listen->options->no_access)
		return "no_access";
	return listen->options->only_from ? "only_from" : "ip_address_deny";
}

/* Makes the kernel enforce the rules of one socket, if superd does not accept there. said: the rules that cannot be
 * enforced and were refused or, in [1], warned of, for a socket before it. */
static void enforce_rules(struct resolver *resolver, const struct service *service, struct listen *listen,
			  const struct access *said[2])
{
	bool is_guarded = listen_filters_lent(listen) && !service_is_builtin(service);
	struct listen_prepared prepared = *listen_prepared(listen);
	const struct access *access = prepared.access;
	const char *option = find_option_at_fault(resolver, listen), *helps, *wrong;
	const struct filter_made *made;
	struct origin at;

	if (!access || said[is_guarded] == access)
		return;
	at = service_listen_origin(service, listen, option);
	helps = access_has_names(access) ? "write addresses" : "name fewer networks";
	if (!endpoint_is_inet(listen->address) || (!endpoint_is_datagram(listen->address) && service->exec->accept))
		return;
	made = compile_filter(resolver, access, listen->address->family == FAMILY_IPV4);
	if (made && made->filter) {
		prepared.rules = made->filter;
		if (!listen_prepare(listen, resolver->pool, prepared))
			resolver_lacks_memory(resolver, service);
		return;
	}
	said[is_guarded] = access;
	wrong = made && made->wrong ? made->wrong : "out of memory";
	if (is_guarded) {
		diag_warning(resolver->diags, at,
			     "%s: %s: only the sender that starts it is checked, not senders while it runs: %s",
			     service->name, option_name_of(service, option), wrong);
		diags_hint(resolver->diags, "%s", helps);
	} else {
		diag_error(resolver->diags, at, "%s: %s: with %s the kernel enforces it: %s", service->name,
			   option_name_of(service, option),
			   service->exec->accept	      ? "UDP"
				   : service->dialect == UNIT ? "Accept=no"
				   : service->is_foreign      ? "wait"
							      : "accept = no",
			   wrong);
		diags_hint(resolver->diags, "%s%s", helps,
			   service->is_foreign || service->exec->accept ? "" : ", or set accept = yes");
	}
}

void networks_resolve(struct resolver *resolver, struct service *service)
{
	struct prepared prepared = { .probes = compile_probes(resolver, service) };
	const struct access *said[2] = { NULL, NULL };

	if (!service_prepare(service, resolver->pool, prepared)) {
		resolver_lacks_memory(resolver, service);
		return;
	}
	for (size_t i = 0; i < service->socket_count; i++) {
		if (!compile_rules(resolver, service, &service->sockets[i]))
			return;
		enforce_rules(resolver, service, &service->sockets[i], said);
	}
}
