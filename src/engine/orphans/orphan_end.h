/* Stops an orphan (engine/orphans/orphan) whose address a service needs. */
#pragma once

#include "engine/orphans/orphan.h"
#include "engine/runtime/runtime.h"

/* Stops it by kill_signal and timeout_stop of its entry, or by SIGTERM if there is no entry (NULL); kills it when
 * the time is over. Then all services that wait for an address try again, wanted_by among them. */
void orphan_end(struct engine *engine, struct orphan *orphan, const struct service *row, const char *wanted_by);

/* Whether superd is still stopping an orphan whose address this service needs. */
bool orphans_are_ending(const struct service_runtime *runtime);

/* Logs what happens to an orphan; pid 0: unknown. */
void orphan_log(struct engine *engine, enum level level, const char *service, pid_t pid, const char *what);

void orphans_free(struct engine *engine);
