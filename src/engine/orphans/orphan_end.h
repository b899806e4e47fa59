/* The end of an orphan (engine/orphans/orphan) whose address is wanted. */
#pragma once

#include "engine/orphans/orphan.h"
#include "engine/service/keeper.h"

/* Tells it to end, as the row says, or by TERM without one (NULL), and kills it when its time is over. The services that wait
 * for an address then try again, wanted_by among them. */
void orphan_end(struct engine *engine, struct orphan *orphan, const struct service *row, const char *wanted_by);

/* Whether any that this service waits for is still ending. */
bool orphans_are_ending(const struct keeper *keeper);

/* A line of the log; pid 0: not known. */
void orphan_say(struct engine *engine, enum level level, const char *service, pid_t pid, const char *what);

void orphans_free(struct engine *engine);
