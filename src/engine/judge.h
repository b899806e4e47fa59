/* What the end of an instance that had the listeners means for its service. */
#pragma once

#include "engine/keeper.h"

/* Just before a start: who waits for it. */
void judge_note_queue(struct keeper *keeper);

unsigned judge_count_queue(const struct keeper *keeper);        /* who waits now */

/* EXITED or CRASHED, and then the reason of the pause is set; why: of a start that failed, "" otherwise. */
enum happening judge_end(struct keeper *keeper, const struct ending *ending, const char *why);

/* restart: the seconds until a service is started again by itself, whose instance has ended. They grow where it ends well
 * again and again, at once, and nobody was waiting for it. */
double judge_restart(struct keeper *keeper, const struct ending *ending);
