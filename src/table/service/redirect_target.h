/* Where a redirect leads to. */
#pragma once

#include <stdbool.h>

#include "table/service/service.h"

/* Whether the service has a redirect that leads to this socket, its own or another service's, as far as the table alone
 * shows. A redirect has the protocol of the service's sockets, which the caller compares. */
bool service_redirects_to(const struct service *service, const struct listen *listen);
