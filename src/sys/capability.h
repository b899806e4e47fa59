/* What superd itself may do, asked of the kernel: root may lack a capability, and a user may
 * have one. */
#pragma once

#include <stdbool.h>

bool capability_held(int capability);           /* effective; CAP_x of <linux/capability.h> */
bool capability_grantable(int capability);      /* permitted: can be given to a backend */

/* The lowest port that needs no privilege: net.ipv4.ip_unprivileged_port_start, 1024 where that
 * can't be read. */
int capability_port_start(void);
