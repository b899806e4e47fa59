/* What signals tell superd to do. */
#pragma once

#include "engine/supervisor/supervisor.h"

/* From now on every signal of os/host/signals is obeyed, or passed over without harm. */
void orders_watch(struct supervisor *supervisor);

/* Opens the files of the log, and those of log_type, again: someone has moved them away. false: the log's own cannot be
 * opened, which is logged, and why is added. */
bool orders_reopen(struct supervisor *supervisor, struct buf *why);

/* As by HUP, which a main command is not told of: opens the log's files again, and reads the table again. */
void orders_reload(struct supervisor *supervisor);
