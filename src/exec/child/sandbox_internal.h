/* Shared by the parts of a sandbox. Private to exec/child/sandbox*, exec/sandbox/sandbox* and
 * exec/sandbox/seccomp*. */
#pragma once

#include "exec/child/sandbox.h"

#define SANDBOX_MOUNTS_MOST 512         /* of one service; the child keeps a descriptor for each on its stack */
#define OPEN_PATHS_MOST 64              /* of the folders that superd has for it, in the same way */

/* The sandbox this start obeys; NULL: none. */
const struct sandbox_config *sandbox_of(const struct job *job);
