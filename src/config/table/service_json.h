/* A row as JSON, driven by the table of directives: what differs from the plain default is there even where superd.conf
 * would leave it out, and accept, pass, exec, user and disable are there always. */
#pragma once

#include "base/buf.h"
#include "config/option/option_table.h"

/* The members of an object, without its braces: "listen", then the options. hides: secrets are written as ***. */
void service_json_options(const struct service *row, const struct service *plain, bool hides, struct buf *out);

/* The same members, each value as superd.conf writes it, in a string; of "listen" the sockets' own options. What is
 * hidden has none. */
void service_json_texts(const struct service *row, const struct service *plain, bool hides, struct buf *out);

/* Whether the option has a value in struct service. */
bool directive_has_value(const struct directive *directive);

/* The option in a socket's own options, where it differs from the service's; NULL: it doesn't, or is none of a
 * socket's. */
const void *socket_own_field(const struct directive *directive, const struct service *service,
			     const struct listen *socket);
