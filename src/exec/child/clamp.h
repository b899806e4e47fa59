/* Limits and priorities that superd may lack the privilege for: in a container, root often lacks CAP_SYS_RESOURCE and
 * CAP_SYS_NICE. They are no protection, so a service starts with the closest allowed value, and preflight warns. For
 * the child: async-signal-safe. 0, also if only the privilege is missing; -1 and errno for any other failure. */
#pragma once

#include <sys/resource.h>

int clamp_rlimit(int resource, const struct rlimit *wanted);
int clamp_nice(int nice);
int clamp_oom_score(const char *score);
