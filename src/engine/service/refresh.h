/* Makes a running backend read its own configuration again: exec_reload, and the reload_signal of a backend that
 * reports its end (type = notify-reload). One at a time for each service. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "engine/runtime/runtime.h"
#include "engine/state/carry_value.h"
#include "engine/state/state_field.h"

/* The progress of this, or of an operator's order (engine/service/operate). */
enum standing { UNDER_WAY, DONE, FAILED };

/* Unless it is under way, says gets the result. DONE also if no instance runs that would have to reload. */
enum standing refresh_begin(struct keeper *keeper, struct buf *says);

/* Returns how far the last one is; says gets its result. */
enum standing refresh_look(struct keeper *keeper, struct buf *says);

/* Over an upgrade (engine/upgrade/carry, engine/upgrade/resume): one that is under way; the command that runs comes
 * over behind it. */
extern const struct state_table refresh_state;
bool refresh_is_at_rest(const struct keeper *keeper);
void refresh_carry(struct carry *carry, struct keeper *keeper);
struct control *refresh_resume(struct keeper *keeper, struct state_section *section);   /* NULL: out of memory */
void refresh_go_on(struct keeper *keeper);      /* all has come over */

/* Its service goes: leaves a running command to itself. */
void refresh_free(struct keeper *keeper);
