/* Those below an instance's main process that have left its group, as by setsid(2), where no control group holds them: a
 * stop ends them as well. They are found by their parents as long as the main process lives, and are remembered. One whose
 * parents are gone by then is nobody's. A clan that is NULL has nobody in it. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct clan;

/* Remembers in addition those that are there now. main is not reaped. */
void escaped_look(struct clan **escaped, pid_t main, pid_t group);

bool escaped_live(const struct clan *escaped);          /* any of those remembered */
void escaped_signal(const struct clan *escaped, int signal);
void escaped_free(struct clan **escaped);
