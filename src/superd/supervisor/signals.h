/* Handles the signals that superd gets. */
#pragma once

#include "superd/supervisor/supervisor.h"

/* From now on superd handles every signal of os/host/signals, or ignores it. */
void signals_watch(struct supervisor *supervisor);
void signals_start(struct ev_loop *loop, ev_signal *watcher);	/* ev_signal_start, also where the signal is blocked */

/* Reopens the log file and the files of log_type, which may have been renamed. false: the log file itself cannot be
 * opened, which was logged; why gets the reason. */
bool signals_reopen(struct supervisor *supervisor, struct buf *why);

/* As SIGHUP, but without the main command: reopens the log files, and reads the table again. allows_empty: as for
 * config_loader_start. */
void signals_reload(struct supervisor *supervisor, bool allows_empty);
