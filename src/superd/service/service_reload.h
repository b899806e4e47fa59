/* Makes a running backend read its own configuration again: by exec_reload, and by the reload_signal of a backend
 * that reports the end of its reload (type = notify-reload). At most one such reload is under way for a service. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "superd/instance/runtime.h"
#include "superd/saved/state_field.h"
#include "superd/saved/state_stream.h"
#include "superd/service/order_result.h"

/* Begins a reload. For ORDER_REFRESHED and ORDER_FAILED, why gets the line of the log. */
enum order_result service_reload_begin(struct service_runtime *runtime, struct buf *why);

/* Returns the result of the last reload, with why as above. */
enum order_result service_reload_look(struct service_runtime *runtime, struct buf *why);

/* For an upgrade (superd/reload/save, superd/reload/load): saves a reload under way; the section of a command that
 * runs follows it. */
extern const struct field_table service_reload_state;
bool service_reload_is_at_rest(const struct service_runtime *runtime);
void service_reload_save(struct state_saver *saver, struct service_runtime *runtime);
/* NULL: out of memory. */
struct aux_command *service_reload_load(struct service_runtime *runtime, struct state_section *section);
void service_reload_go_on(struct service_runtime *runtime); /* all sections were read */

/* Frees it with its service. A running command continues by itself. */
void service_reload_free(struct service_runtime *runtime);
