/* What signals tell superd to do. */
#pragma once

#include "engine/supervisor.h"

/* From now on every signal of sys/signals is obeyed, or passed over without harm. */
void orders_watch(struct supervisor *supervisor);

/* As by HUP, which a main command is not told of: opens the log's files again, and reads the table again. */
void orders_reload(struct supervisor *supervisor);
