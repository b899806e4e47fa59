/* Makes a running backend read its own configuration again: exec_reload, and the reload_signal of a backend that
 * reports its end (type = notify-reload). One at a time for each service. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "engine/runtime/runtime.h"
#include "engine/serialize/state_field.h"
#include "engine/serialize/state_save.h"

/* The progress of this, or of an operator's order (engine/service/operator). */
enum operator_status { UNDER_WAY, DONE, FAILED };

/* Unless it is under way, says gets the result. DONE also if no instance runs that would have to reload. */
enum operator_status service_reload_begin(struct service_runtime *runtime, struct buf *answer);

/* Returns how far the last one is; says gets its result. */
enum operator_status service_reload_look(struct service_runtime *runtime, struct buf *answer);

/* Over an upgrade (engine/upgrade/save, engine/upgrade/load): one that is under way; the command that runs comes
 * over behind it. */
extern const struct field_table service_reload_state;
bool service_reload_is_at_rest(const struct service_runtime *runtime);
void service_reload_save(struct state_saver *saver, struct service_runtime *runtime);
struct aux_command *service_reload_load(struct service_runtime *runtime, struct state_section *section); /* NULL: out of memory */
void service_reload_go_on(struct service_runtime *runtime); /* all has come over */

/* Its service goes: leaves a running command to itself. */
void service_reload_free(struct service_runtime *runtime);
