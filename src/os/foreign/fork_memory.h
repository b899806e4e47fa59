/* Memory that superd shares with its guard. A forked process that meets what strangers made, or becomes another user, must
 * not be able to write to it: it gets a copy. */
#pragma once

#include <stddef.h>

/* Notes the mapping, which lives as long as the process. There is one. */
void fork_memory_note(void *memory, size_t length);

/* Call it in a forked child that continues with superd's code: replaces the mapping by a copy. If there is no memory
 * for that, the mapping is removed. */
void fork_memory_unshare(void);
