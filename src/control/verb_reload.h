/* `reload` without a name: has the table read again, and tells what is wrong in it, or what became of each service that
 * is not as it was. */
#pragma once

#include "control/session.h"

void verb_reload_begin(struct session *session);

/* For supervisor->reloaded and engine->on_fate: context is the server. */
void verb_reload_on_end(void *context, bool good, const struct diags *diags, const struct reload_counts *counts);
void verb_reload_on_fate(struct engine *engine, const char *service, enum fate fate, const char *options);
