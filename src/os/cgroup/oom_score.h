/* The oom_score_adj of backends: when memory runs out, the kernel should kill a backend rather than superd, with which
 * all services would end. */
#pragma once

#include <stdbool.h>

#define OOM_SCORE_TEXT 8

/* The score for backends without oom_score_adjust: 100 above superd's own, as systemd's default for user services. "":
 * backends inherit superd's score, as superd is not PID 1 and its control group has no memory limit, or as there is no
 * /proc. is_first: superd is PID 1, or its guard is. */
void oom_score_above_own(char score[OOM_SCORE_TEXT], bool is_first);
