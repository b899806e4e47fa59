/* Removes the directories, credentials and shared memory of a service when none of its instances runs. */
#pragma once

#include <stdbool.h>

#include "superd/instance/runtime.h"

/* Called when the last instance has ended. */
void cleanup_remove(struct service_runtime *runtime);

/* What an earlier superd, or one instance, has left: the folder of credentials, the folders of private_tmp (0:
 * none). */
void cleanup_remove_credentials(const struct service_runtime *runtime);
void cleanup_remove_tmp(const struct engine *engine, const char *service, uint64_t number);

/* Called when no client can start the service again: also removes directories and descriptors that are preserved
 * between instances. */
void cleanup_remove_last(struct service_runtime *runtime);

/* The sockets are closed: removes the runtime directories of the commands around them. */
void cleanup_remove_for_sockets(struct service_runtime *runtime);
