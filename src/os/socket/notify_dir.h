/* The folder of the sockets at which backends notify: superd/notify below the runtime folder. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

/* Makes it where it is missing, and adds its path. false: it can't be had, or a backend of another user could not reach
 * what is in it. */
bool notify_dir_make(const char *runtime_directory, struct buf *path);

/* Removes sockets that a killed superd has left. */
void notify_dir_sweep(const char *path);

/* Removes a socket, then the folder and the one above if they are empty. Changes socket_path. */
void notify_dir_remove(char *socket_path);
