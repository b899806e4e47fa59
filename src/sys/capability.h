/* What superd itself may do, asked of the kernel: root may lack a capability, and a user may
 * have one. */
#pragma once

#include <stdbool.h>

#include "model/service.h"

bool capability_held(int capability);           /* effective; CAP_x of <linux/capability.h> */
bool capability_grantable(int capability);      /* permitted: can be given to a backend */

/* Whether a backend of this row is root and may signal whom it likes. Otherwise its word must not have superd do that. */
bool capability_kills(const struct service *service);

/* The lowest port that needs no privilege: net.ipv4.ip_unprivileged_port_start, 1024 where that
 * can't be read. */
int capability_port_start(void);
