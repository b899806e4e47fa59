/* `reload` without a name: has the table read again, and tells what is wrong in it, or what became of each service that
 * is not as it was. */
#pragma once

#include "control/session.h"

void verb_reload_begin(struct session *session);

/* The table was read again: for those who wait for that. */
void verb_reload_end(struct server *server, bool good, const struct diags *diags, const struct reload_counts *counts);
