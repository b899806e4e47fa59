/* Which capabilities superd itself uses while it serves a row: when it opens a listener anew, looks after processes and
 * handles the files that a row names. What a child needs on its way to its program is not among them: each child raises
 * what is permitted (exec/spawn/spawn), and a process beside superd has its own (spawn_worker). */
#pragma once

#include <linux/capability.h>
#include <stdint.h>

#include "config/service/service.h"

/* To look into processes of others by /proc, and to take copies of their descriptors. */
#define CAPS_TO_LOOK (UINT64_C(1) << CAP_SYS_PTRACE | UINT64_C(1) << CAP_DAC_READ_SEARCH)
/* For process_madvise(2), and for memory.reclaim of another user's group. */
#define CAPS_TO_RECLAIM (UINT64_C(1) << CAP_SYS_NICE | UINT64_C(1) << CAP_DAC_OVERRIDE)
/* To set a listener's options: the interface, the mark, priorities, buffers above the limit. */
#define CAPS_TO_SET_OPTIONS (UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_NET_RAW)
/* To kill a process of any user. */
#define CAPS_TO_KILL (UINT64_C(1) << CAP_KILL)

/* Bit CAP_x, for what superd does without any row: it ends processes whose users it does not know. */
uint64_t required_caps_always(void);

/* Bit CAP_x. port_start: the lowest port that needs no privilege (capability_port_start). The row went through
 * prepare/resolve. */
uint64_t required_caps_of(const struct service *service, int port_start);
