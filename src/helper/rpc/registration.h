/* What rpcbind(8) says of a program, and makes of it. */
#pragma once

#include <stdbool.h>

#include "helper/rpc/argv.h"

/* rpcbind lets any user of its unix socket register what is free, and take back what is his; what another has only the
 * superuser takes away. */
enum registration_end { REGISTRATION_DONE, REGISTRATION_FAILED, REGISTRATION_REFUSED };

/* Does all of a request, and says on stderr what it could not, or took from another. */
enum registration_end registration_obey(const struct rpc_request *request);
