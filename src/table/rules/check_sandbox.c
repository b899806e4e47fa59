/* Rules of hardening: contradictions, and options without effect. Most of these options combine freely. If systemd
 * accepts a combination, superd does, too. */
#include <string.h>

#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"
#include "table/words/sandbox_words.h"

/* mount_api_vfs mounts into root_directory. */
static void check_root(const struct service *service, struct diags *diags)
{
	if (service->groups->hardening->mount_api_vfs && !service->groups->environment->root_directory &&
	    service_mark(service, "mount_api_vfs"))
		diag_warning(diags, service_origin(service, "mount_api_vfs"),
			     "%s: mount_api_vfs has no effect without root_directory", service->name);
}

static void check_network(const struct service *service, struct diags *diags)
{
	if (service->groups->hardening->private_network && service->groups->paths->network_namespace_path)
		service_refuse(service, "network_namespace_path", diags,
			       "network_namespace_path and private_network exclude each other: it has one network");
}

static void check_exec(const struct service *service, struct diags *diags)
{
	const struct path_options *paths = service->groups->paths;

	if (paths->exec_paths && !paths->no_exec_paths && service_mark(service, "exec_paths"))
		diag_warning(diags, service_origin(service, "exec_paths"),
			     "%s: exec_paths has no effect without no_exec_paths", service->name);
}

/* system_call_error_number is the error of filtered calls. */
static void check_calls(const struct service *service, struct diags *diags)
{
	if (service_mark(service, "system_call_error_number") && !service->groups->syscalls->system_call_filter &&
	    !service_is_unclear(service, "system_call_filter"))
		diag_warning(diags, service_origin(service, "system_call_error_number"),
			     "%s: system_call_error_number has no effect without system_call_filter", service->name);
}

void rule_sandbox(const struct service *service, struct diags *diags)
{
	check_root(service, diags);
	check_network(service, diags);
	check_exec(service, diags);
	check_calls(service, diags);
}
