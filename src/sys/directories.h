/* runtime_directory and state_directory: made for a service's user before a start, the runtime ones taken away
 * after its end. Follows systemd.exec(5); a directory in which a listener lies is never removed. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "model/table.h"
#include "sys/plan.h"

/* Makes the folders the table sets above them, too, where they are missing. false with the reason in why. */
bool directories_prepare(const struct service *service, const struct heritage *heritage, struct buf *why);

/* Removes the runtime directories with what is in them, bounded in depth, never across a mount and never through a
 * symlink, nor one in which a listener of the table lies. */
void directories_remove(const struct table *table, const struct service *service, const struct heritage *heritage);
