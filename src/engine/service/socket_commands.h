/* The commands around a service's sockets: before and behind their opening, before and behind their closing
 * (socket_exec_start_pre and its kin). A service without any has no opening. */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"
#include "engine/serialize/state_field.h"
#include "engine/serialize/state_save.h"

/* For BIND. true: commands run first, or are running; BOUND or BIND_ERROR is posted after them. */
bool socket_commands_begin(struct service_runtime *runtime);

/* For the end of its sockets. true: commands run first, and close them. */
bool socket_commands_end(struct service_runtime *runtime);

bool socket_commands_is_busy(const struct service_runtime *runtime);

/* Over an upgrade (engine/upgrade/save, engine/upgrade/load): whether what runs goes over as it is; writes it;
 * and begins where another superd was, as far as its commands, whose one that runs comes over behind. NULL: out of
 * memory. */
extern const struct field_table socket_commands_state;
bool socket_commands_is_at_rest(const struct service_runtime *runtime);
void socket_commands_save(struct state_saver *saver, struct service_runtime *runtime);
struct aux_command *socket_commands_load(struct service_runtime *runtime, struct state_section *section);
void socket_commands_go_on(struct service_runtime *runtime); /* all sections were read */
void socket_commands_free(struct service_runtime *runtime); /* runs no further command */
