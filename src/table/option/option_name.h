/* Names of options for messages, in the language of the service's source: LimitNOFILE for a unit, NumberOfFiles for a
 * property list, otherwise rlimit_nofile. */
#pragma once

#include "table/option/option_table.h"
#include "table/service/service.h"

/* The name of an option in a language, and in the service's; its name in superd.conf if that language has none. Static. */
const char *option_name_in(enum dialect dialect, const struct option_def *option);
const char *option_name_of(const struct service *service, const char *option);

/* Adds an option with a value in the service's syntax: "nice = 5", "Nice=5". */
void option_name_add(const struct service *service, const char *option, const char *value, struct buf *out);
