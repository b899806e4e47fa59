/* Shared by the parts of a sandbox. Private to exec/child/sandbox*, exec/sandbox/sandbox* and exec/sandbox/seccomp*. */
#pragma once

#include "exec/child/sandbox.h"

#define SANDBOX_MOUNTS_MOST 512         /* mounts of one service; the child has a descriptor for each on its stack */
#define OPEN_PATHS_MOST 64              /* folders that superd provides for it, likewise */

/* The sandbox of this start; NULL: none. */
const struct sandbox_config *sandbox_of(const struct job *job);
