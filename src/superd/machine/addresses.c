/* Looks up hosts, ports, protocols and RPC programs. A socket has one address. If a host has several, superd uses the
 * first usable one and warns, as the next start may find another. */
#include "superd/machine/machine.h"

#include <arpa/inet.h>

#include "os/socket/socket.h"

#define HOST_MOST 32 /* addresses of a host to use */

static bool is_ip_address(const char *address)
{
	struct in6_addr in6;

	return scan_address(address, strlen(address), &in6);
}

/* The addresses of a host that this kernel can bind, once each; or why there are none, behind an empty word. */
static int call_host(const char *key, const char *name, struct nss_answer *answer)
{
	const int family = !strcmp(key, "host4") ? AF_INET : !strcmp(key, "host6") ? AF_INET6 : AF_UNSPEC;
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *list = NULL;
	int error = getaddrinfo(name, NULL, &hints, &list);
	bool has_ipv6 = bind_kernel_has_ipv6();

	if (error == EAI_MEMORY)
		return ENOMEM;
	for (const struct addrinfo *info = list; info && answer->count < HOST_MOST; info = info->ai_next) {
		const struct sockaddr_in6 *in6 = (const void *)info->ai_addr;
		const struct sockaddr_in *in = (const void *)info->ai_addr;
		char text[INET6_ADDRSTRLEN];
		const char *before = buf_string(&answer->text);

		if (info->ai_family == AF_INET)
			inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		else if (info->ai_family == AF_INET6 && has_ipv6)
			inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		else
			continue;
		for (size_t n = 0; n < answer->count && strcmp(before, text) != 0; n++)
			before += strlen(before) + 1;
		if (before == buf_string(&answer->text) + answer->text.length)
			answer_add(answer, text);
	}
	if (!answer->count) {
		answer_add(answer, "");
		answer_add(answer,
			   !error			 ? "it has no address this machine can listen on"
				   : error == EAI_SYSTEM ? strerror(errno)
							 : gai_strerror(error));
	}
	if (list)
		freeaddrinfo(list);
	return 0;
}

static int call_port(const char *key, const char *name, struct nss_answer *answer)
{
	struct servent entry, *found = NULL;
	char buffer[4096];
	int error = getservbyname_r(name, key, &entry, buffer, sizeof(buffer), &found);

	if (!error && found)
		answer_add_number(answer, ntohs((uint16_t)found->s_port));
	return error == ENOENT ? 0 : error;
}

/* A number beyond 254 cannot be received. Only one thread at a time loads a table. */
static int call_protocol(const char *key, const char *name, struct nss_answer *answer)
{
	const struct protoent *found = getprotobyname(name);

	(void)key;
	if (found)
		answer_add_number(answer, found->p_proto > 0 && found->p_proto <= 254 ? (uint32_t)found->p_proto : 0);
	return 0;
}

static int call_program(const char *key, const char *name, struct nss_answer *answer)
{
	uint32_t number;

	(void)key;
	if (rpc_number_find(name, &number))
		answer_add_number(answer, number);
	return 0;
}

static const struct ask_kind hosts[] = {
	[FAMILY_ANY] = { "host", "the address of the host", "t", call_host },
	[FAMILY_IPV4] = { "host4", "the address of the host", "t", call_host },
	[FAMILY_IPV6] = { "host6", "the address of the host", "t", call_host },
};
static const struct ask_kind ports[] = {
	{ "tcp", "NSS: the port", "n", call_port },
	{ "udp", "NSS: the port", "n", call_port },
	{ "sctp", "NSS: the port", "n", call_port },
};
static const struct ask_kind programs = { "program", "NSS: the RPC program", "n", call_program };
static const struct ask_kind protocols = { "protocol", "NSS: the protocol", "n", call_protocol };

static bool find_number(struct resolver *resolver, const struct ask_kind *kind, const char *name, uint32_t *number)
{
	const char *wrong;
	words found = resolver_ask(resolver, kind, name, &wrong);

	return found && *found && lookup_number(*found, number);
}

/* services(5) has hardly any entry for SCTP, so the TCP port counts, too. */
static bool find_port(struct resolver *resolver, const struct ask_kind *kind, const char *name, uint32_t *port)
{
	return (find_number(resolver, kind, name, port) ||
		(kind == &ports[2] && find_number(resolver, &ports[0], name, port))) &&
		*port <= UINT16_MAX;
}

/* Says why no such port is known. Small systems lack the file, and the name may be right. */
static const char *describe_missing_port(struct resolver *resolver, const struct ask_kind *kind, const char *name,
					 const char **hint)
{
	static const char path[] = "/etc/services";
	const struct ask_kind *other = &ports[kind != &ports[1]];
	struct pool *pool = resolver->pool;
	uint32_t number;

	if (find_number(resolver, other, name, &number))
		return pool_textf(pool,
				  "services(5) has no %s port of this name, but a %s one; a number does not need it",
				  kind->key, other->key);
	if (access(path, R_OK) == 0)
		return pool_textf(pool, "services(5) has no %s port of this name; a number does not need it",
				  kind->key);
	*hint = "write the number, or install the file (Debian: netbase)";
	return pool_textf(pool, "no %s port of this name is known: %s: %s", kind->key, path, strerror(errno));
}

static bool was_refused(const struct resolver *resolver, struct origin at, const char *name)
{
	const struct origin *before = &resolver->refused_at;

	return resolver->refused && !strcmp(resolver->refused, name) && before->file && at.file &&
		before->line == at.line && before->column == at.column && !strcmp(before->file, at.file);
}

/* The option's name, if the table's format has one. */
static const char *option_prefix(const struct service *service)
{
	return service->is_foreign ? "" : "listen: ";
}

static bool refuse_name(struct resolver *resolver, const struct service *service, const struct listen *listen,
			const char *name, const char *wrong)
{
	if (was_refused(resolver, listen->at, name))
		return false;
	resolver->refused_at = listen->at;
	resolver->refused = name;
	diag_error(resolver->diags, listen->at, "%s: %s'%s': %s", service->name, option_prefix(service), name,
		   wrong ? wrong : "out of memory");
	return false;
}

static bool resolve_port(struct resolver *resolver, const struct service *service, const struct listen *listen,
			 struct endpoint *endpoint)
{
	const struct ask_kind *kind = &ports[endpoint->kind == ENDPOINT_UDP	       ? 1
						     : endpoint->kind == ENDPOINT_SCTP ? 2
										       : 0];
	const char *name = endpoint->port_name, *wrong, *hint = NULL;
	uint32_t port;

	if (!find_port(resolver, kind, name, &port)) {
		if (was_refused(resolver, listen->at, name))
			return false;
		wrong = describe_missing_port(resolver, kind, name, &hint);
		refuse_name(resolver, service, listen, name, wrong);
		if (hint)
			diags_hint(resolver->diags, "%s", hint);
		return false;
	}
	endpoint->port = (uint16_t)port;
	endpoint->port_name = NULL;
	return true;
}

static bool has_address(words found)
{
	return found && *found && is_ip_address(*found);
}

/* Where there is no address now, an optional socket keeps that of the table before, and its clients. */
static bool resolve_host(struct resolver *resolver, const struct service *service, const struct listen *listen,
			 struct endpoint *endpoint)
{
	const char *name = endpoint->address, *wrong;
	const struct ask_kind *kind = &hosts[endpoint->family];
	words found = resolver_ask(resolver, kind, name, &wrong), before;

	if (!found)
		return refuse_name(resolver, service, listen, name, wrong);
	if (!has_address(found)) {
		before = lookup_cache_find(resolver->before, kind->key, name);
		wrong = *found && found[1] ? found[1] : "it has no address";
		if (!listen->options->optional)
			return refuse_name(resolver, service, listen, name, wrong);
		if (!was_refused(resolver, listen->at, name))
			diag_warning(resolver->diags, listen->at, "%s: %s'%s': %s: %s%s", service->name,
				     option_prefix(service), name, wrong,
				     has_address(before) ? "it keeps the address " : "the service does without it",
				     has_address(before) ? *before : "");
		if (!has_address(before))
			return false;
		lookup_cache_add(resolver->lookups, kind->key, name, *before, strlen(*before) + 1);
		found = before;
	}
	endpoint->address = pool_text(resolver->pool, *found);
	if (!endpoint->address)
		return refuse_name(resolver, service, listen, name, NULL);
	endpoint->family = strchr(*found, ':') ? FAMILY_IPV6 : FAMILY_IPV4;
	if (found[1]) {
		diag_warning(resolver->diags, listen->at, "%s: %s'%s' has more than one address; %s is taken",
			     service->name, option_prefix(service), name, *found);
		diags_hint(resolver->diags, "an entry for each address, written as a number, serves them all");
	}
	return true;
}

/* Sets the address with numbers. */
static bool keep_address(struct resolver *resolver, const struct service *service, struct listen *listen,
			 const struct endpoint *endpoint)
{
	const struct endpoint *address = pool_keep(resolver->pool, endpoint, sizeof(*endpoint));

	listen->address = address ? address : listen->endpoint;
	return address || refuse_name(resolver, service, listen, "its address", NULL);
}

/* Replaces the name in the port's place by its number. */
static bool resolve_number(struct resolver *resolver, const struct service *service, const struct listen *listen,
			   struct endpoint *endpoint)
{
	bool is_rpc = endpoint_is_rpc(endpoint);
	const char *name = endpoint->port_name;

	endpoint->port_name = NULL;
	if (!find_number(resolver, is_rpc ? &programs : &protocols, name, &endpoint->number))
		return refuse_name(resolver, service, listen, name,
				   is_rpc ? "rpc(5) has no program of this name; a number does not need it"
					  : "protocols(5) has no protocol of this name; a number does not need it");
	return endpoint->number ||
		refuse_name(resolver, service, listen, name, "nothing can be received of this protocol");
}

bool addresses_resolve(struct resolver *resolver, const struct service *service, struct listen *listen)
{
	struct endpoint endpoint = *listen->endpoint;
	bool is_rpc = endpoint_is_rpc(&endpoint), by_name;

	listen->address = listen->endpoint;
	if (endpoint_is_below_runtime(&endpoint)) {
		endpoint.address = pool_textf(resolver->pool, "%s/superd%s", runtime_dir(),
					      listen->endpoint->address + strlen(ENDPOINT_RUNTIME));
		return endpoint.address ? keep_address(resolver, service, listen, &endpoint)
					: refuse_name(resolver, service, listen, "its address", NULL);
	}
	by_name = endpoint_is_inet(&endpoint) && endpoint.address && !is_ip_address(endpoint.address);
	if (!is_rpc && !by_name && (!endpoint_is_inet(&endpoint) || !endpoint.port_name))
		return true;
	if (endpoint.port_name && (is_rpc || endpoint.kind == ENDPOINT_RAW)) {
		if (!resolve_number(resolver, service, listen, &endpoint))
			return false;
	} else if (endpoint.port_name && !resolve_port(resolver, service, listen, &endpoint)) {
		return false;
	}
	/* An RPC program's socket is an ordinary one with a port of the kernel's choice. The endpoint keeps number and
	 * versions, so that sockets of two programs are never taken for one. */
	if (is_rpc)
		endpoint.kind = endpoint.kind == ENDPOINT_RPC_TCP ? ENDPOINT_TCP : ENDPOINT_UDP;
	else if (by_name && !resolve_host(resolver, service, listen, &endpoint))
		return false;
	return keep_address(resolver, service, listen, &endpoint);
}
