/* The plan's resource limits and scheduling.
 *
 * If no control group can enforce a limit, the closest limit of a process (setrlimit(2)) takes its place. A device or
 * address rule has no substitute: without a control group the service does not start. */
#include <errno.h>
#include <string.h>

#include "lib/scan.h"
#include "superd/start/cgroup_settings.h"
#include "superd/start/scheduling.h"
#include "superd/start/templates.h"
#include "table/option/option_name.h"
#include "table/option/service_mark.h"

/* Lowers a limit; keeps a configured one that is lower. */
static void lower_limit(struct plan *plan, int resource, int64_t most)
{
	struct plan_limit *limit = NULL;

	if (most < 0)
		return;
	for (size_t n = 0; n < plan->limit_count; n++) {
		if (plan->limits[n].resource == resource)
			limit = &plan->limits[n];
	}
	if (!limit) {
		limit = &plan->limits[plan->limit_count++];
		*limit = (struct plan_limit){ resource, { RLIM_INFINITY, RLIM_INFINITY } };
	}
	if (limit->value.rlim_cur > (rlim_t)most)
		limit->value.rlim_cur = (rlim_t)most;
	if (limit->value.rlim_max > (rlim_t)most)
		limit->value.rlim_max = (rlim_t)most;
}

static bool fail_option(const struct service *service, const char *option, const char *wrong, struct buf *why)
{
	buf_addf(why, "%s: %s", option_name_of(service, option), wrong);
	origin_cite(service_origin(service, option), why);
	return false;
}

static bool plan_cgroup(struct plan *plan, const struct service *service, struct buf *why)
{
	const struct cgroup_settings *cgroup_settings = service_prepared(service)->cgroup_settings;

	if (!cgroup_settings)
		return true;
	if (!cgroup_settings->has_group && cgroup_settings->programs[CGROUP_BPF_DEVICES].count)
		return fail_option(service, service_mark(service, "device_policy") ? "device_policy" : "device_allow",
				   cgroup_settings->place->wrong, why);
	if (!cgroup_settings->has_group && cgroup_settings->programs[CGROUP_BPF_EGRESS].count)
		return fail_option(service, "ip_address_deny", cgroup_settings->place->wrong, why);
	if (cgroup_settings->has_group) {
		plan->cgroup_settings = cgroup_settings;
		plan->apart = true;
	}
	lower_limit(plan, RLIMIT_AS, cgroup_settings_address_space(service));
	lower_limit(plan, RLIMIT_NPROC, cgroup_settings_processes(service));
	if (!plan->cpus && cgroup_settings_cpus(service) &&
	    !scheduling_cpus(cgroup_settings_cpus(service), &plan->cpus, &plan->cpus_size))
		return fail_option(service, "allowed_cpus", strerror(errno), why);
	return true;
}

/* A start has what its program has of processors and disks, before its exec, too. If others use these up, as its own
 * earlier processes may, it comes to its exec late. */
static void find_time(struct plan *plan)
{
	bool yields = plan->cpu_policy >= 0 && plan->cpu_priority == 0;         /* superd itself may be real-time */

	plan->gets_less_time = plan->nice > 0 || plan->cpus || yields || scheduling_io_is_idle(plan->io_priority);
	plan->apart |= plan->gets_less_time;
}

bool plan_make_resources(struct plan *plan, const struct service *service, struct buf *why)
{
	const struct scheduling_options *scheduling = service->groups->scheduling;

	scheduling_cpu_policy(scheduling, &plan->cpu_policy, &plan->cpu_priority);
	plan->timer_slack = scheduling->timer_slack > 0 ? 1000 * (unsigned long)scheduling->timer_slack : 0;
	plan->ignores_sigpipe = scheduling->ignore_sigpipe;
	plan->personality = -1;
	if (scheduling->personality && !scheduling_personality(scheduling->personality, &plan->personality))
		return fail_option(service, "personality", "this machine runs no programs of that kind", why);
	if (!plan_cgroup(plan, service, why))
		return false;
	find_time(plan);
	return true;
}
