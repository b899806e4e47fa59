/* Descriptors are out, and many services have clients. Whoever was accepted has a descriptor: of many services with one
 * client each none might be left what a start takes. So the first of them that cannot start comes before the others, who
 * leave theirs in the kernel's queue. As instances end, those who have failed try again, each in its turn. */
#pragma once

#include "engine/service/keeper.h"

/* A start, or an accept(2), has failed with this errno: EMFILE and ENFILE are noted. */
void shortage_note(struct keeper *keeper, int error);

/* The same where the reason is not known: descriptors are out where the spare ones are not complete. Behind
 * shortage_note it also takes back what the service itself has let rest since. */
void shortage_look(struct keeper *keeper);

/* It has started. */
void shortage_end(struct keeper *keeper);

/* Whether its clients are to stay in the queue, as those of another service come first. */
bool shortage_comes_after(struct keeper *keeper);

/* An instance that ran has ended. Not for a start that failed, which has given back no more than it took: it would wake
 * itself, and try again without a pause for as long as the shortage lasts. */
void shortage_pass(struct engine *engine);
