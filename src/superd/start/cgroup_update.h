/* Changes the control group of a running service when its configuration changes. */
#pragma once

#include <stdint.h>

#include "lib/buf.h"
#include "table/service/service.h"

/* Applies changed settings to a group in use, and resets those that the service no longer has. `had` holds the files
 * written before, a bit for each (cgroup_files), and is updated. Adds failures to why, one sentence a line. */
void cgroup_update(const char *path, const struct service *service, uint32_t *had, struct buf *why);
uint32_t cgroup_files(const struct service *service);   /* the files that a service writes, bit n: cgroup_file_list[n] */
