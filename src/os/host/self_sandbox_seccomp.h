/* The filter of system calls of a sandbox. Private to os/host/self_sandbox*. */
#pragma once

#include "os/host/self_sandbox.h"

/* Installs it; where the kernel has none, nothing happens. */
void self_sandbox_filter_calls(const struct self_sandbox *sandbox);
