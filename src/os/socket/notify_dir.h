/* The folder of the notify sockets (sd_notify(3)): superd/notify below the runtime folder. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"

/* Creates the folder if it is missing, and appends its path. false: that fails, or a backend of another user could not
 * reach sockets in it. */
bool notify_dir_make(const char *runtime_directory, struct buf *path);

/* Removes sockets that a killed superd has left behind. */
void notify_dir_sweep(const char *path);

/* Removes a socket, then the folder and the one above if they are empty. Changes the text socket_path. */
void notify_dir_remove(char *socket_path);
