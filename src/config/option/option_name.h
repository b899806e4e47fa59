/* Names of options in the text that a service comes from: a message about a unit says LimitNOFILE, one about a property
 * list NumberOfFiles. A table of inetd or xinetd is spoken of in superd's own words. */
#pragma once

#include "config/service/service.h"

/* The option's word, as it stands in that text; its name in superd.conf where that has none. */
const char *option_name_of(const struct service *service, const char *option);

/* Adds the option with a value as that text writes it: "nice = 5", "Nice=5". */
void option_name_add(const struct service *service, const char *option, const char *value, struct buf *out);
