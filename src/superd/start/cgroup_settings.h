/* The settings of a service's control group: the texts of its files, and BPF programs for its devices and packets. Made
 * when the table is loaded; applied by the child of each start (exec/child/cgroup_join). A setting that this machine
 * lacks is replaced by the closest substitute, or refused: preflight reports it, plan_make applies it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exec/child/cgroup_join.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "os/cgroup/cgroup_delegation.h"
#include "table/service/service.h"
#include "table/services/table.h"

/* State shared by all services of a table while their settings are made. Zeroed at first. */
struct cgroup_settings_cache {
	const struct cgroup_delegation *place;          /* NULL: not yet looked for */
	const struct resource_options *plain_resources; /* option groups of the last service that needed nothing; NULL: none yet */
	const struct cgroup_filter_options *plain_cgroup_filters;
};

/* Makes the settings of a service whose account is known: service->prepared->cgroup_settings, NULL if no option needs
 * any. false: out of memory, with a diagnostic. */
bool cgroup_settings_make(struct service *service, const struct table *table,
			  struct cgroup_settings_cache *cgroup_cache, struct diags *diags);

enum cgroup_support {
	SUPPORT_DONE,                   /* it is enforced */
	SUPPORT_NEAR,                   /* replaced by `instead` */
	SUPPORT_LEFT_OUT,               /* ignored, as it only tunes, and has no substitute */
	SUPPORT_REFUSED                 /* the service does not start, as it protects, and has no substitute */
};

/* Called for each configured option that cannot be enforced: why, and what happens instead (SUPPORT_NEAR). */
typedef void cgroup_settings_say(void *context, const struct service *service, const char *option,
				 enum cgroup_support answer, const char *why, const char *instead);
void cgroup_settings_compare(const struct service *service, cgroup_settings_say *say, void *context);

/* superd's daemon anew compares the memory of instances with memory_max itself (src/daemon/limits.c); with the present
 * one each process has that as its address space. */
extern const bool cgroup_settings_watches_memory;

/* The substitutes (SUPPORT_NEAR): bytes of memory, number of processes; -1: none. */
int64_t cgroup_settings_memory(const struct service *service);
int64_t cgroup_settings_processes(const struct service *service);

/* The option that belongs to a fault's resource in STAGE_CGROUP; NULL: the group itself could not be created or
 * entered. */
const char *cgroup_settings_fault_option(const struct service *service, int resource);

/* This machine's memory in bytes, and number of tasks, for percentages; SCAN_INFINITY: unknown. */
int64_t machine_memory(void);
int64_t machine_tasks(void);

/* Applies changed settings to a group in use, and resets those that the service no longer has. `had` holds the files
 * written before, a bit for each (cgroup_files), and is updated. Adds failures to why, one sentence a line. */
void cgroup_update(const char *path, const struct service *service, uint32_t *had, struct buf *why);
uint32_t cgroup_files(const struct service *service);   /* the files that a service writes */
