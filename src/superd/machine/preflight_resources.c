/* Checks the options for control groups, devices, scheduling and hardening that this machine cannot provide. Each
 * message says what superd does instead: a limit for each process is not the same as one for all of them together. */
#include <linux/capability.h>
#include <string.h>

#include "os/rights/capability.h"
#include "superd/machine/preflight_internal.h"
#include "superd/start/bpf_program.h"
#include "superd/start/cgroup_settings.h"
#include "superd/start/directories.h"
#include "table/option/option_name.h"
#include "table/words/resource_words.h"

static void report_support(void *context, const struct service *service, const char *option, enum cgroup_support answer,
			   const char *why, const char *instead)
{
	struct preflight *preflight = context;
	bool refused = answer == SUPPORT_REFUSED && !preflight->table->warns_of_unsupported;

	if (answer == SUPPORT_NEAR)
		preflight_report(preflight, SEVERITY_WARNING, service, option, NULL, "%s; %s", why, instead);
	else
		preflight_report(preflight, refused ? SEVERITY_ERROR : SEVERITY_WARNING, service, option, NULL,
				 refused ? "%s" : "%s; it is left out", why);
}

static void report_missing(void *context, const struct service *service, const char *option, const char *why)
{
	struct preflight *preflight = context;
	enum severity severity = preflight->table->warns_of_unsupported ? SEVERITY_WARNING : SEVERITY_ERROR;

	preflight_report(preflight, severity, service, option, NULL, "%s%s", why,
			 severity == SEVERITY_WARNING ? "; it is left out" : "");
}

static void check_devices(struct preflight *preflight, const struct service *service)
{
	for (words word = service->groups->cgroup_filters->device_allow; word && *word; word++) {
		struct device_rule rule;

		if (device_rule_read(*word, &rule) && !device_rule_is_known(&rule))
			preflight_report(
				preflight, SEVERITY_WARNING, service, "device_allow", *word,
				"there is no such device when superd reads the configuration, so it allows no access");
	}
}

static void check_scheduling(struct preflight *preflight, const struct service *service)
{
	const struct scheduling_options *scheduling = service->groups->scheduling;
	bool real_time = scheduling->cpu_scheduling_policy == CPU_FIFO || scheduling->cpu_scheduling_policy == CPU_RR;

	if (real_time && !capability_held(CAP_SYS_NICE))
		preflight_report(preflight, SEVERITY_WARNING, service, "cpu_scheduling_policy", NULL,
				 "only root or CAP_SYS_NICE can do this, unless rlimit_rtprio allows it");
}

/* A dynamic user could not use another user's files. */
static void check_directory_owner(struct preflight *preflight, const struct service *service,
				  const struct directory_kind *kind)
{
	for (words name = kind->names; kind->is_owned && kind->base && name && *name; name++) {
		struct buf path = { 0 };
		uid_t owner;

		buf_addf(&path, "%s/%.*s", kind->base, (int)directory_name_length(*name), *name);
		if (!path.failed && directories_find_owner(kind->base, *name, &owner) &&
		    owner != service->account->uid && owner != 0)
			preflight_report(preflight, SEVERITY_WARNING, service, kind->option, *name,
					 "%s and its files belong to user %u, but dynamic_user has %u",
					 buf_string(&path), (unsigned)owner, (unsigned)service->account->uid);
		buf_free(&path);
	}
}

static void check_dynamic_user(struct preflight *preflight, const struct service *service)
{
	struct directory_kind kinds[DIRECTORY_KINDS];

	if (!service->groups->identity->dynamic_user || !service->account)
		return;
	directories_of(service, preflight->defaults, kinds);
	for (size_t n = 0; n < DIRECTORY_KINDS; n++)
		check_directory_owner(preflight, service, &kinds[n]);
}

/* Without a pid file only the control group, which the service has for that, tells which process its daemon is. */
static void check_daemon(struct preflight *preflight, const struct service *service)
{
	const struct cgroup_settings *settings = service_prepared(service)->cgroup_settings;
	struct buf option = { 0 };

	if (service->exec->type != TYPE_FORKING || service->groups->lifecycle->pid_file || !settings ||
	    settings->place->path)
		return;
	preflight_report(preflight, SEVERITY_ERROR, service, "type", "forking",
			 "superd cannot know which process its daemon is: it has no pid file, and no control group: %s",
			 settings->place->wrong);
	option_name_add(service, "pid_file", "PATH", &option);
	diags_hint(preflight->diags, "set %s to the file that the daemon writes its pid to, or let it stay in the "
		   "foreground, with another type", buf_string(&option));
	buf_free(&option);
}

/* Its programs start with their clients then. */
static void check_warm(struct preflight *preflight, const struct service *service)
{
	const char *wrong = service->groups->access->warm ? preflight_check_own(preflight, PROGRAM_HOLD, NULL) : NULL;

	if (wrong)
		preflight_report(preflight, SEVERITY_WARNING, service, "warm", NULL, "%s: no program waits", wrong);
}

void preflight_resources(struct preflight *preflight, const struct service *service)
{
	check_warm(preflight, service);
	sandbox_support_compare(&preflight->support, service, preflight->table->pool, report_missing, preflight);
	cgroup_settings_compare(service, report_support, preflight);
	check_devices(preflight, service);
	check_scheduling(preflight, service);
	check_daemon(preflight, service);
	check_dynamic_user(preflight, service);
}
