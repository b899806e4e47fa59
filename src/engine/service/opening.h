/* The commands around a service's sockets: before and behind their opening, before and behind their closing
 * (socket_exec_start_pre and its kin). A service without any has no opening. */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"
#include "engine/state/carry_value.h"
#include "engine/state/state_field.h"

/* For BIND. true: commands run first, or are running; BOUND or BIND_ERROR is posted after them. */
bool opening_begin(struct keeper *keeper);

/* For the end of its sockets. true: commands run first, and close them. */
bool opening_end(struct keeper *keeper);

bool opening_is_busy(const struct keeper *keeper);

/* Over an upgrade (engine/upgrade/carry, engine/upgrade/resume): whether what runs goes over as it is; writes it;
 * and begins where another superd was, as far as its commands, whose one that runs comes over behind. NULL: out of
 * memory. */
extern const struct state_table opening_state;
bool opening_is_at_rest(const struct keeper *keeper);
void opening_carry(struct carry *carry, struct keeper *keeper);
struct control *opening_resume(struct keeper *keeper, struct state_section *section);
void opening_go_on(struct keeper *keeper);      /* all sections were read */
void opening_free(struct keeper *keeper);       /* runs no further command */
