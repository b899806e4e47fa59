/* The sandbox's filter of system calls (seccomp(2)). Private to os/host/self_sandbox*. */
#pragma once

#include "os/host/self_sandbox.h"

/* Installs the filter. Does nothing if the kernel has no filters. */
void self_sandbox_filter_calls(const struct self_sandbox *sandbox);
