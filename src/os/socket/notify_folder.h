/* The folder of the sockets at which backends notify: superd/notify below the runtime folder. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

/* Makes it where it is missing, and adds its path. false: it can't be had, or a backend of another user could not reach
 * what is in it. */
bool notify_folder_make(const char *runtime_directory, struct buf *path);

/* Removes sockets that a superd has left there which was killed. */
void notify_folder_sweep(const char *path);

/* Removes a socket, and the folder when it was the last. path is used up by that. */
void notify_folder_remove(char *socket_path);
