/* Checks every service against this machine.
 *
 * Tables may have ten thousand services, so what services share (a program, an interface, a kind of socket) is checked
 * once. Nothing is reported again that a reader has refused. */
#include "superd/machine/preflight.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/fs/path_trust.h"
#include "os/rights/capability.h"
#include "superd/machine/preflight_internal.h"

/* Reports two services with one runtime_directory: the first to stop removes it for both. */
static void check_runtime(struct preflight *preflight, const struct service *service)
{
	for (words name = service->groups->environment->runtime_directory; name && *name; name++) {
		const char *key = pool_text(preflight->table->pool, *name);
		const struct service *other;
		const void *known;

		if (!key || !ptr_map_get(&preflight->runtime, key, NULL, &known)) {
			ptr_map_put(&preflight->runtime, key, NULL, service);
			continue;
		}
		other = known;
		if (other != service)
			preflight_report(preflight, SEVERITY_WARNING, service, "runtime_directory", *name,
					 "%s has it too, and whichever stops first removes it", other->name);
	}
}

static void check_service(struct preflight *preflight, const struct service *service)
{
	preflight_owners(preflight, service);
	preflight_bind(preflight, service);
	preflight_files(preflight, service);
	preflight_environment(preflight, service);
	preflight_sockets(preflight, service);
	preflight_ports(preflight, service);
	preflight_libraries(preflight, service);
	preflight_privileges(preflight, service);
	preflight_resources(preflight, service);
	check_runtime(preflight, service);
}

/* No service names it, and each may need it. */
static void check_worker(const struct preflight *preflight)
{
	const char *wrong = preflight->table->count ? preflight_check_own(preflight, PROGRAM_WORKER, NULL) : NULL;

	if (wrong)
		diag_warning(preflight->diags, (struct origin){ 0 },
			     "%s. Without it nobody reads what programs of other users print, and superd does not "
			     "learn whether clients are quiet, so some services do not sleep or stop when they are "
			     "idle", wrong);
}

void preflight_table(const struct table *table, const struct process_defaults *defaults, enum preflight_for purpose,
		     struct diags *diags)
{
	struct preflight preflight = { .table = table, .defaults = defaults, .diags = diags,
				       .root = geteuid() == 0, .serves = purpose >= PREFLIGHT_RELOAD,
				       .port_start = capability_port_start() };

	diags->of_machine = true;
	preflight.mounts = path_mounts();
	if (purpose == PREFLIGHT_CHECK || purpose == PREFLIGHT_COMPARISON)
		port_table_read(&preflight.ports);      /* else superd tries each port, and reports it */
	memset(preflight.kinds, -1, sizeof(preflight.kinds));
	for (size_t i = 0; i < table->count; i++) {
		if (!table->services[i].exec->disable)
			check_service(&preflight, &table->services[i]);
	}
	check_worker(&preflight);
	preflight_descriptors(&preflight);
	preflight_root_units(&preflight);
	preflight_clamped_units(&preflight);
	diags->of_machine = false;
	ptr_map_free(&preflight.programs);
	ptr_map_free(&preflight.interfaces);
	ptr_map_free(&preflight.addresses);
	ptr_map_free(&preflight.tables);
	ptr_map_free(&preflight.root_files);
	ptr_map_free(&preflight.runtime);
	ptr_map_free(&preflight.variables);
	free(preflight.mounts);
	port_table_free(&preflight.ports);
}
