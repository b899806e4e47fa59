/* The capabilities that superd itself uses while it serves a service: to reopen a listener, to look after processes,
 * and to handle the files that the service names. The needs of a child before its exec are not included: each child
 * raises all permitted ones (superd/start/spawn), and a helper process has its own set (spawn_worker). */
#pragma once

#include <linux/capability.h>
#include <stdint.h>

#include "table/service/service.h"

/* To inspect processes of other users in /proc, and to copy their descriptors (ptrace(2), pidfd_getfd(2)). */
#define CAPS_TO_LOOK (UINT64_C(1) << CAP_SYS_PTRACE | UINT64_C(1) << CAP_DAC_READ_SEARCH)
/* For process_madvise(2). */
#define CAPS_TO_RECLAIM (UINT64_C(1) << CAP_SYS_NICE)
/* To set a listener's options: interface, mark, priority, buffers above the limit (socket(7)). */
#define CAPS_TO_SET_OPTIONS (UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_NET_RAW)
/* To kill a process of any user. */
#define CAPS_TO_KILL (UINT64_C(1) << CAP_KILL)

/* The set, bit CAP_x, that superd needs without any service: it ends processes whose users it does not know. */
uint64_t required_caps_always(void);

/* The set, bit CAP_x, that superd needs for a service that went through superd/machine/resolve. port_start:
 * capability_port_start. */
uint64_t required_caps_of(const struct service *service, int port_start);
