/* Which system calls have to do with a program's connection. A call that is not known here has. */
#pragma once

#include <stdbool.h>

#include "worker/record/hold_request.h"
#include "hold/trace.h"

/* The meaning of a system call for a hold. */
struct hold_verdict {
	enum hold_obstacle obstacle;    /* HOLD_NONE: none */
	bool touches;                   /* hold the program at this call */
};

/* Judges the call at whose entry the program is stopped. */
struct hold_verdict hold_judge_call(const struct hold_request *request, const struct hold_call *call);
