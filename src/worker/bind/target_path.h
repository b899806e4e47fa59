/* The folder of a path as another process means it: an absolute path, and an absolute link, start at that process's
 * root, and ".." does not lead out of it. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "worker/bind/target.h"

/* Finds the folder that a path of the process is in, "/run" of "/run/web.sock". from: a descriptor of the process that
 * a relative path starts at, or AT_FDCWD. false: it does not exist, or cannot be seen. */
bool target_find_folder(struct target_process *target, int from, const char *path, struct stat *folder);

/* Opens the folder that a path is in, by descriptors here: root, and the folder at which a relative path starts. -1 and
 * errno. */
int path_open_folder(int root, int from, const char *path);
