/* The control group of a service that runs, when its row changes. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "config/service/service.h"

/* Applies a changed row to a group in use, and resets settings that the row no longer has. `had` holds the files
 * written before, a bit for each (cgroup_files), and is updated. Adds failures to why, one sentence a line. */
void cgroup_update(const char *path, const struct service *service, uint32_t *had, struct buf *why);
uint32_t cgroup_files(const struct service *service);   /* the files that a row writes */
