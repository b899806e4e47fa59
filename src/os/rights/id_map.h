/* The ids of superd's user namespace (user_namespaces(7)). A process cannot change to an id that is not mapped there:
 * setresuid(2), setresgid(2) and setgroups(2) fail with EINVAL. */
#pragma once

#include <stdbool.h>

/* Whether one line of the map contains all `count` ids from `first`; true without /proc. */
bool id_map_has_uids(unsigned first, unsigned count);
bool id_map_has_gids(unsigned first, unsigned count);
