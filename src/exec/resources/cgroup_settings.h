/* What a row's options mean for a control group of its own: which files get which text, and which programs of the
 * kernel judge its devices and packets. Made when the table is loaded; obeyed by the child of each start
 * (exec/child/cgroup_join). What can't be had on this machine is replaced by the nearest there is, or refused:
 * preflight says which, plan_make sees to it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "config/table/table.h"
#include "exec/child/cgroup_join.h"
#include "os/cgroup/cgroup_delegation.h"

/* State shared by all cgroup settings of a table while they are made. */
struct cgroup_settings_cache {
	const struct cgroup_delegation *place;          /* NULL: not looked for yet */
	const struct resource_options *plain_resources; /* of the last row that needed nothing; NULL: none yet */
	const struct cgroup_filter_options *plain_cgroup_filters;
};

/* Makes it of a row that has its account; NULL stays where nothing is asked for. false: out of memory, which was
 * added. */
bool cgroup_settings_make(struct service *service, const struct table *table,
			  struct cgroup_settings_cache *cgroup_cache, struct diags *diags);

enum cgroup_support {
	SUPPORT_DONE,
	SUPPORT_NEAR,                   /* replaced; `instead` says by what */
	SUPPORT_LEFT_OUT,               /* it only tunes, and has no substitute */
	SUPPORT_REFUSED                 /* it protects, and has no substitute */
};

/* Called for each option that is set and cannot be honoured: why, and what is done instead (of SUPPORT_NEAR). */
typedef void cgroup_settings_say(void *context, const struct service *service, const char *option,
				 enum cgroup_support answer, const char *why, const char *instead);
void cgroup_settings_compare(const struct service *service, cgroup_settings_say *say, void *context);

/* The substitutes (SUPPORT_NEAR), for a plan; -1 or NULL: nothing to set. */
int64_t cgroup_settings_address_space(const struct service *service);
int64_t cgroup_settings_processes(const struct service *service);
words cgroup_settings_cpus(const struct service *service);

/* The option that a fault's resource in STAGE_CGROUP stands for; NULL: none, the group itself could not be made. */
const char *cgroup_settings_fault_option(const struct service *service, int resource);
