/* What the parts of the sandbox have of each other. Private to os/host/self_sandbox*. */
#pragma once

#include <stdint.h>

#include "os/host/self_sandbox.h"

uint32_t self_sandbox_arch(void);       /* AUDIT_ARCH_x of this program; 0: unknown, or there is no list of its calls */
long self_sandbox_landlock(void);       /* the kernel's version of Landlock; below 1: it has none */

/* Installs the filter. Does nothing if the kernel has no filters. */
void self_sandbox_filter_calls(const struct self_sandbox *sandbox);
