/* Rules of resources: contradictions, and options without effect.
 *
 * The kernel accepts a memory.min above memory.max and heeds only one of them. Here it is an error. */
#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"

/* Checks that a protected amount of memory is within memory_max. "infinity" protects up to memory_max. */
static void check_memory(const struct service *service, const char *option, const struct amount *least,
			 struct diags *diags)
{
	const struct amount *most = &service->groups->resources->memory_max;

	if (least->number >= 0 && most->number >= 0 && least->number > most->number && least->number != INT64_MAX)
		service_refuse(service, option, diags, "%s is more than memory_max", option);
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
			     "%s: ip_address_allow has no effect: without ip_address_deny all addresses are allowed",
			     service->name);
}

void rule_resources(const struct service *service, struct diags *diags)
{
	const struct resource_options *resources = service->groups->resources;

	check_memory(service, "memory_min", &resources->memory_min, diags);
	check_memory(service, "memory_low", &resources->memory_low, diags);
	check_priority(service, diags);
	check_addresses(service, diags);
}
