/* Delays the signals that end the process, so that a redirect can report its traffic first. */
#pragma once

/* Blocks them. Returns a signalfd(2) that is readable once one is pending; the caller closes it with sigterm_obey.
 * -1: not available; the signals then end the process at once. */
int sigterm_watch(void);

/* Closes the descriptor and unblocks the signals: a pending one ends the process here. Accepts -1. */
void sigterm_obey(int fd);
