/* Plants into a program what receives its connection. There is one source for each kind of machine. */
#pragma once

#include "worker/record/hold_request.h"
#include "hold/trace.h"

/* Has a program at the entry of a system call (HOLD_AT_CALL) wait for its connection, and detaches from it. If it
 * cannot be held: report->obstacle and error. */
void hold_plant(struct hold_trace *trace, const struct hold_request *request, struct hold_report *report);
