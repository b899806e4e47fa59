/* Closing descriptors that came from somebody else. Most are closed at once; those whose closing may wait, for a file
 * system that does not answer or for data still to be sent, are closed by threads beside the loop. */
#pragma once

#include <stddef.h>

/* Closes fd and sets it to -1; -1 is none. */
void close_aside(int *fd);
