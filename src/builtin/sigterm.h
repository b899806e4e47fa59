/* Delays SIGTERM and the other signals that end the process, until it has reported its traffic. */
#pragma once

/* Delays the signals. Returns a descriptor that is readable when one has come. -1: they end the process, as before. */
int sigterm_watch(void);

/* Lets them end the process: one that has come does so at once. */
void sigterm_deliver(void);
