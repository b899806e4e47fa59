/* The folders of an instance with private_tmp, below /tmp and /var/tmp. The child creates them; superd removes them
 * after the instance's end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "table/service/service.h"

/* A random number for a new instance's folders; 0: the service has no private_tmp. */
uint64_t private_tmp_new(const struct service *service);

/* Appends "/tmp/superd-NAME-", which the number in hexadecimal follows. */
void private_tmp_prefix(const char *above, const char *service, struct buf *out);

/* Removes the folders and their contents aside (superd/start/removal). A number of 0 does nothing. false and errno:
 * they stay. */
bool private_tmp_remove(const char *service, uint64_t number);
