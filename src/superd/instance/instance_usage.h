/* The resources that all processes of an instance use together: those of its control group, or, if it has none, its
 * main process and the descendants of that. Reads a few small files, of 64 processes at most. */
#pragma once

#include <stdint.h>

#include "superd/instance/instance.h"

double instance_cpu(const struct instance *instance);   /* seconds of processor time since the start; below 0: unknown */
int64_t instance_memory(const struct instance *instance);       /* resident bytes; -1: unknown */
