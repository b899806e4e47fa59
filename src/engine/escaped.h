/* Those below an instance's main process that have left its group, as by setsid(2), where no control group holds them: a stop
 * ends them as well. They are found by their parents as long as the main process lives, and are remembered. One whose parents
 * are gone by then is nobody's. */
#pragma once

#include <stdbool.h>

struct instance;

void escaped_look(struct instance *instance);           /* remembers those that are there now */
bool escaped_live(const struct instance *instance);     /* any of those remembered */
void escaped_signal(const struct instance *instance, int signal);
void escaped_free(struct instance *instance);
