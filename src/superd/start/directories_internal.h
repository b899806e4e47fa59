/* Shared by creating and removing directories. Private to superd/start/directories*. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"

/* Cuts off the next part of a path; NULL: there is none. */
char *directory_next_part(char **rest);

/* Closes `at` and opens a part of it; -1 and errno, also if part is NULL. One part at a time, so that no symlink is
 * followed: a user's directory may contain anything. */
int directory_enter(int at, const char *part);

/* Appends the target of the link in "NAME:LINK", relative to the link's folder, as both are below the base. Returns the
 * last part of LINK. */
const char *directory_link_target(const char *word, struct buf *target);
bool directory_points_to(int at, const char *link, const char *target);
