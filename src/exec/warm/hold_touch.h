/* Which system calls have to do with a program's connection. A call that is not known here has. */
#pragma once

#include <stdbool.h>

#include "exec/warm/hold.h"
#include "exec/warm/hold_trace.h"

/* What a call means for a hold. */
struct hold_verdict {
	enum hold_obstacle obstacle;    /* HOLD_NONE: none */
	bool touches;                   /* the program is to be held at this call */
};

/* Judges the call at whose entry the program stands. */
struct hold_verdict hold_judge_call(const struct hold_work *work, const struct hold_call *call);
