/* Shared by making and removing directories. Private to exec/dirs/directories*. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

/* The next part of a path, NULL behind the last. */
char *directory_next_part(char **rest);

/* Closes at and opens a part of it; -1 and errno, also where part is NULL. One part at a time, so that no symlink on the way is
 * followed: what lies below a user's directory is as the user wants it. */
int directory_enter(int at, const char *part);

/* Adds the target of the link in "NAME:LINK", relative to the link's folder, as both lie below the base. Returns the
 * last part of LINK. */
const char *directory_link_target(const char *word, struct buf *target);
bool directory_points_to(int at, const char *link, const char *target);
