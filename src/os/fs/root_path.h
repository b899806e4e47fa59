/* A path as a process with this root_directory would see it, where an absolute link leads to another file than it does
 * here. root NULL: superd's own root. Looks from outside; a caller judges first whether that may keep it waiting. */
#pragma once

#include <sys/stat.h>

int root_path_open(const char *root, const char *path, int flags);     /* open(2) */
int root_path_stat(const char *root, const char *path, struct stat *status);
