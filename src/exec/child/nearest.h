/* Limits and priorities that this superd may not reach: in a container root often lacks CAP_SYS_RESOURCE and CAP_SYS_NICE.
 * None of them restricts anybody, so a backend starts with what is nearest, and preflight has said so beforehand. For
 * the child: async-signal-safe. All give 0, or -1 and errno for any other reason. */
#pragma once

#include <sys/resource.h>

int nearest_limit(int resource, const struct rlimit *wanted);
int nearest_nice(int nice);
int nearest_oom_score(const char *score);
