/* The folders of an instance with private_tmp, below /tmp and /var/tmp. The child creates them; superd removes them
 * after the instance's end. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "config/service/service.h"

/* A number for a new instance's folders, which nobody can guess; 0: the service has no private_tmp. */
uint64_t private_tmp_new(const struct service *service);

/* "/tmp/superd-NAME-", in front of the number in hexadecimal. */
void private_tmp_prefix(const char *above, const char *service, struct buf *out);

/* Removes them, with all that is in them, in a process of its own as it may take long; at once where superd is about to
 * end. A number of 0 has none. */
void private_tmp_remove(const char *service, uint64_t number, bool at_once);
