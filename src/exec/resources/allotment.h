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

/* State shared by all allotments of a table while they are made. */
struct allotments {
	const struct cgroup_delegation *place;          /* NULL: not looked for yet */
	const struct resources *plain_resources;        /* of the last row that needed nothing; NULL: none yet */
	const struct bounds *plain_bounds;
};

/* Makes it of a row that has its account; NULL stays where nothing is asked for. false: out of memory, which was
 * added. */
bool allotment_make(struct service *service, const struct table *table, struct allotments *allotments,
		    struct diags *diags);

enum answer {
	ANSWER_DONE,
	ANSWER_NEAR,                    /* replaced; `instead` says by what */
	ANSWER_LEFT_OUT,                /* it only tunes, and has no substitute */
	ANSWER_REFUSED                  /* it protects, and has no substitute */
};

/* Called for each option that is set and cannot be honoured: why, and what is done instead (of ANSWER_NEAR). */
typedef void allotment_say(void *context, const struct service *service, const char *option, enum answer answer,
			   const char *why, const char *instead);
void allotment_compare(const struct service *service, allotment_say *say, void *context);

/* The substitutes (ANSWER_NEAR), for a plan; -1 or NULL: nothing to set. */
int64_t allotment_address_space(const struct service *service);
int64_t allotment_processes(const struct service *service);
words allotment_cpus(const struct service *service);

/* The default text of a file of the group; NULL: the file cannot be changed while the service runs. */
const char *allotment_usual(const char *file);

/* The option that a fault's resource in STAGE_CGROUP stands for; NULL: none, the group itself could not be made. */
const char *allotment_fault_option(const struct service *service, int resource);
