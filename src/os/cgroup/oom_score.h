/* Whom the kernel is to end when memory runs out: a backend rather than superd, with which all services would go. */
#pragma once

#define OOM_SCORE_TEXT 8

/* What backends get that choose no oom_score_adjust: 100 above superd's own, as systemd gives what a user runs. "": they
 * stay as superd is, as neither is superd process 1 nor has its control group a limit of memory, or there is no /proc. */
void oom_score_above_own(char score[OOM_SCORE_TEXT]);
