/* superd's own capabilities, asked of the kernel: root may lack one, and another user may have
 * one. */
#pragma once

#include <stdbool.h>

#include "config/service/service.h"

/* CAP_x of <linux/capability.h>: permitted, so that superd or a child can raise it, and a backend be given it. */
bool capability_held(int capability);

/* Whether the service runs as root and may signal any process. If not, superd must not signal a pid that it reports. */
bool capability_kills(const struct service *service);

/* The lowest port that needs no privilege: net.ipv4.ip_unprivileged_port_start, 1024 where that
 * can't be read. */
int capability_port_start(void);
