/* The child's part of a control group: creates the group, writes what its allotment has, and moves the child in. If an
 * earlier command of the same instance has created the group, the child only moves in. Async-signal-safe. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "config/option/service.h"

struct job;

int cgroup_join(struct job *job);       /* 0, or -1 and errno; the fault's resource is for cgroup_fault_option */

int cgroup_go_in(int group);            /* moves the caller into an open group; 0, or -1 and errno */

/* The option that a fault's resource stands for; NULL: no option, the group itself could not be made or entered. */
const char *cgroup_fault_option(const struct service *service, int resource);
