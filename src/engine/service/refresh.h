/* Having a running backend read its own configuration again: exec_reload, and the reload_signal of a backend that
 * tells when it has (type = notify-reload). One at a time for each service. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "engine/service/keeper.h"
#include "engine/service/standing.h"
#include "engine/state/carry_value.h"

/* Unless it is under way says gets what came of it. DONE also where nothing runs that would have to read. */
enum standing refresh_begin(struct keeper *keeper, struct buf *says);

/* How far the last one is, or what came of it. */
enum standing refresh_look(struct keeper *keeper, struct buf *says);

/* Over an upgrade (engine/upgrade/carry, engine/upgrade/resume): one that is under way; the command that runs comes over behind it. */
bool refresh_is_at_rest(const struct keeper *keeper);
void refresh_carry(struct carry *carry, struct keeper *keeper);
struct control *refresh_resume(struct keeper *keeper, struct ledger_section *section);  /* NULL: out of memory */
void refresh_go_on(struct keeper *keeper);      /* all has come over */

/* Its service goes: what runs of it is left to itself. */
void refresh_free(struct keeper *keeper);
