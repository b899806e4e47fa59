/* Resolves a table: accounts, owners of nodes, addresses, programs; then checks that need the resolved values. */
#include "superd/machine/machine.h"

#include <linux/capability.h>

static bool resolve_owner(struct resolver *resolver, const struct service *service, const struct listen *listen,
			  struct listen_prepared *prepared)
{
	const char *user = listen->options->socket_user, *group = listen->options->socket_group;
	struct found_name found;

	if (user) {
		if (!accounts_need(resolver, service, "socket_user", user, false, &found))
			return false;
		prepared->owner = found.uid;
		prepared->owner_group = found.gid;
	}
	if (group) {
		if (!accounts_need(resolver, service, "socket_group", group, true, &found))
			return false;
		prepared->owner_group = found.gid;
	}
	return true;
}

/* In a folder of the service's user superd makes the node as he does. A program that binds a path sets the mode of its
 * node, which is the owner's to set (chmod(2)). */
static void prepare_node(const struct service *service, const struct listen *listen, struct listen_prepared *prepared)
{
	const struct account *account = service->account;

	if (!account || !endpoint_is_path(listen->address))
		return;
	prepared->account = account->switches ? account : NULL;
	if (service->exec->pass != PASS_BIND)
		return;
	if (prepared->owner == (uid_t)-1)
		prepared->owner = account->uid;
	if (prepared->owner_group == (gid_t)-1)
		prepared->owner_group = account->gid;
}

/* Makes the row by which the commands around the sockets run: the service's with the defaults of all that rules how its
 * processes run. NULL: out of memory. */
static const struct service *make_socket_row(struct resolver *resolver, const struct service *service)
{
	const struct environment_options *own = service->groups->environment;
	struct service *row = pool_alloc(resolver->pool, sizeof(*row));
	struct option_groups *groups = row ? pool_alloc(resolver->pool, sizeof(*groups)) : NULL;
	struct environment_options *environment;

	if (!groups)
		return NULL;
	memcpy(row, service, sizeof(*row));
	memcpy(groups, service->groups, sizeof(*groups));
	for (int n = 0; n < SHARED_GROUPS; n++) {
		void *values = pool_alloc(resolver->pool, group_sizes[n]);
		bool is_own =
			n == GROUP_IDENTITY || n == GROUP_ENVIRONMENT || n == GROUP_LIMITS || n >= GROUP_HARDENING;

		if (!values || (is_own && !option_fill_defaults((enum option_group)n, values, resolver->pool)))
			return NULL;
		if (!is_own)
			memcpy(values, groups->group[n], group_sizes[n]);
		groups->group[n] = values;
	}
	environment = (struct environment_options *)(uintptr_t)groups->environment;
	environment->expand_environment = own->expand_environment;
	environment->unit_environment = own->unit_environment;
	row->groups = groups;
	row->prepared = NULL;
	row->at = service_origin(service, "socket_exec_as_superd");
	row->settings = NULL;
	row->account = accounts_of(resolver, row, false);
	return row;
}

static void resolve_service(struct resolver *resolver, struct service *service)
{
	const struct socket_options *refused = NULL;

	service->account = accounts_of(resolver, service, true);
	for (size_t i = 0; i < service->socket_count; i++) {
		struct listen *listen = &service->sockets[i];
		struct listen_prepared prepared = {
			.owner = (uid_t)-1,
			.owner_group = (gid_t)-1,
			.filters_always = service->exec->pass == PASS_BIND ||
				(service->exec->builtin && endpoint_is_datagram(listen->endpoint)),
		};

		addresses_resolve(resolver, service, listen);
		/* One error for each set of options, as most sockets share the service's. */
		if (listen->options != refused && !resolve_owner(resolver, service, listen, &prepared))
			refused = listen->options;
		prepare_node(service, listen, &prepared);
		if (!listen_prepare(listen, resolver->pool, prepared))
			resolver_lacks_memory(resolver, service);
	}
	networks_resolve(resolver, service);
	if (service_is_relayed(service)) {
		struct prepared prepared = *service_prepared(service);

		if (accounts_of_relay(resolver, service, &prepared.relay) &&
		    !service_prepare(service, resolver->pool, prepared))
			resolver_lacks_memory(resolver, service);
	}
	if (service->groups->commands->socket_exec_as_superd &&
	    (service_commands(service, PHASE_SOCKET_START_PRE) || service_commands(service, PHASE_SOCKET_START_POST) ||
	     service_commands(service, PHASE_SOCKET_STOP_POST))) {
		struct prepared prepared = *service_prepared(service);

		prepared.socket_row = make_socket_row(resolver, service);
		if (!prepared.socket_row || !service_prepare(service, resolver->pool, prepared))
			resolver_lacks_memory(resolver, service);
	}
}

static void make_sandbox(struct service *service, struct filters *filters, struct sandbox_support *support)
{
	const struct sock_fprog *const *list;

	if (filters_of_service(filters, service, support, &list))
		sandbox_make(service, filters->table, support, list, filters->diags);
}

/* If an ordinary user checks the table, warns once about services that need root: they are no mistake. */
static void warn_of_users(const struct table *table, struct diags *diags)
{
	const struct service *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < table->count; i++) {
		const struct service *service = &table->services[i];

		if (service->exec->disable || !service->account || !service->account->switches)
			continue;
		first = first ? first : service;
		count++;
	}
	if (!first || (capability_held(CAP_SETUID) && capability_held(CAP_SETGID)))
		return;
	diag_warning(diags, (struct origin){ .file = first->at.file },
		     "%zu of %zu services run as other users, which needs root: superd could not start them as this "
		     "user, and does not check the rights of those users",
		     count, table->count);
	diags_hint(diags, "run the check as root, or with --no-preflight for the configuration alone");
}

void resolve_table(struct table *table, const struct table *before, struct diags *diags)
{
	struct cgroup_settings_cache cgroup_cache = { 0 };
	struct sandbox_support support = { 0 };
	struct resolver resolver;
	struct filters filters;
	bool good = true;

	resolver_open(&resolver, table->pool, table->lookups, diags);
	resolver.is_only_checked = table->is_only_checked;
	resolver.before = before ? before->lookups : NULL;
	for (size_t i = 0; i < table->count; i++) {
		if (!service_is_off(&table->services[i]))
			resolve_service(&resolver, &table->services[i]);
	}
	if (table->is_only_checked)
		warn_of_users(table, diags);
	filters_open(&filters, table, before, diags);
	for (size_t i = 0; i < table->count; i++) {
		struct service *service = &table->services[i];
		const struct service *row = service_prepared(service)->socket_row;

		if (service_is_off(service))
			continue;
		make_sandbox(service, &filters, &support);
		if (row)
			make_sandbox((struct service *)(uintptr_t)row, &filters, &support);
	}
	filters_close(&filters);
	for (size_t i = 0; good && i < table->count; i++) {
		if (!service_is_off(&table->services[i]))
			good = cgroup_settings_make(&table->services[i], table, &cgroup_cache, diags);
	}
	resolver_close(&resolver);
}
