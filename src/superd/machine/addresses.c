/* Looks up hosts, ports, protocols and RPC programs. A socket has one address. If a host has several, superd uses the
 * first usable one and warns, as the next start may find another. */
#include "superd/machine/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "lib/memory.h"
#include "lib/scan.h"
#include "lib/wait_note.h"
#include "os/fs/fs.h"
#include "os/host/rpc_number.h"
#include "os/socket/socket.h"

#define HOST_MOST 32 /* addresses of a host to use */

/* An address of a host. */
struct found_address {
	const char *text; /* as text */
	enum endpoint_family family;
};

/* The result of looking up a host, in the pool. */
struct found_host {
	const char *wrong; /* NULL: it was found; else why not */
	struct found_address list[HOST_MOST];
	size_t count;
};

/* The result of looking up a port, in the pool. */
struct found_port {
	const char *wrong, *hint;
	uint16_t port;
};

void addresses_open(struct addresses *addresses, struct pool *pool, struct diags *diags)
{
	*addresses = (struct addresses){ .pool = pool, .diags = diags, .ipv6 = bind_kernel_has_ipv6() };
}

void addresses_close(struct addresses *addresses)
{
	ptr_map_free(&addresses->hosts);
	ptr_map_free(&addresses->ports);
}

static bool is_ip_address(const char *address)
{
	struct in6_addr in6;

	return scan_address(address, strlen(address), &in6);
}

/* Once each. false: out of memory. */
static bool host_add(struct addresses *addresses, struct found_host *host, const char *text)
{
	const char *kept = pool_text(addresses->pool, text);

	for (size_t n = 0; kept && n < host->count; n++) {
		if (!strcmp(host->list[n].text, kept))
			return true;
	}
	if (kept && host->count < HOST_MOST)
		host->list[host->count++] =
			(struct found_address){ kept, strchr(kept, ':') ? FAMILY_IPV6 : FAMILY_IPV4 };
	return kept;
}

/* Those of its addresses that this kernel can bind. false: out of memory. */
static bool host_ask(struct addresses *addresses, const char *name, unsigned family, struct found_host *host)
{
	static const int families[] = { [FAMILY_ANY] = AF_UNSPEC, [FAMILY_IPV4] = AF_INET, [FAMILY_IPV6] = AF_INET6 };
	struct addrinfo hints = { .ai_family = families[family], .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *list = NULL;
	int error = EAI_MEMORY;
	bool good = true;

	wait_note_begin("the address of the host", name);
	if (library_has_memory(NSS_MEMORY))
		error = getaddrinfo(name, NULL, &hints, &list);
	wait_note_end();
	if (error == EAI_MEMORY)
		return false;
	if (error) {
		host->wrong = pool_text(addresses->pool, error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
		return host->wrong;
	}
	for (const struct addrinfo *info = list; info && good; info = info->ai_next) {
		const struct sockaddr_in6 *in6 = (const void *)info->ai_addr;
		const struct sockaddr_in *in = (const void *)info->ai_addr;
		char text[INET6_ADDRSTRLEN];

		if (info->ai_family == AF_INET)
			inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		else if (info->ai_family == AF_INET6 && addresses->ipv6)
			inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		else
			continue;
		good = host_add(addresses, host, text);
	}
	if (!host->count)
		host->wrong = "it has no address this machine can listen on";
	if (list)
		freeaddrinfo(list);
	return good;
}

/* An answer that is kept has the addresses; or none and why it has not, behind an empty word. */
static const struct found_host *host_find(struct addresses *addresses, const char *name, unsigned family)
{
	static const char *const kinds[] = { [FAMILY_ANY] = "host", [FAMILY_IPV4] = "host4", [FAMILY_IPV6] = "host6" };
	const char *key = pool_text(addresses->pool, name), *answer[HOST_MOST];
	const void *known, *which = (const void *)(uintptr_t)family;
	struct found_host *host;
	words kept;

	if (!key)
		return NULL;
	if (ptr_map_get(&addresses->hosts, key, which, &known))
		return known;
	host = pool_alloc(addresses->pool, sizeof(*host));
	if (!host)
		return NULL;
	kept = lookup_cache_find(addresses->lookups, kinds[family], key);
	if (kept && *kept && !**kept && kept[1])
		host->wrong = pool_text(addresses->pool, kept[1]);
	while (kept && *kept && is_ip_address(*kept))
		host_add(addresses, host, *kept++);
	if (!host->wrong && !host->count) {
		if (!host_ask(addresses, key, family, host))
			return NULL;
		for (size_t n = 0; n < host->count; n++)
			answer[n] = host->list[n].text;
		if (host->wrong)
			lookup_cache_add(addresses->lookups, kinds[family], key,
					 (const char *const[]){ "", host->wrong }, 2);
		else
			lookup_cache_add(addresses->lookups, kinds[family], key, answer, host->count);
	}
	ptr_map_put(&addresses->hosts, key, which, host);
	return host;
}

/* By an earlier answer, or NSS. `protocol` is the kind of the look-up, too. */
static bool port_ask(struct addresses *addresses, const char *name, const char *protocol, struct found_port *port)
{
	words known = lookup_cache_find(addresses->lookups, protocol, name);
	struct servent entry, *found = NULL;
	char buffer[4096];
	uint32_t number;
	int error;

	if (known && (!*known || (lookup_number(*known, &number) && number <= UINT16_MAX))) {
		port->port = *known ? (uint16_t)number : 0;
		return *known;
	}
	if (!library_has_memory(NSS_MEMORY)) {
		port->wrong = "out of memory";
		return false;
	}
	wait_note_begin("NSS: the port", name);
	error = getservbyname_r(name, protocol, &entry, buffer, sizeof(buffer), &found);
	wait_note_end();
	if (error || !found) {
		if (!error || error == ENOENT)
			lookup_cache_add(addresses->lookups, protocol, name, NULL, 0);
		return false;
	}
	port->port = ntohs((uint16_t)found->s_port);
	lookup_cache_add_number(addresses->lookups, protocol, name, port->port);
	return true;
}

static const char *kind_name(unsigned kind)
{
	return kind == ENDPOINT_UDP ? "udp" : kind == ENDPOINT_SCTP ? "sctp" : "tcp";
}

/* Notes why no such port is known. Small systems lack the file, and the name may be right. Another source of
 * nsswitch.conf(5) may know names but list none, so the message says no more of the file than can be seen. */
static void port_report_missing(struct addresses *addresses, struct found_port *port, const char *name, unsigned kind)
{
	static const char path[] = "/etc/services";
	const char *other = kind == ENDPOINT_UDP ? "tcp" : "udp";
	struct pool *pool = addresses->pool;
	struct found_port elsewhere;
	const struct servent *any;

	if (!library_has_memory(NSS_MEMORY)) {
		port->wrong = "out of memory";
		return;
	}
	setservent(0);
	any = getservent();
	endservent();
	if (!any) {
		int error = access(path, R_OK) < 0 ? errno : 0;

		port->wrong = error == ENOENT
			? pool_textf(pool, "no %s port of this name is known, and there is no %s", kind_name(kind),
				     path)
			: pool_textf(pool, "no %s port of this name is known: %s: %s", kind_name(kind), path,
				     error ? strerror(error) : "it has no entries");
		port->hint = "write the number, or install the file (Debian: netbase)";
		return;
	}
	if (port_ask(addresses, name, other, &elsewhere)) {
		port->wrong = pool_textf(pool,
					 "services(5) has no %s port of this name, but a %s one; a number does not "
					 "need it",
					 kind_name(kind), other);
		return;
	}
	port->wrong =
		pool_textf(pool, "services(5) has no %s port of this name; a number does not need it", kind_name(kind));
}

/* services(5) has hardly any entry for SCTP, so the TCP port counts, too. */
static const struct found_port *port_find(struct addresses *addresses, const char *name, unsigned kind)
{
	const char *key = pool_text(addresses->pool, name);
	const void *known, *which = (const void *)(uintptr_t)kind;
	struct found_port *port;

	if (!key)
		return NULL;
	if (ptr_map_get(&addresses->ports, key, which, &known))
		return known;
	port = pool_alloc(addresses->pool, sizeof(*port));
	if (!port)
		return NULL;
	if (!port_ask(addresses, key, kind_name(kind), port) &&
	    (kind != ENDPOINT_SCTP || !port_ask(addresses, key, "tcp", port))) {
		if (!port->wrong)
			port_report_missing(addresses, port, key, kind);
		if (!port->wrong)
			return NULL;
	}
	ptr_map_put(&addresses->ports, key, which, port);
	return port;
}

static bool was_refused(const struct addresses *addresses, struct origin at, const char *name)
{
	const struct origin *before = &addresses->refused_at;

	return addresses->refused && !strcmp(addresses->refused, name) && before->file && at.file &&
		before->line == at.line && before->column == at.column && !strcmp(before->file, at.file);
}

/* The option's name, if the table's format has one. */
static const char *option_prefix(const struct service *service)
{
	return service->is_foreign ? "" : "listen: ";
}

static bool refuse_name(struct addresses *addresses, const struct service *service, const struct listen *listen,
			const char *name, const char *wrong)
{
	if (was_refused(addresses, listen->at, name))
		return false;
	addresses->refused_at = listen->at;
	addresses->refused = name;
	diag_error(addresses->diags, listen->at, "%s: %s'%s': %s", service->name, option_prefix(service), name,
		   wrong ? wrong : "out of memory");
	return false;
}

static bool resolve_port(struct addresses *addresses, const struct service *service, const struct listen *listen,
			 struct endpoint *endpoint)
{
	const struct found_port *port = port_find(addresses, endpoint->port_name, endpoint->kind);
	bool is_new = !was_refused(addresses, listen->at, endpoint->port_name);

	if (!port || port->wrong) {
		refuse_name(addresses, service, listen, endpoint->port_name, port ? port->wrong : NULL);
		if (is_new && port && port->hint)
			diags_hint(addresses->diags, "%s", port->hint);
		return false;
	}
	endpoint->port = port->port;
	endpoint->port_name = NULL;
	return true;
}

static bool resolve_host(struct addresses *addresses, const struct service *service, const struct listen *listen,
			 struct endpoint *endpoint)
{
	const struct found_host *host = host_find(addresses, endpoint->address, endpoint->family);

	if (host && host->wrong && listen->options->optional) {
		if (was_refused(addresses, listen->at, endpoint->address))
			return false;
		diag_warning(addresses->diags, listen->at, "%s: %s'%s': %s: the service does without it", service->name,
			     option_prefix(service), endpoint->address, host->wrong);
		return false;
	}
	if (!host || host->wrong)
		return refuse_name(addresses, service, listen, endpoint->address, host ? host->wrong : NULL);
	if (host->count > 1) {
		diag_warning(addresses->diags, listen->at, "%s: %s'%s' has more than one address; %s is taken",
			     service->name, option_prefix(service), endpoint->address, host->list[0].text);
		diags_hint(addresses->diags, "an entry for each address, written as a number, serves them all");
	}
	endpoint->address = host->list[0].text;
	endpoint->family = (uint8_t)host->list[0].family;
	return true;
}

/* Sets the address with numbers. */
static bool keep_address(struct addresses *addresses, const struct service *service, struct listen *listen,
			 const struct endpoint *endpoint)
{
	const struct endpoint *address = pool_keep(addresses->pool, endpoint, sizeof(*endpoint));

	listen->address = address ? address : listen->endpoint;
	return address || refuse_name(addresses, service, listen, "its address", NULL);
}

/* Names that stand for a number. */
struct number_kind {
	const char *kind, *note; /* for the answers that are kept, and for wait_note_begin */
	bool (*find)(const char *name, uint32_t *number);
	const char *unknown;
};

/* Only one thread at a time loads a table. A number beyond 254 cannot be received. */
static bool protocol_find(const char *name, uint32_t *number)
{
	const struct protoent *found = getprotobyname(name);

	*number = found && found->p_proto > 0 && found->p_proto <= 254 ? (uint32_t)found->p_proto : 0;
	return found;
}

static const struct number_kind programs = {
	"program",
	"NSS: the RPC program",
	rpc_number_find,
	"rpc(5) has no program of this name; a number does not need it",
};
static const struct number_kind protocols = {
	"protocol",
	"NSS: the protocol",
	protocol_find,
	"protocols(5) has no protocol of this name; a number does not need it",
};

/* Replaces the name in the port's place by its number. */
static bool resolve_number(struct addresses *addresses, const struct service *service, const struct listen *listen,
			   const struct number_kind *kind, struct endpoint *endpoint)
{
	const char *name = endpoint->port_name, *wrong = NULL;
	words known = lookup_cache_find(addresses->lookups, kind->kind, name);
	bool found;

	endpoint->port_name = NULL;
	if (known && lookup_number(*known, &endpoint->number))
		return true;
	if (!library_has_memory(NSS_MEMORY))
		return refuse_name(addresses, service, listen, name, NULL);
	wait_note_begin(kind->note, name);
	found = kind->find(name, &endpoint->number);
	wait_note_end();
	if (!found)
		wrong = kind->unknown;
	else if (!endpoint->number)
		wrong = "nothing can be received of this protocol";
	if (wrong)
		return refuse_name(addresses, service, listen, name, wrong);
	lookup_cache_add_number(addresses->lookups, kind->kind, name, endpoint->number);
	return true;
}

bool addresses_resolve(struct addresses *addresses, const struct service *service, struct listen *listen)
{
	struct endpoint endpoint = *listen->endpoint;
	bool is_rpc = endpoint_is_rpc(&endpoint), by_name;

	listen->address = listen->endpoint;
	if (endpoint_is_below_runtime(&endpoint)) {
		endpoint.address = pool_textf(addresses->pool, "%s/superd%s", runtime_dir(),
					      listen->endpoint->address + strlen(ENDPOINT_RUNTIME));
		return endpoint.address ? keep_address(addresses, service, listen, &endpoint)
					: refuse_name(addresses, service, listen, "its address", NULL);
	}
	by_name = endpoint_is_inet(&endpoint) && endpoint.address && !is_ip_address(endpoint.address);
	if (!is_rpc && !by_name && (!endpoint_is_inet(&endpoint) || !endpoint.port_name))
		return true;
	if (endpoint.port_name && (is_rpc || endpoint.kind == ENDPOINT_RAW)) {
		if (!resolve_number(addresses, service, listen, is_rpc ? &programs : &protocols, &endpoint))
			return false;
	} else if (endpoint.port_name && !resolve_port(addresses, service, listen, &endpoint)) {
		return false;
	}
	/* An RPC program's socket is an ordinary one with a port of the kernel's choice. The endpoint keeps number and
	 * versions, so that sockets of two programs are never taken for one. */
	if (is_rpc)
		endpoint.kind = endpoint.kind == ENDPOINT_RPC_TCP ? ENDPOINT_TCP : ENDPOINT_UDP;
	else if (by_name && !resolve_host(addresses, service, listen, &endpoint))
		return false;
	return keep_address(addresses, service, listen, &endpoint);
}
