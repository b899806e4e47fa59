/* Being told to end while there is something left to report: by a signal, as superd stops what it has started. */
#pragma once

/* From now on such a signal waits. A descriptor that is readable once one has come; -1: this system has none, and the
 * signal ends us at once. */
int sigterm_watch(void);

/* Closes it, accepting -1. Whoever was told to end does so here, by that signal. */
void sigterm_obey(int fd);
