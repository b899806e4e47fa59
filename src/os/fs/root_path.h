/* A path as a process with this root_directory would see it (openat2(2), RESOLVE_IN_ROOT): absolute links start at that
 * root. root NULL: superd's own root. The lookup may block; the caller first makes sure that it may. */
#pragma once

#include <sys/stat.h>

int root_path_open(const char *root, const char *path, int flags);     /* open(2) */
int root_path_stat(const char *root, const char *path, struct stat *status);
