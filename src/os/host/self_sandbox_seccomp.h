/* The sandbox's filter of system calls (seccomp(2)). Private to os/host/self_sandbox*. */
#pragma once

#include <stdbool.h>

#include "os/host/self_sandbox.h"

bool self_sandbox_can_filter(void);     /* whether this build and this kernel have such filters */

/* Installs the filter. Does nothing if the kernel has no filters. */
void self_sandbox_filter_calls(const struct self_sandbox *sandbox);
