/* The time that a woken backend stays awake: one that is frozen and woken again and again stays awake for longer and
 * longer, until it sleeps through. */
#pragma once

#include "engine/service/keeper.h"

void frost_pace_note(struct activity *activity, double slept);  /* seconds; it has just been woken */
double frost_pace_rested(const struct activity *activity);      /* from when on it may be frozen again, loop time; 0: at any time */
