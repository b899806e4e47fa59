/* Ends an orphan (engine/orphans/orphan) whose address a service wants. */
#pragma once

#include "engine/orphans/orphan.h"
#include "engine/runtime/runtime.h"

/* Ends it as the row says, or by SIGTERM without a row (NULL), and kills it when its time is over. Then the services
 * that wait for an address try again, wanted_by among them. */
void orphan_end(struct engine *engine, struct orphan *orphan, const struct service *row, const char *wanted_by);

/* Whether an orphan that this service waits for is still ending. */
bool orphans_are_ending(const struct service_runtime *runtime);

/* Logs a line; pid 0: unknown. */
void orphan_log(struct engine *engine, enum level level, const char *service, pid_t pid, const char *what);

void orphans_free(struct engine *engine);
