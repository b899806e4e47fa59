/* The filter of system calls of a sandbox. Private to os/host/sandbox*. */
#pragma once

#include "os/host/sandbox.h"

/* Installs it; where the kernel has none, nothing happens. */
void sandbox_filter_calls(const struct sandbox *sandbox);
