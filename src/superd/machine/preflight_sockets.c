/* Checks what a service's sockets need of this machine. A socket of each kind is opened once and closed, without
 * listening: only this shows whether the kernel has the kind, as it may load a module for it. */
#include <errno.h>
#include <linux/capability.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/netdiag/socket_address.h"
#include "os/rights/capability.h"
#include "superd/machine/preflight_internal.h"
#include "superd/start/descriptors.h"
#include "table/access/access.h"
#include "table/option/option_name.h"
#include "table/option/option_table.h"
#include "table/option/service_mark.h"

static int try_socket(int domain, const struct socket_form *form)
{
	int fd = socket(domain, form->type | SOCK_CLOEXEC, form->protocol);
	int error = fd < 0 ? errno : 0;

	fd_close(&fd);
	return error;
}

/* 0, or the errno of socket(2) for this kind. */
static int kind_error(struct preflight *preflight, const struct endpoint *endpoint)
{
	int *known = &preflight->kinds[endpoint->kind][endpoint->family];
	struct socket_form form;

	if (!socket_form(endpoint, &form))
		return 0;
	if (endpoint->kind == ENDPOINT_NETLINK)
		return try_socket(form.domain, &form);
	if (*known >= 0)
		return *known;
	if (endpoint_is_inet(endpoint) && endpoint->family == FAMILY_IPV4)
		form.domain = AF_INET;
	*known = try_socket(form.domain, &form);
	if (*known == EAFNOSUPPORT && endpoint_is_inet(endpoint) && endpoint->family == FAMILY_ANY)
		*known = try_socket(AF_INET, &form);
	return *known;
}

static void check_socket_kind(struct preflight *preflight, const struct service *service, const struct listen *listen)
{
	int error = kind_error(preflight, listen->address);
	char text[ENDPOINT_TEXT];

	if (!error)
		return;
	diags_add(preflight->diags, listen->options->optional ? SEVERITY_WARNING : SEVERITY_ERROR, listen->at,
		  "%s: %s: this kernel opens no such socket: %s", service->name, endpoint_text(listen->endpoint, text),
		  strerror(error));
	if (error == EPERM && listen->address->kind == ENDPOINT_RAW)
		diags_hint(preflight->diags, "raw sockets need root or CAP_NET_RAW");
	else if (!listen->options->optional && !service->is_foreign)
		diags_hint(preflight->diags, "optional = yes lets the service run without it");
}

static void check_privileged_port(struct preflight *preflight, const struct service *service,
				  const struct listen *listen)
{
	const struct endpoint *address = listen->address;
	char text[ENDPOINT_TEXT];

	if (!endpoint_is_inet(address) || address->port_name || !address->port ||
	    address->port >= preflight->port_start || capability_held(CAP_NET_BIND_SERVICE))
		return;
	diag_warning(preflight->diags, listen->at, "%s: %s: ports below %d need root, CAP_NET_BIND_SERVICE or "
		     "net.ipv4.ip_unprivileged_port_start", service->name, endpoint_text(listen->endpoint, text),
		     preflight->port_start);
}

static bool interface_exists(struct preflight *preflight, const char *name)
{
	const char *key = pool_text(preflight->table->pool, name);
	const void *exists = NULL;

	if (key && ptr_map_get(&preflight->interfaces, key, NULL, &exists))
		return exists;
	exists = if_nametoindex(name) ? name : NULL;
	if (key)
		ptr_map_put(&preflight->interfaces, key, NULL, exists);
	return exists;
}

/* The rules hold as soon as there is the interface. */
static void check_rule_interfaces(struct preflight *preflight, const struct service *service,
				  const struct listen *listen, const char *option, words rules)
{
	for (; rules && *rules; rules++) {
		const char *interface = access_interface(*rules);
		char name[IF_NAMESIZE];

		if (interface && !interface_exists(preflight, interface))
			diag_warning(preflight->diags, service_listen_origin(service, listen, option),
				     "%s: %s: '%s': there is no interface %s here now", service->name,
				     option_name_of(service, option), *rules, interface);
		else if (interface && if_indextoname(if_nametoindex(interface), name) && strcmp(name, interface) != 0)
			diag_error(preflight->diags, service_listen_origin(service, listen, option),
				   "%s: %s: '%s': %s is another name of the interface %s: write %s", service->name,
				   option_name_of(service, option), *rules, interface, name, name);
	}
}

/* Only a warning, as interfaces come and go. */
static void check_interfaces(struct preflight *preflight, const struct service *service, const struct listen *listen)
{
	const char *device = listen->options->bind_to_device, *interface = listen->address->interface;

	if (listen == service->sockets || listen->options != listen[-1].options) {
		check_rule_interfaces(preflight, service, listen, "only_from", listen->options->only_from);
		check_rule_interfaces(preflight, service, listen, "no_access", listen->options->no_access);
	}
	if (device && !interface_exists(preflight, device))
		preflight_report(preflight, SEVERITY_WARNING, service, "bind_to_device", device,
				 "there is no such interface here now");
	if (interface && !interface_exists(preflight, interface))
		diag_warning(preflight->diags, listen->at, "%s: %sthere is no interface %s here now", service->name,
			     service->is_foreign ? "" : "listen: ", interface);
}

/* Whether bind(2) accepts the address, with a port of the kernel's choice, which is free again at once. Unlike a list
 * of interfaces, bind(2) knows local routes and net.ipv4.ip_nonlocal_bind. */
static bool probe_address(const struct endpoint *endpoint, int family)
{
	struct endpoint probed = { .kind = ENDPOINT_UDP, .address = endpoint->address,
				   .interface = endpoint->interface };
	struct socket_address address;
	int fd;
	bool exists;

	if (!socket_address_make(&probed, family, &address))
		return true;
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	exists = fd < 0 || bind(fd, &address.any, address.length) == 0 || errno != EADDRNOTAVAIL;
	fd_close(&fd);
	return exists;
}

static bool address_exists(struct preflight *preflight, const struct endpoint *endpoint, int family)
{
	const void *found;

	if (ptr_map_get(&preflight->addresses, endpoint->address, endpoint->interface, &found))
		return found;
	found = probe_address(endpoint, family) ? endpoint->address : NULL;
	ptr_map_put(&preflight->addresses, endpoint->address, endpoint->interface, found);
	return found;
}

/* Only a warning, as addresses come and go. */
static void check_address(struct preflight *preflight, const struct service *service, const struct listen *listen)
{
	const struct endpoint *address = listen->address;
	int family = socket_address_family(address);
	const struct socket_options *options = listen->options;

	if (!endpoint_is_inet(address) || !address->address || family == AF_UNSPEC || options->free_bind ||
	    options->transparent || options->optional || address_exists(preflight, address, family))
		return;
	diag_warning(preflight->diags, listen->at, "%s: no interface here has the address %s now", service->name,
		     address->address);
	if (service->dialect == UNIT)
		diags_hint(preflight->diags, "FreeBind=yes listens on it before it exists");
	else if (!service->is_foreign)
		diags_hint(preflight->diags, "free_bind = yes listens on it before it exists");
}

static void check_node_owner(struct preflight *preflight, const struct service *service, const struct listen *listen)
{
	uid_t owner = listen_prepared(listen)->owner;

	if (!endpoint_is_path(listen->address) || owner == (uid_t)-1 || owner == geteuid() ||
	    capability_held(CAP_CHOWN))
		return;
	preflight_report(preflight, SEVERITY_ERROR, service, "socket_user", listen->options->socket_user,
			 "only root or CAP_CHOWN can change the owner of a node");
}

/* Those that superd may have beside its own and those of a start. */
static rlim_t descriptors_left(void)
{
	struct rlimit limit;
	rlim_t own = DESCRIPTORS_OWN + DESCRIPTORS_START;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max == RLIM_INFINITY)
		return RLIM_INFINITY;
	return limit.rlim_max > own ? limit.rlim_max - own : 0;
}

struct descriptor_room descriptor_room(const struct table *table)
{
	struct descriptor_room room = { .left = descriptors_left() };
	rlim_t at_once = 0;
	size_t kept = 0;                /* a redirect leaves its target another start's */

	for (size_t n = 0; n < table->count; n++) {
		const struct service *service = &table->services[n];

		if (service->exec->disable)
			continue;
		room.services++;
		if (service->exec->redirect)
			kept = DESCRIPTORS_START;
		room.sockets += service->socket_count;
		if (!room.crowded && room.sockets > room.left)
			room.crowded = service;
	}
	if (room.crowded)
		return room;
	if (room.left > room.sockets + kept)
		at_once = (room.left - room.sockets - kept) / (DESCRIPTORS_SERVICE + 1);
	if (!at_once)
		at_once = 1;            /* a client of one waits for its turn */
	room.at_once = at_once < room.services ? (size_t)at_once : room.services;
	return room;
}

void preflight_descriptors(struct preflight *preflight)
{
	const struct descriptor_room room = descriptor_room(preflight->table);

	if (room.crowded)
		diag_warning(preflight->diags, room.crowded->at,
			     "%s: from here on services cannot listen: the configuration has %zu sockets, and superd "
			     "may have some %ju descriptors for them", room.crowded->name, room.sockets,
			     (uintmax_t)room.left);
	else if (room.at_once < room.services)
		diag_note(preflight->diags, (struct origin){ 0 },
			  "of %zu services some %zu can be at work at once, for lack of descriptors: clients of others "
			  "wait in the kernel's queues meanwhile", room.services, room.at_once);
	else
		return;
	diags_hint(preflight->diags, "raise its hard limit of open files (ulimit -Hn, LimitNOFILE= of a unit, --ulimit "
		   "nofile= of a container)");
}

void preflight_sockets(struct preflight *preflight, const struct service *service)
{
	for (size_t i = 0; i < service->socket_count; i++) {
		const struct listen *listen = &service->sockets[i];

		check_socket_kind(preflight, service, listen);
		if (!listen_is_other_family(service, listen))
			check_privileged_port(preflight, service, listen);
		check_interfaces(preflight, service, listen);
		check_address(preflight, service, listen);
		check_node_owner(preflight, service, listen);
	}
}
