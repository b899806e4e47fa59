/* Notes, counts and reports the instances of a service that run on with its old entry after a reload. */
#pragma once

#include <stddef.h>

#include "lib/buf.h"
#include "superd/service/runtime_event.h"

/* Called before the runtime adopts `service` as its entry, while its instances keep the old one. */
void old_entry_note(struct service_runtime *runtime, const struct service *service);

/* The same for an entry with other sockets: the current instance keeps the sockets that the new entry does not have. */
void old_entry_note_sockets(struct service_runtime *runtime, const struct service *service);

/* Returns the number of instances that run on and are not being stopped. */
size_t old_entry_count(struct service_runtime *runtime);

/* Adds "pid 23 runs on by the old configuration (env), and has tcp:8080 still: superctl restart web"; nothing if there
 * is none. */
void old_entry_describe(struct service_runtime *runtime, struct buf *out);

/* The same for a service that is removed, or will be: "pid 23 runs on (on_remove = finish)". */
void old_entry_describe_removed(struct service_runtime *runtime, struct buf *out);

/* Adds names of options that are separated by blanks as a list separated by commas. */
void old_entry_add_words(struct buf *out, const char *names);
