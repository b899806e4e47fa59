/* How the commands around a service's sockets run (socket_exec_options): texts such as "user=mail" or "env=A=1 'B=2
 * 3'", the name of an option and its value, split as a shell does. Later texts of a list add to it. */
#pragma once

#include <stdbool.h>

#include "table/option/option_table.h"

/* Whether the commands can run by this option: it rules a process, and not the service around it. */
bool socket_context_takes(const struct directive *directive);

/* Sets the options of the texts in these groups, whose structs are the pool's own copies. Returns NULL, or what is
 * wrong with the text at *bad. */
const char *socket_context_apply(words texts, struct option_groups *groups, struct pool *pool, const char **bad);
