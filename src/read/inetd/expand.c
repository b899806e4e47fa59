/* Checks which fields of an entry go together, and adds its services.
 *
 * A line may name several hosts and two families. With nowait superd accepts, so both families are sockets of one
 * service. With wait a program gets one socket, so each family is a service of its own; the one for IPv6 is left out on
 * a machine without IPv6. */
#include <arpa/inet.h>
#include <string.h>

#include "read/inetd/entry.h"

/* The socket types that fit each transport, as bits. */
static const unsigned transport_types[] = {
	[INETD_TCP] = 1u << INETD_STREAM,
	[INETD_UDP] = 1u << INETD_DGRAM,
	[INETD_SCTP] = 1u << INETD_STREAM,
	[INETD_UNIX] = 1u << INETD_STREAM | 1u << INETD_DGRAM | 1u << INETD_SEQPACKET,
	[INETD_RPC_TCP] = 1u << INETD_STREAM,
	[INETD_RPC_UDP] = 1u << INETD_DGRAM,
	[INETD_IP] = 1u << INETD_RAW,
	[INETD_MUX] = 1u << INETD_STREAM,
};

static bool check_fields(struct inetd *inetd, const struct inetd_entry *entry)
{
	if (!(transport_types[entry->transport] & 1u << entry->type))
		return inetd_refuse(inetd, entry->protocol_at, "%s: %s and %s do not go together", entry->service,
				    inetd_type_words[entry->type], entry->protocol);
	if (entry->accepts && entry->transport == INETD_IP)
		return inetd_refuse(inetd, entry->wait_at,
				    "%s: a raw socket has no connections: it is served with wait", entry->service);
	if (!entry->accepts && entry->transport == INETD_MUX)
		return inetd_refuse(inetd, entry->wait_at,
				    "%s: a service of tcpmux must be nowait: it has no socket to "
				    "pass", entry->service);
	if (entry->builtin && entry->transport == INETD_MUX)
		return inetd_refuse(inetd, entry->program_at, "%s: an internal service is not reached by way of tcpmux",
				    entry->service);
	if (entry->builtin && !strcmp(entry->builtin, "tcpmux") && entry->type != INETD_STREAM)
		return inetd_refuse(inetd, entry->protocol_at, "%s: the internal tcpmux is stream", entry->service);
	if (inetd->policy.line)
		return inetd_refuse(inetd, entry->at,
				    "%s: the IPsec policy of line %u binds this entry, and IPsec policies are "
				    "not available on this system",
				    entry->service, inetd->policy.line);
	return true;
}

/* A stream builtin is always nowait, and a datagram builtin always wait. Warns if the line says otherwise. */
static void correct_builtin_wait(struct inetd *inetd, struct inetd_entry *entry)
{
	bool accepts = entry->type != INETD_DGRAM;

	if (!entry->builtin || entry->accepts == accepts)
		return;
	entry->accepts = accepts;
	diag_warning(inetd->reading->diags, entry->wait_at, "%s: the internal %s is always %s",
		     entry->service, entry->builtin, accepts ? "nowait over streams" : "wait over datagrams");
}

static int64_t default_number(int64_t said)
{
	return said > 0 ? said : UNLIMITED;
}

/* With wait one server runs at a time and accepts clients itself, so limits of clients mean nothing. */
static void set_wait_limits(struct inetd *inetd, struct inetd_entry *entry)
{
	if (entry->instances != INETD_UNSAID && entry->instances != 1 && entry->instances != UNLIMITED)
		diag_warning(inetd->reading->diags, entry->wait_at,
			     "%s: with wait one server runs at a time, and the number has no effect", entry->service);
	entry->instances = UNLIMITED;
	if (entry->per_source == INETD_UNSAID)
		entry->per_source = UNLIMITED;
	if (entry->per_source_cpm == INETD_UNSAID)
		entry->per_source_cpm = UNLIMITED;
}

static void set_default_limits(struct inetd *inetd, struct inetd_entry *entry)
{
	static const struct inetd_defaults none = {
		.rate = -1, .instances = -1, .per_source = -1, .per_source_cpm = -1
	};
	const struct inetd_defaults *said = inetd->reading->inetd ? inetd->reading->inetd : &none;
	int64_t rate = said->rate >= 0 ? said->rate : inetd->dialect->rate;
	bool has_sources = entry->transport != INETD_UNIX || entry->type != INETD_DGRAM;

	entry->pause = inetd->dialect->pause;
	if (entry->burst == INETD_UNSAID)
		entry->burst = rate > 1 && inetd->dialect->rate_less ? rate - 1 : default_number(rate);
	if (!entry->accepts) {
		set_wait_limits(inetd, entry);
		return;
	}
	if (entry->instances == INETD_UNSAID)
		entry->instances = default_number(said->instances);
	if (entry->per_source == INETD_UNSAID)
		entry->per_source = has_sources ? default_number(said->per_source) : UNLIMITED;
	if (entry->per_source_cpm == INETD_UNSAID)
		entry->per_source_cpm = has_sources ? default_number(said->per_source_cpm) : UNLIMITED;
}

static bool is_numeric_address(const char *host)
{
	struct in_addr address;

	return strchr(host, ':') || inet_pton(AF_INET, host, &address) == 1;
}

/* A numeric address decides the family of an entry that names none. */
static void set_host_family(struct inetd_entry *entry)
{
	if (!entry->host || !is_numeric_address(entry->host) || entry->yields == INETD_IPV4 ||
	    (!entry->is_bare && !entry->is_dual))
		return;
	entry->families = strchr(entry->host, ':') ? INETD_IPV6 : INETD_IPV4;
	entry->is_dual = entry->is_bare = false;
	entry->yields = 0;
}

/* Adds the services of one host. */
static void add_services(struct inetd *inetd, const struct inetd_entry *entry, const char *host)
{
	struct inetd_entry one = *entry, other;

	one.host = host;
	set_host_family(&one);
	other = one;
	if (!one.is_bare || one.is_dual || one.accepts || one.families != (INETD_IPV4 | INETD_IPV6)) {
		inetd_add(inetd->reading, &one);
		return;
	}
	one.families = INETD_IPV4;
	other.families = INETD_IPV6;
	one.yields = other.yields = 0;
	other.is_implied = true;
	inetd_add(inetd->reading, &one);
	inetd_add(inetd->reading, &other);
}

/* Moves *list behind its first host. *host is NULL for "*", which is any address. */
static bool read_next_host(struct inetd *inetd, const char **list, struct origin at, const char **host)
{
	size_t length = strcspn(*list, ",");
	const char *text = *list;

	*list += length + ((*list)[length] == ',');
	*host = NULL;
	if (length > 1 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	if (length == 1 && *text == '*')
		return true;
	if (!length)
		return inetd_refuse(inetd, at, "a host is missing between two commas");
	*host = inetd_keep(inetd, text, length);
	return true;
}

static bool is_any_host(const char *hosts)
{
	return !hosts || !*hosts || !strcmp(hosts, "*");
}

/* Refuses hosts of an RPC service, because superd cannot bind it to them; it would be open to more clients. */
static bool check_hosts(struct inetd *inetd, const struct inetd_entry *entry, const char *hosts, struct origin hosts_at)
{
	if ((entry->transport != INETD_RPC_TCP && entry->transport != INETD_RPC_UDP) || is_any_host(hosts))
		return true;
	inetd_refuse(inetd, hosts_at, "%s: an RPC service is reached on every address, not on %s alone", entry->service,
		     hosts);
	diags_hint(inetd->reading->diags, "a line *: before it removes default addresses");
	return false;
}

/* The hosts of the entry, else of a line HOSTS: above it, else of the command line. */
static const char *default_hosts(const struct inetd *inetd, const char *hosts)
{
	if (!hosts)
		hosts = inetd->hosts;
	if (!hosts && inetd->reading->inetd)
		hosts = inetd->reading->inetd->address;
	return is_any_host(hosts) ? "*" : hosts;
}

/* Adds services for all hosts; if one of them is wrong, for none. */
static bool add_hosts(struct inetd *inetd, const struct inetd_entry *entry, const char *hosts, struct origin at)
{
	struct inetd_entries *entries = inetd_entries(inetd->reading);
	size_t before = entries->count;
	const char *host;

	while (*hosts) {
		if (!read_next_host(inetd, &hosts, at, &host)) {
			entries->count = before;
			return false;
		}
		add_services(inetd, entry, host);
	}
	inetd->reading->pending += entries->count - before;
	return true;
}

bool inetd_expand(struct inetd *inetd, struct inetd_entry *entry, const char *hosts, struct origin hosts_at)
{
	bool has_hosts = entry->transport != INETD_UNIX && entry->transport != INETD_MUX;

	if (!check_fields(inetd, entry))
		return false;
	correct_builtin_wait(inetd, entry);
	set_default_limits(inetd, entry);
	if (entry->transport == INETD_UNIX && !entry->socket_mode)
		entry->socket_mode = inetd->dialect->unix_mode;
	if (!has_hosts && !is_any_host(hosts))
		return inetd_refuse(inetd, hosts_at, "%s: it has no address of its own, so it cannot have a host",
				    entry->service);
	hosts = has_hosts ? default_hosts(inetd, hosts) : "*";
	return check_hosts(inetd, entry, hosts, hosts_at) && add_hosts(inetd, entry, hosts, hosts_at);
}
