/* The child's part of a control group: makes it, gives it what its allotment has, and goes in. Of a group that is there already,
 * as that of an earlier command of the same instance, only the last. Async-signal-safe. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "config/option/service.h"

struct job;

int cgroup_join(struct job *job);       /* 0, or -1 and errno, with what was tried in the fault's resource */

int cgroup_go_in(int group);            /* an open one, with nothing to give it. 0, or -1 and errno */

/* The option at fault, by the fault's resource; NULL: none, it was the group itself. */
const char *cgroup_fault_option(const struct service *service, int resource);
