/* Rules of resources: contradictions, and options without effect.
 *
 * The kernel accepts a lower memory limit above the upper one and keeps only one of them. Here it is an error. */
#include "config/check/check_internal.h"
#include "config/option/service_mark.h"

static void check_memory(const struct service *service, const char *low, const struct amount *least, const char *high,
			 const struct amount *most, struct diags *diags)
{
	if (least->number < 0 || most->number < 0 || least->number <= most->number)
		return;
	if (least->number != INT64_MAX) /* as much as there may be */
		service_refuse(service, low, diags, "%s is more than %s", low, high);
}

static void check_priority(const struct service *service, struct diags *diags)
{
	const struct scheduling_options *scheduling = service->groups->scheduling;
	bool real_time = scheduling->cpu_scheduling_policy == CPU_FIFO || scheduling->cpu_scheduling_policy == CPU_RR;

	if (scheduling->cpu_scheduling_priority && !real_time && !service_is_unclear(service, "cpu_scheduling_policy"))
		service_refuse(service, "cpu_scheduling_priority", diags,
			       "cpu_scheduling_priority needs cpu_scheduling_policy = fifo or rr");
}

static void check_addresses(const struct service *service, struct diags *diags)
{
	const struct cgroup_filter_options *cgroup_filters = service->groups->cgroup_filters;

	if (cgroup_filters->ip_address_allow && !cgroup_filters->ip_address_deny &&
	    !service_is_unclear(service, "ip_address_deny"))
		diag_warning(diags, service_origin(service, "ip_address_allow"),
			     "%s: ip_address_allow says nothing: without ip_address_deny everybody is allowed",
			     service->name);
}

void rule_resources(const struct service *service, struct diags *diags)
{
	const struct resource_options *resources = service->groups->resources;

	check_memory(service, "memory_min", &resources->memory_min, "memory_max", &resources->memory_max, diags);
	check_memory(service, "memory_low", &resources->memory_low, "memory_max", &resources->memory_max, diags);
	check_priority(service, diags);
	check_addresses(service, diags);
}
