/* hosts.allow and hosts.deny (hosts_access(5)), by libwrap. */
#pragma once

#include <stdbool.h>

/* Whether the peer of fd may use this daemon. false too when that can't be found out, and without libwrap. Where the
 * rules say twist it doesn't return: hand_over is called, and this process becomes that program and speaks with the
 * client. */
bool libwrap_allows(const char *daemon, int fd, void (*hand_over)(void));

/* Whether a rule may have libwrap start a program. */
bool libwrap_runs_commands(void);
