/* Shared by the parts of a confinement. Private to exec/child/confine*, exec/sandbox/confine* and
 * exec/sandbox/seccomp*. */
#pragma once

#include "exec/child/confine.h"

#define CONFINE_MOUNTS_MOST 512         /* of one service; the child keeps a descriptor for each on its stack */
#define OPEN_PATHS_MOST 64              /* of the folders that superd has for it, in the same way */

/* The confinement this start obeys; NULL: none. */
const struct confinement *confinement_of(const struct job *job);
