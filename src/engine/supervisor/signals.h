/* The signals that superd obeys. */
#pragma once

#include "engine/supervisor/supervisor.h"

/* From now on superd obeys every signal of os/host/signals, or ignores it. */
void signals_watch(struct supervisor *supervisor);

/* Opens the files of the log, and those of log_type, again, as they may have been moved away. false: the log's own file
 * cannot be opened, which was logged; why gets the reason. */
bool signals_reopen(struct supervisor *supervisor, struct buf *why);

/* As SIGHUP, without the main command: opens the log's files again, and reads the table again. */
void signals_reload(struct supervisor *supervisor);
