/* Notes, counts and reports processes of a service that run on with its earlier row after a reload. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "engine/service/runtime_event.h"

/* Called before the runtime goes on under this row, while its processes go on as they are. */
void old_entry_note(struct service_runtime *runtime, const struct service *service);

/* The same with other sockets: the current instance keeps those that the new row has not. */
void old_entry_note_sockets(struct service_runtime *runtime, const struct service *service);

/* Returns the number of those that run on and are not being stopped. */
size_t old_entry_count(struct service_runtime *runtime);

/* "pid 23 runs on by the old entry (env), and has tcp:8080 still: superctl restart web"; "": none does. */
void old_entry_describe(struct service_runtime *runtime, struct buf *out);

/* The same for a service that is removed, or will be: "pid 23 runs on (on_remove = finish)"; "": none does. */
void old_entry_describe_removed(struct service_runtime *runtime, struct buf *out);

/* Adds names of options, separated by blanks, as a list for people. */
void old_entry_add_words(struct buf *out, const char *names);
