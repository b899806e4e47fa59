/* Runs the commands before and after the opening and the closing of a service's sockets (ExecStartPre,
 * ExecStartPost, ExecStopPre and ExecStopPost of systemd.socket(5)); none, if the conditions keep all sockets closed. A
 * service without such commands has no struct socket_commands. */
#pragma once

#include <stdbool.h>

#include "superd/instance/runtime.h"
#include "superd/saved/state_field.h"
#include "superd/saved/state_stream.h"

/* Begins an opening. true: commands run first, or are running; BOUND or BIND_ERROR follows. false: there are none to
 * run. */
bool socket_commands_begin(struct service_runtime *runtime);

/* Begins a closing. true: commands run first, and the sockets close after them. false: the caller closes the
 * sockets. */
bool socket_commands_end(struct service_runtime *runtime);

bool socket_commands_is_busy(const struct service_runtime *runtime);

/* The same, or the conditions of sockets that are to be opened are being checked. */
bool sockets_are_under_way(const struct service_runtime *runtime);

/* For an upgrade (superd/reload/save, superd/reload/load): whether its state can be saved now; saves it; loads it,
 * without the command that runs, whose section follows. NULL: out of memory. */
extern const struct field_table socket_commands_state;
bool socket_commands_is_at_rest(const struct service_runtime *runtime);
void socket_commands_save(struct state_saver *saver, struct service_runtime *runtime);
struct aux_command *socket_commands_load(struct service_runtime *runtime, struct state_section *section);
void socket_commands_go_on(struct service_runtime *runtime); /* all sections were read */
void socket_commands_free(struct service_runtime *runtime); /* runs no further command */
