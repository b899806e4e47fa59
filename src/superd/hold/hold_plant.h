/* Plants into a program what receives its connection. There is one source for each kind of machine. */
#pragma once

#include "superd/hold/hold.h"
#include "superd/hold/hold_trace.h"

/* Has a program at the entry of a system call (HOLD_AT_CALL) wait for its connection, and detaches from it. If it
 * cannot be held: report->obstacle and error. */
void hold_plant(struct hold_trace *trace, const struct hold_work *work, struct hold_report *report);
