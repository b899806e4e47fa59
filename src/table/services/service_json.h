/* A row as JSON, by the directive table: every option that differs from its default, and always accept, pass, exec,
 * user and disable. `defaults` is a service with superd's own defaults (table/option/option_default). */
#pragma once

#include "lib/buf.h"
#include "table/option/option_table.h"

/* Adds the members of an object, without its braces: "listen", then the options. hides: writes secrets as ***. */
void service_json_options(const struct service *row, const struct service *defaults, bool hides, struct buf *out);

/* Whether the option has a value in struct service. */
bool directive_has_value(const struct directive *directive);

/* The socket's field of an option if it differs from the service's; NULL: it does not, or the option is not one of
 * sockets. */
const void *socket_own_field(const struct directive *directive, const struct service *service,
			     const struct listen *socket);
