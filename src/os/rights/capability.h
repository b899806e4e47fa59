/* superd's own capabilities (capabilities(7)), as the kernel reports them: root may lack some, and another user may
 * have some. */
#pragma once

#include <stdbool.h>

#include "table/service/service.h"

/* Whether superd has this capability (CAP_x of <linux/capability.h>) in its permitted set, so that superd or a child
 * can raise it, or a backend can be given it. */
bool capability_held(int capability);

/* Whether the service runs as root and may signal any process. If it does not, superd must not signal a pid that the
 * service reports. */
bool capability_kills(const struct service *service);

/* The lowest port that needs no privilege: net.ipv4.ip_unprivileged_port_start (ip(7)); 1024 if that cannot be read. */
int capability_port_start(void);
